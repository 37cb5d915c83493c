"""The control endpoint outside `/api/v1`: change the account, read the ledger, queue replies."""

from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from chit.sandbox.box import BOX, Box
from chit.sandbox.lookups import send_json
from chit.sandbox.reply import Reply


async def show_account(request: web.Request) -> web.StreamResponse:
    """`GET /sandbox/account`."""
    return _guarded(request, lambda box, _: box.account.as_dict())


async def change_account(request: web.Request) -> web.StreamResponse:
    """`PATCH /sandbox/account`: members by name; `keys` by their full text."""
    return _guarded(request, _change, await request.read())


async def show_ledger(request: web.Request) -> web.StreamResponse:
    """`GET /sandbox/ledger`: what was received, generated and billed; never a key."""
    return _guarded(request, lambda box, _: box.ledger.as_dict())


async def reset(request: web.Request) -> web.StreamResponse:
    """`POST /sandbox/reset`: a fresh account, an empty ledger, no queued replies, no open sign-ins."""
    return _guarded(request, _reset)


async def queue_replies(request: web.Request) -> web.StreamResponse:
    """`POST /sandbox/next`: one reply or a list of them for the next completions."""
    return _guarded(request, _queue, await request.read())


def _guarded(request: web.Request, act: Callable[[Box, bytes], Any], raw: bytes = b"") -> web.Response:
    """Run one act; web pages (which send `Origin`) may not, mistakes are answered 400."""
    if "Origin" in request.headers:
        return send_json(
            {"error": {"message": "The control endpoint is for programs, not for pages", "code": 403}}, 403
        )
    try:
        return send_json(act(request.app[BOX], raw))
    except (ValueError, TypeError, AttributeError) as mistake:
        return send_json({"error": {"message": str(mistake), "code": 400}}, 400)


def _change(box: Box, raw: bytes) -> Any:
    box.account.change(orjson.loads(raw))
    return box.account.as_dict()


def _reset(box: Box, _: bytes) -> Any:
    box.reset()
    return {"reset": True}


def _queue(box: Box, raw: bytes) -> Any:
    value = orjson.loads(raw)
    replies = [Reply.from_dict(entry) for entry in (value if isinstance(value, list) else [value])]
    box.replies.extend(replies)
    return {"queued": len(box.replies)}
