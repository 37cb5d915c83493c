"""The records that free look-ups answer with: read to a limit, and told from what is none."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from chit.core.fault import Fault, read_fault
from chit.core.jsontext import JsonInvalid, decode_object

MAX_RECORD_BYTES = 64 * 1024 * 1024


async def read_capped(response: aiohttp.ClientResponse) -> bytes:
    """The body, as far as any record goes."""
    pieces: list[bytes] = []
    received = 0
    while received <= MAX_RECORD_BYTES and (data := await response.content.readany()):
        pieces.append(data)
        received += len(data)
    return b"".join(pieces)


def decode_record(path: str, status: int, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | Fault:
    """The JSON object, or what went wrong."""
    if status not in (200, 201):
        return read_fault(phase="replied", status=status, headers=headers, body=body)
    try:
        record = decode_object(body)
    except JsonInvalid:
        return unexpected(path, body.decode("utf-8", "replace"))
    if record.get("error") is not None:
        return read_fault(phase="replied", status=status, headers=headers, body=body)
    return record


def unexpected(path: str, raw: str | None = None) -> Fault:
    """For an answer that is no record."""
    text = f"the answer to {path.partition('?')[0]} is not the record it should be"
    return Fault(phase="replied", cause="garbled", status=200, text=text, raw=raw)


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in small letters."""
    return {name.lower(): value for name, value in headers.items()}
