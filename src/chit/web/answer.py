"""What a handler answers to a page's script: JSON."""

from aiohttp import web

from chit.core.jsontext import encode_json


def answer_json(value: object, status: int = 200) -> web.Response:
    """`value` as the body."""
    return web.Response(status=status, body=encode_json(value), content_type="application/json", charset="utf-8")
