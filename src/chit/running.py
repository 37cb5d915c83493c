"""One running generation: its task, its events with sequence numbers, and whoever watches.

Nothing is shown before it is committed. The order of what goes to the store is the order of what is shown: the id with
its settlement job first, then each batch of received bytes, then the end. A watcher that goes away stops nothing.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

from chit.core.answer import Answer, apply_answer, identify_fault, refuse, scrub_answer
from chit.core.dialect import CHAT, Dialect, ReplyStream
from chit.core.events import Delta, Ended, Event, Retrying, Started
from chit.core.fault import Fault
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.received import ReceivedLines
from chit.core.remedy import add_to_events
from chit.core.retry import Wait, decide_retry
from chit.core.timing import Timing
from chit.errors import ChitError, StoreError
from chit.event_log import EventLog
from chit.openrouter.reply import Reply
from chit.passage import Passage
from chit.store.ledger import Ledger
from chit.tap import Tap

LAST_SECONDS = 5.0
"""How long a stream that has said that it is over may take to end, where it is passed on to the last byte."""

Send = Callable[[], Awaitable[Reply | Fault]]
Retry = Callable[[Fault, int], Wait | None]
Explain = Callable[[Fault], ChitError]
Advise = Callable[[Fault, ChitError], Awaitable[ChitError]]


class Running:
    """`begin` it, or `run` it in a task that is there; `watch` its events, `wait` for its end, or `stop` it."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        send: Send,
        generation: Generation,
        message: Message,
        scrub: Callable[[str], str],
        explain: Explain,
        advise: Advise,
        on_end: Callable[["Running"], None] = lambda _: None,
        dialect: Dialect = CHAT,
        retry: Retry | None = None,
        tap: Tap | None = None,
    ) -> None:
        """`generation` is recorded already, in state `sent`; `send` posts its request once.

        `scrub` takes keys out of what a reply says of its failure, before that is stored or shown. `explain` makes of
        that what a person is told; `advise`, which may take its time and which `stop` cuts short, adds what has to be
        looked up. `retry` decides when to send again, else the retry table. A `tap` gets the bytes of a
        stream, to its very end; then its events are told to nobody.
        """
        self.generation = generation
        self.message = message
        """The actor message; its parts are complete once the generation has ended."""
        self.error: ChitError | None = None
        """What went wrong, once it has ended."""
        self.fault: Fault | None = None  # the facts of that, where it went wrong upstream
        self.reply: Reply | None = None  # what upstream answered, where it was not refused
        self.body: bytes | None = None  # of a reply that was no stream, what came of it
        self._ledger = ledger
        self._send = send
        self._scrub = scrub
        self._explain = explain
        self._advise = advise
        self._advising: asyncio.Future[ChitError] | None = None
        self._dialect = dialect
        self._retry = retry or decide_retry
        self._tap = tap
        self._lines = ReceivedLines(scrub)
        self._on_end = on_end
        self._events = EventLog()
        self._rest: list[Delta] = []
        self._begun = self._stopping = self._ending = False
        self._has_failed = self._has_clean_end = False
        self._refused: Fault | None = None
        self._timing = Timing(started_at=time.monotonic())
        self._passage = Passage(lambda data, done: ledger.append_received(self.generation, data, done), self._pass_on)
        self._task: asyncio.Task[Any] | None = None

    def begin(self) -> Self:
        """At once, in a task of its own."""
        self._task = asyncio.create_task(self._run(), name=f"generation {self.generation.id}")
        return self

    async def run(self) -> None:
        """From beginning to end in the caller's task, which nobody but `stop` may cancel. Raises nothing but bugs."""
        task = self._task = asyncio.current_task()
        await self._run()
        if self._stopping and task is not None:  # else what comes after it would still count as cancelled
            task.uncancel()

    def watch(self, since: int = 0) -> AsyncIterator[tuple[int, Event]]:
        """Every event from sequence number `since` on, past ones first; ends after `Ended`."""
        return self._events.watch(since)

    async def wait(self) -> Message:
        """The message once everything is committed. What went wrong is in `error`, not raised."""
        assert self._task is not None  # noqa: S101 - it has begun
        await asyncio.shield(self._task)
        return self.message

    async def stop(self) -> Message:
        """Close the upstream at once, keep what came, and wait until that is committed."""
        self.break_off()
        return await self.wait()

    def break_off(self) -> None:
        """As `stop`, without waiting."""
        if self._advising is not None:
            self._advising.cancel()
        if self._task is not None and self._begun and not self._stopping and not self._ending:
            self._task.cancel()
        self._stopping = True

    async def _run(self) -> None:
        stream = self._dialect.open_stream()
        bug: Exception | None = None
        try:
            if self._stopping:  # before its first step, when a cancelled task would never run at all
                raise asyncio.CancelledError
            self._begun = True
            answer = await self._exchange(stream)
        except asyncio.CancelledError:
            self._rest += stream.close()
            answer = self._judge_stopped(stream)
        except StoreError as error:
            answer = stream.judge(None)
            self._passage.error = error
        except ChitError as error:
            answer = Answer(state="failed")
            self.error = error
        except Exception as error:
            answer = stream.judge(None)
            bug = error
        finally:
            self._ending = True
            if self.reply is not None:
                self.reply.close()
        await self._end(answer)
        if bug is not None:
            raise bug

    async def _exchange(self, stream: ReplyStream) -> Answer:
        outcome = await self._open()
        if isinstance(outcome, Fault):
            return refuse(outcome)
        self.reply = outcome
        if outcome.is_stream:
            return await self._read_stream(outcome, stream)
        self.generation = replace(self.generation, generation_id=outcome.generation_id)
        self.body = await outcome.read_all()
        return self._dialect.judge_body(self.body, outcome.fault)

    async def _open(self) -> Reply | Fault:
        """Send, and send again where that is allowed."""
        retries = 0
        while True:
            self._refused = None
            outcome = await self._send()
            if isinstance(outcome, Reply) or (wait := self._retry(outcome, retries)) is None:
                return outcome
            delay = wait.seconds + random.uniform(0, wait.jitter)  # noqa: S311 - spreads load, guards nothing
            retries += 1
            self._refused = outcome
            self._events.publish([Retrying(retries, delay, self._explain(outcome))])
            await asyncio.sleep(delay)

    async def _read_stream(self, reply: Reply, stream: ReplyStream) -> Answer:
        if reply.generation_id is not None:
            await self._record_start(reply.generation_id)
        if self._tap is not None:
            self._tap.open(reply.status, reply.headers)
        while not stream.over and self._passage.error is None and (data := await reply.read()):
            await self._take(data, stream)
        while self._tap is not None and self._passage.error is None and (data := await self._read_last(reply, stream)):
            await self._take(data, stream)
        self._rest += stream.close()
        await self._passage.put(*self._show(self._lines.take_rest(), stream))
        self._has_clean_end = stream.fault is None and (stream.over or reply.fault is None)
        return stream.judge(stream.fault or reply.fault)

    async def _read_last(self, reply: Reply, stream: ReplyStream) -> bytes:
        """What follows the word that it is over; empty if it takes too long to end."""
        if stream.fault is not None:
            return b""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                return await reply.read()
        return b""

    async def _take(self, data: bytes, stream: ReplyStream) -> None:
        deltas = stream.feed(data)
        if deltas:
            self._timing.note(deltas, time.monotonic())
        if self.generation.generation_id is None and stream.generation_id is not None:
            await self._record_start(stream.generation_id)
        lines = self._lines.take(data, completed=bool(deltas), failed=stream.failed)
        if self._tap is None:
            await self._passage.put(lines, deltas)
        else:
            await self._passage.put(*self._show(lines, stream))
            await self._tap.room()

    def _show(self, lines: bytes, stream: ReplyStream) -> tuple[bytes, Sequence[Event], bytes]:
        """What is stored, and what a caller sees of it: the first error with what to do about it."""
        if not stream.failed or self._has_failed or self._tap is None:
            return lines, (), lines
        fault = stream.judge(None).fault
        self._has_failed = fault is not None
        return lines, (), lines if fault is None else add_to_events(lines, self._explain(fault))

    async def _record_start(self, generation_id: str) -> None:
        self.generation = replace(self.generation, generation_id=generation_id, state="streaming")
        await self._ledger.record_start(self.generation, generation_id)
        self._events.publish([Started(generation_id)])

    def _pass_on(self, events: Sequence[Event], seen: bytes) -> None:
        """What has just been committed."""
        if self._tap is not None:
            self._tap.give(seen)
        elif events:
            self._events.publish(events)

    def _judge_stopped(self, stream: ReplyStream) -> Answer:
        """Stopped by the person; between two attempts, what stands is the refusal of the last one."""
        if self._refused is not None:
            return refuse(self._refused)
        return stream.judge(None, stopped=True)

    async def _end(self, answer: Answer) -> None:
        """Commit the end. Whatever goes wrong here, whoever watches sees an end."""
        now = time.monotonic()
        ended, message, last = None, self.message, b""
        try:
            if self._tap is None:
                await self._passage.drain()
            last = self._passage.close()  # the end holds it, and comes after everything that is on its way
            answer = identify_fault(scrub_answer(answer, self._scrub), self.generation)
            self.fault = answer.fault
            if answer.fault is not None:
                self.error = await self._tell(answer.fault)
            if self._passage.error is not None:
                self.error = self._passage.error
                answer = replace(answer, state="cut")
            ended = apply_answer(self.generation, answer, self.error, **self._timing.measure(now))
            message = replace(self.message, parts=answer.parts)
            await self._ledger.record_end(ended, message, now=time.time())
        except StoreError as error:
            self._passage.error = error
        finally:
            self.generation = ended or replace(self.generation, state="unknown")
            self.message = message
            self.error = self.error or self._passage.error
            rest = self._rest if self._passage.error is None else []
            self._events.publish([*rest, Ended(self.generation.state, self.error)], is_last=True)
            if self._tap is not None:
                self._tap.give(last if self._passage.error is None else b"")
                self._tap.end(is_whole=self._has_clean_end and self._passage.error is None)
            self._on_end(self)

    async def _tell(self, fault: Fault) -> ChitError:
        """What a person is told; in plain words where they would not wait for more."""
        error = self._explain(fault)
        if not self._stopping:
            self._advising = asyncio.ensure_future(self._advise(fault, error))
            with suppress(asyncio.CancelledError):
                error = await self._advising
        return error
