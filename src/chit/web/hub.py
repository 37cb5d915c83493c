"""What pages are told as it happens: numbered events, kept for a while, so that a page that comes back misses none.

Everything here belongs to one person, so every page reads the same events and picks those of what it shows.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from chit.core.jsontext import encode_json

MOST_EVENTS = 5_000
MOST_BYTES = 16 * 1024 * 1024
"""Of the events that are kept. A page that was away for longer loads what it shows anew."""


class Hub:
    """Events are JSON lines, encoded once for all pages."""

    def __init__(self, *, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self.epoch = secrets.token_hex(8)
        """Of this hub: numbers of another one mean nothing here."""
        self.seq = 0
        """The number of the last event; 0 before the first."""
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._waiters: list[asyncio.Future[None]] = []
        self._closed = False

    def publish(self, type: str, **members: Any) -> None:
        """Tell every page, now and within the memory."""
        self.seq += 1
        line = encode_json({"type": type, "seq": self.seq, **members}) + b"\n"
        self._lines.append(line)
        self._bytes += len(line)
        while len(self._lines) > self._most_events or (self._bytes > self._most_bytes and len(self._lines) > 1):
            self._bytes -= len(self._lines.popleft())
        self._wake()

    def close(self) -> None:
        """Readers come to their end."""
        self._closed = True
        self._wake()

    async def read(self, epoch: str, since: int) -> AsyncGenerator[bytes]:
        """Lines after number `since`, past ones first, several at a time.

        Where they are no longer known, or `epoch` is another hub's, a `reset` comes first: the page is to load what it
        shows anew, and goes on from there.
        """
        position = since
        if epoch != self.epoch or not self._knows(position):
            position = self.seq
            yield self._encode_reset()
        while not self._closed:
            if not self._knows(position):  # this reader was too slow
                position = self.seq
                yield self._encode_reset()
            if fresh := self.seq - position:
                position = self.seq
                yield b"".join(self._lines[index] for index in range(len(self._lines) - fresh, len(self._lines)))
                continue
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _knows(self, position: int) -> bool:
        """Whether all that follows `position` is still here."""
        return self.seq - len(self._lines) <= position <= self.seq

    def _encode_reset(self) -> bytes:
        return encode_json({"type": "reset", "seq": self.seq, "epoch": self.epoch}) + b"\n"

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
