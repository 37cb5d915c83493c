"""A question and all that follows from it: a reply, or replies with tools between them, until there is nothing to run.

Everything is in the history: the question, each call of a tool in the reply that asks for it, each result, each reply.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from chit.core.messages import Message as AnyMessage
from chit.core.messages import ToolCallPart, ToolResultPart
from chit.core.open_calls import list_calls
from chit.core.usage import show_cost, sum_costs
from chit.errors import InputError, LimitReached
from chit.library.desk import Desk
from chit.library.message import Message, get_message
from chit.library.question import Question
from chit.library.sending import Sent, send_question, send_results
from chit.library.tool_events import ReplyEvent
from chit.library.tool_work import ToolWork
from chit.store.ids import new_id


class Exchange:
    """One question under way: `run` once; `stop` at any time."""

    def __init__(self, desk: Desk, question: Question, tell: Callable[[ReplyEvent], None]) -> None:
        """`tell` hears every event. Raises `TypeError` and `InputError` for a question that cannot be asked."""
        self.last: Message | None = None
        """The last reply so far, however it ended."""
        self._desk = desk
        self._question = question
        self._tell = tell
        self._tools = question.make_tools()
        self._limit = question.read_limit()
        self._sent: Sent | None = None
        self._work: asyncio.Task[None] | None = None
        self._steps: list[Message] = []
        self._is_stopped = False
        if question.max_steps < 1:
            raise InputError("a question takes at least one step", hint="Give max_steps as 1 or more.")

    async def run(self) -> Message:
        """The last reply. Raises what went wrong."""
        self._sent = await send_question(self._desk, self._question, self._tools)
        while True:
            message = await self._follow(self._sent)
            calls = list_calls(message) if self._tools else []
            if not calls or (results := await self._answer(message, calls)) is None:
                return message
            self._sent = await send_results(self._desk, self._sent, message, results)

    def stop(self) -> None:
        """Close what comes in and end what runs; `run` returns as soon as that is kept."""
        self._is_stopped = True
        if self._sent is not None:
            self._sent.running.break_off()
        if self._work is not None:
            self._work.cancel()

    async def _follow(self, sent: Sent) -> Message:
        """One reply to its end. Raises what went wrong with it."""
        running = sent.running
        if self._is_stopped:  # while it was being sent
            running.break_off()
        async for _, event in running.watch():
            self._tell(event)
        ended = await running.wait()
        self.last = await get_message(self._desk, ended.id)
        self._steps.append(self.last)
        if running.error is not None:
            running.error.message_id = ended.id
            raise running.error
        return self.last

    async def _answer(self, message: Message, calls: Sequence[ToolCallPart]) -> list[ToolResultPart] | None:
        """What the tools gave; None once stopped. Raises `LimitReached`.

        Calls are never left without a result: whoever goes on in that conversation is told what became of them.
        """
        reason = None if self._is_stopped else self._find_limit()
        if reason is not None:
            await self._leave(message, [ToolResultPart(call.id, f"Not run: {reason}.") for call in calls])
            error = LimitReached(
                f"{reason}, and the model asks for more", hint="Raise max_steps or max_cost, or ask for less."
            )
            error.message_id = message.id
            raise error
        work = ToolWork(calls, self._tools, tell=self._tell, scrub=self._desk.keys.scrub)
        if not self._is_stopped:
            await self._run(work)
        if self._is_stopped:
            await self._leave(message, work.list_results())
            return None
        return work.list_results()

    async def _run(self, work: ToolWork) -> None:
        """To its end, or until it is stopped."""
        self._work = asyncio.ensure_future(work.run())
        try:
            await asyncio.wait([self._work])
        finally:
            self._work.cancel()
        if not self._work.cancelled():
            self._work.result()

    def _find_limit(self) -> str | None:
        """Which one is reached, if one is. A cost that nobody told may be beyond any limit."""
        if len(self._steps) >= self._question.max_steps:
            return f"the limit of {self._question.max_steps} steps is reached"
        if self._limit is None:
            return None
        costs = [step.cost for step in self._steps]
        known = sum_costs(cost for cost in costs if cost is not None)
        if None in costs:
            return f"nobody told what a step cost, so that the limit of {show_cost(self._limit)} may be reached"
        return f"the limit of {show_cost(self._limit)} is reached" if known >= self._limit else None

    async def _leave(self, reply: AnyMessage, results: Sequence[ToolResultPart]) -> None:
        """Keep the results without sending them."""
        parent, kept = reply.id, []
        for result in results:
            kept.append(
                AnyMessage(
                    id=new_id(),
                    conversation_id=reply.conversation_id,
                    parent_id=parent,
                    source="client",
                    parts=(result,),
                    created_at=time.time(),
                )
            )
            parent = kept[-1].id
        await self._desk.store.record_messages(kept)
