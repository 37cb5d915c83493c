"""A reply that a mishap happens to: it counts the bytes of its body and, at the right one, misbehaves."""

import asyncio
import zlib
from random import Random

from aiohttp import web

from chit.sandbox.chunks import COMMENT
from chit.sandbox.mishaps import Kind, Mishap
from chit.sandbox.wire_breaks import hang_up

_AT_A_BYTE = frozenset[Kind]({"reset", "cut", "half", "garbage", "stall", "comments", "flood", "bomb"})
_GIBIBYTE = 1024**3
_LINE = b"data: " + b"x" * 256 * 1024


class Weir(web.StreamResponse):
    """Everything passes until `mishap.at` bytes have; raises `ConnectionResetError` once the connection is gone."""

    def __init__(self, request: web.Request, mishap: Mishap | None, headers: dict[str, str]) -> None:
        if mishap is not None and mishap.kind == "bomb":
            headers = headers | {"Content-Encoding": "gzip"}
        super().__init__(headers=headers)
        self._request = request
        self._mishap = mishap if mishap is not None and mishap.kind in _AT_A_BYTE else None
        self._passed = 0
        self.broken = False
        """Whether the mishap ended it."""

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """`data`, or what the mishap leaves of it."""
        mishap, before = self._mishap, self._passed
        self._passed += len(data)
        if mishap is None or self._passed <= mishap.at:
            await super().write(data)
            return
        self._mishap = None
        data = bytes(data)
        at = max(0, mishap.at - before)
        if mishap.kind == "garbage":
            noise = Random(mishap.chance).randbytes(64)  # noqa: S311 - repeats, guards nothing
            await super().write(data[:at] + noise + data[at:])
            return
        await super().write(data[: _find_half(data, at) if mishap.kind == "half" else at])
        await self._misbehave(mishap)
        self.broken = True
        hang_up(self._request, reset=mishap.kind in ("reset", "stall"))
        raise ConnectionResetError("broken off, as the schedule has it")

    async def _misbehave(self, mishap: Mishap) -> None:
        if mishap.kind == "stall":
            await asyncio.sleep(mishap.seconds)
        elif mishap.kind == "comments":
            while True:
                await super().write(COMMENT)
                await asyncio.sleep(mishap.seconds)
        elif mishap.kind in ("flood", "bomb"):
            pieces = _pack() if mishap.kind == "bomb" else (_LINE, _LINE)
            await super().write(pieces[0])
            for _ in range(_GIBIBYTE // len(_LINE)):
                await super().write(pieces[1])
                await asyncio.sleep(0)


def _pack() -> tuple[bytes, bytes]:
    """The line as the beginning of a gzip file, and as what can follow it any number of times."""
    packer = zlib.compressobj(wbits=31)
    first, next_ = (packer.compress(_LINE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first, next_


def _find_half(data: bytes, at: int) -> int:
    """A place from `at` on that is inside a character; `at` where there is none."""
    return next((place + 1 for place in range(at, len(data) - 1) if data[place] >= 0xC0), at)
