"""A reply as it comes in, for whoever looks, as often and as late as they like."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Generic, TypeVar

from chit.core.events import TextAdded
from chit.library.desk import Desk
from chit.library.exchange import Exchange
from chit.library.message import Message
from chit.library.question import Question
from chit.library.tool_events import ReplyEvent

M = TypeVar("M", bound=Message)


class Reply(Generic[M]):
    """Begins at once, and goes on whether or not anybody looks, until its end, `stop` or the end of the app.

    `async for` gives its events from the first one on, however late it begins; `texts` only what the model says, as it
    says it. `await` gives the message. All three raise what went wrong.
    """

    def __init__(self, desk: Desk, question: Question, finish: Callable[[Message], M]) -> None:
        """`finish` makes of the last message what was asked for. Raises as `Exchange`."""
        self._desk = desk
        self._finish = finish
        self._exchange = Exchange(desk, question, self._tell)
        self._log: list[ReplyEvent] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._task = asyncio.create_task(self._run(), name="reply")
        self._task.add_done_callback(self._end)
        desk.begin(self)

    def __await__(self) -> Generator[Any, None, M]:
        return asyncio.shield(self._task).__await__()

    async def __aiter__(self) -> AsyncIterator[ReplyEvent]:
        position = 0
        while True:
            while position < len(self._log):
                yield self._log[position]
                position += 1
            if self._task.done():
                break
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        await self

    async def texts(self) -> AsyncIterator[str]:
        """What the model says, in pieces: for `print(text, end="", flush=True)`."""
        async for event in self:
            if isinstance(event, TextAdded):
                yield event.text

    async def stop(self) -> Message:
        """End it at once: what came is kept, and is the message that is given. Raises where nothing was sent."""
        self._exchange.stop()
        await asyncio.wait([self._task])
        if self._exchange.last is None:
            await self
        assert self._exchange.last is not None  # noqa: S101 - or that raised
        return self._exchange.last

    async def _run(self) -> M:
        return self._finish(await self._exchange.run())

    def _tell(self, event: ReplyEvent) -> None:
        self._log.append(event)
        self._wake()

    def _end(self, task: "asyncio.Task[M]") -> None:
        if not task.cancelled():
            task.exception()  # it is told to whoever awaits it; nobody has to
        self._desk.end(self)
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
