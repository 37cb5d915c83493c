"""Ends of generations that could not be saved when they came, on a full disk say: saved once that is possible again.

Otherwise a reply would seem to be written until the next start, and what it cost would not be looked up (promise G9).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from chit.core.generation import Generation
from chit.core.messages import Message
from chit.errors import StoreError
from chit.notices import GenerationEnded, Notices
from chit.store.protocol import Store

FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0
"""Between two tries; each wait is twice the last one."""


class LateEnds:
    """The ledger of what runs: it passes everything on, and keeps the ends that fail."""

    def __init__(self, store: Store, notices: Notices) -> None:
        """An end that was late is told once more when it is saved: only now its cost can be looked up."""
        self._store = store
        self._notices = notices
        self._late: list[tuple[Generation, Message, float, str | None]] = []
        self._trying: asyncio.Task[None] | None = None

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """See `Store.record_start`."""
        await self._store.record_start(generation, generation_id)

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """See `Store.append_received`."""
        self._store.append_received(generation, data, done)

    async def record_end(
        self, generation: Generation, message: Message, *, now: float, prefix: str | None = None
    ) -> None:
        """See `Store.record_end`. What it raises is raised, and the end is tried again."""
        try:
            await self._store.record_end(generation, message, now=now, prefix=prefix)
        except StoreError:
            self._late.append((generation, message, now, prefix))
            if self._trying is None or self._trying.done():
                self._trying = asyncio.create_task(self._try_again(), name="late ends")
            raise

    async def close(self) -> None:
        """One last try; what fails then is adopted at the next start."""
        if self._trying is not None:
            self._trying.cancel()
            with suppress(asyncio.CancelledError):
                await self._trying
            await self._save()

    async def _try_again(self) -> None:
        seconds = FIRST_SECONDS
        while self._late:
            await asyncio.sleep(seconds)
            seconds = min(2 * seconds, MOST_SECONDS)
            await self._save()

    async def _save(self) -> None:
        while self._late:
            generation, message, now, prefix = self._late[0]
            try:
                await self._store.record_end(generation, message, now=now, prefix=prefix)
            except StoreError:
                return
            self._late.pop(0)
            self._notices.publish(GenerationEnded(message.id, generation.generation_id))
