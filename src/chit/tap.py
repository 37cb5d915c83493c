"""Where one caller draws a reply's bytes, as they were received, each once it is committed.

A caller who draws slowly makes the upstream wait: what is not drawn yet is bounded.
"""

import asyncio
from collections.abc import Mapping

MOST_WAITING = 256 * 1024
"""Bytes that may wait to be drawn; beyond this nothing is read from upstream."""


class Tap:
    """One side opens, gives and ends; the other waits for the opening and draws, or turns away."""

    def __init__(self) -> None:
        self.status = 0
        """HTTP's, once it is open."""
        self.headers: Mapping[str, str] = {}
        """Lower-case names."""
        self.is_open = False
        """Whether the reply is a stream and has begun; one that is given whole never opens."""
        self.is_whole = False
        """Whether the end was a clean one."""
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._over = False
        self._left = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    # --- giving ----------------------------------------------------------------------------------------------------

    def open(self, status: int, headers: Mapping[str, str]) -> None:
        """A stream begins."""
        self.status, self.headers, self.is_open = status, headers, True
        self._news.set()

    def give(self, data: bytes) -> None:
        """More of it; dropped where nobody draws any more."""
        if data and not self._left:
            self._pieces.append(data)
            self._waiting += len(data)
            self._news.set()

    async def room(self) -> None:
        """Return once the caller has drawn enough, or has left."""
        while self._waiting > MOST_WAITING and not self._left:
            self._room.clear()
            await self._room.wait()

    def end(self, *, is_whole: bool) -> None:
        """Nothing more comes."""
        self.is_whole = is_whole
        self._over = True
        self._news.set()

    # --- drawing ---------------------------------------------------------------------------------------------------

    async def opened(self) -> bool:
        """Whether there is something to draw; False once it has ended without ever opening."""
        while not self.is_open and not self._over:
            await self._wait()
        return self.is_open

    async def draw(self) -> bytes:
        """What came since the last time, as soon as there is something; empty at the end."""
        while not self._pieces and not self._over:
            await self._wait()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        self._room.set()
        return data

    def leave(self) -> None:
        """Nobody will draw any more."""
        self._left = True
        self._pieces.clear()
        self._waiting = 0
        self._room.set()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()
