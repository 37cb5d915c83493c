"""Reading what was sent: never more than there is room for, and never for longer than anybody needs."""

import asyncio
import json
from typing import Any

from aiohttp import StreamReader, web

from chit.core.jsontext import decode_object
from chit.web.refusal import Refused

BODY_SECONDS = 10.0


async def read_object(request: web.BaseRequest, *, most: int, within: float = BODY_SECONDS) -> dict[str, Any]:
    """The JSON object in the body, of at most `most` bytes. Raises `Refused`."""
    try:
        async with asyncio.timeout(within):
            data = await read_at_most(request.content, most)
    except TimeoutError:
        raise Refused(408, "This took too long.", Connection="close") from None
    if data is None:
        raise Refused(413, f"At most {most} bytes belong here.", Connection="close")
    try:
        value = decode_object(data)
        _check(data, value)
    except ValueError:
        raise Refused(400, "This is not a JSON object.") from None
    return value


async def read_at_most(content: StreamReader, most: int) -> bytes | None:
    """Everything; None if it is more than `most` bytes."""
    data = b""
    while piece := await content.readany():
        data += piece
        if len(data) > most:
            return None
    return data


def _check(data: bytes, value: dict[str, Any]) -> None:
    """Stricter than with what a provider sends: nothing that two readers could read differently (attack case 30).

    Raises `ValueError` for a member that occurs twice, half a surrogate pair, a number without an end, and what is not
    UTF-8.
    """
    json.loads(data, object_pairs_hook=_take_once)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _take_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    taken = dict(members)
    if len(taken) != len(members):
        raise ValueError("a member occurs twice")
    return taken
