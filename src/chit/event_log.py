"""Events with sequence numbers, and whoever watches them."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from chit.core.events import Event


class EventLog:
    """Of one generation, from its first event to its last."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._over = False

    async def watch(self, since: int) -> AsyncIterator[tuple[int, Event]]:
        """Every event from sequence number `since` on, past ones first, to the last one."""
        position = since
        while True:
            while position < len(self._events):
                yield position, self._events[position]
                position += 1
            if self._over:
                return
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def publish(self, events: Sequence[Event], *, is_last: bool = False) -> None:
        """Tell whoever watches, now and later."""
        self._events += events
        self._over = self._over or is_last
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
