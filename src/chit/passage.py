"""The way of received bytes through the store: what they show gets out once they are committed, and not before."""

import asyncio
from collections.abc import Callable, Sequence

from chit.core.events import Event
from chit.errors import StoreError

MAX_UNCOMMITTED_BYTES = 4 * 1024 * 1024
"""Beyond this the upstream waits for the disk."""

Append = Callable[[bytes, Callable[[StoreError | None], None]], None]
Publish = Callable[[Sequence[Event], bytes], None]


class Passage:
    """Of one reply. One batch commits at a time; what comes meanwhile is the next one."""

    def __init__(self, append: Append, publish: Publish) -> None:
        """`append` queues bytes for the store; `publish` gets a batch's events and its bytes as they are to be seen."""
        self.error: StoreError | None = None
        """Why the store failed; nothing gets out after that."""
        self._append = append
        self._publish = publish
        self._batch: list[bytes] = []
        self._seen: list[bytes] = []
        self._events: list[Event] = []
        self._committing = False
        self._uncommitted = 0
        self._room = asyncio.Event()

    async def put(self, data: bytes, events: Sequence[Event], seen: bytes | None = None) -> None:
        """Queue `data`, with what it shows: `events`, and `seen` where that is not `data` itself."""
        if not data:
            return
        self._batch.append(data)
        self._seen.append(data if seen is None else seen)
        self._events += events
        self._uncommitted += len(data)
        if not self._committing:
            self._commit()
        while self._uncommitted > MAX_UNCOMMITTED_BYTES:
            await self._wait()

    async def drain(self) -> None:
        """Return once nothing is under way any more."""
        while self._committing:
            await self._wait()

    def close(self) -> bytes:
        """As they are to be seen, the bytes that did not begin to be committed: whatever is written next holds them."""
        rest = b"".join(self._seen)
        self._batch, self._seen, self._events = [], [], []
        return rest

    def _commit(self) -> None:
        data, events = b"".join(self._batch), self._events
        seen = data if self._seen == self._batch else b"".join(self._seen)
        self._batch, self._seen, self._events = [], [], []

        def committed(error: StoreError | None) -> None:
            self._committing = False
            self._uncommitted -= len(data)
            if error is not None:
                self.error = self.error or error
                self._uncommitted = 0
            elif self.error is None:
                self._publish(events, seen)
            if self._batch and self.error is None:
                self._commit()
            self._room.set()

        self._committing = True
        self._append(data, committed)

    async def _wait(self) -> None:
        self._room.clear()
        await self._room.wait()
