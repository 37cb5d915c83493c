"""Searches run beside the event loop, one after the other, each with a limit to its time.

A search that is no longer wanted is interrupted, so that the next one need not wait: people type on. Within one step of
the index SQLite cannot be interrupted; then whoever waits gets an answer all the same, and the step ends on its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import apsw

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_STEPS = 2_000
"""SQLite's own, between two looks at the clock."""
_GRACE = 0.25
"""Seconds that an interrupted search has to say what it found."""
_CACHE_KIB = 32 * 1024

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Limit:
    """When a search ends, come what may."""

    deadline: float
    is_unwanted: bool = False

    def is_over(self) -> bool:
        """For SQLite's progress handler: true interrupts."""
        return self.is_unwanted or time.monotonic() >= self.deadline


class Searcher:
    """A thread with a connection of its own, both from the first search on."""

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        self._connect = connect
        self._connection: apsw.Connection | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._limits: set[_Limit] = set()

    async def run(self, work: Callable[[apsw.Connection], T], seconds: float) -> T | None:
        """What `work` returns, which is told by `InterruptError` that its time is over; None if it did not return.

        Waiting for searches before it counts. Raises what `work` raises.
        """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "chit-search")
        limit = _Limit(time.monotonic() + seconds)
        self._limits.add(limit)
        future = asyncio.wrap_future(self._executor.submit(self._work, work, limit))
        try:
            done, _ = await asyncio.wait([future], timeout=seconds + _GRACE)
            return future.result() if done else None
        finally:
            limit.is_unwanted = True
            future.cancel()

    async def close(self) -> None:
        """End the thread and close its connection. Idempotent."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        import asyncio

        for limit in self._limits:
            limit.is_unwanted = True
        await asyncio.to_thread(executor.shutdown, cancel_futures=True)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _work(self, work: Callable[[apsw.Connection], T], limit: _Limit) -> T | None:
        try:
            if limit.is_over():
                return None
            if self._connection is None:
                connection = self._connect()
                connection.pragma("query_only", True)
                connection.pragma("cache_size", -_CACHE_KIB)
                self._connection = connection
            self._connection.set_progress_handler(limit.is_over, _STEPS)
            return work(self._connection)
        finally:
            self._limits.discard(limit)
            self._limits.discard(limit)
