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
from typing import Protocol

from chit.core.answer import Answer, apply_answer, identify_fault, judge_body, judge_stream, refuse, scrub_answer
from chit.core.events import Delta, Ended, Event, Retrying, Started
from chit.core.fault import Fault
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.received import ReceivedLines
from chit.core.retry import decide_retry
from chit.core.stream import CompletionStream
from chit.core.timing import Timing
from chit.errors import ChitError, StoreError
from chit.openrouter.reply import Reply

MAX_UNCOMMITTED_BYTES = 4 * 1024 * 1024
"""Beyond this the upstream waits for the disk."""

Send = Callable[[], Awaitable[Reply | Fault]]
Explain = Callable[[Fault], ChitError]
Advise = Callable[[Fault, ChitError], Awaitable[ChitError]]


class Ledger(Protocol):
    """The part of a store that a running generation writes to; `store.protocol.Store` says what each promises."""

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """Commit the id and its settlement job."""

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """Queue received bytes."""

    async def record_end(self, generation: Generation, message: Message, *, now: float) -> None:
        """Commit the end."""


class Running:
    """Begins at once. `watch` its events, `wait` for its end, or `stop` it."""

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
    ) -> None:
        """`generation` is recorded already, in state `sent`; `send` posts its request once.

        `scrub` takes keys out of what a reply says of its failure, before that is stored or shown. `explain`
        makes of that failure what a person is told, and `advise`, which may take its time and which `stop` cuts short,
        adds to the end's what has to be looked up.
        """
        self.generation = generation
        self.message = message
        """The actor message; its parts are complete once the generation has ended."""
        self.error: ChitError | None = None
        """What went wrong, once it has ended."""
        self._ledger = ledger
        self._send = send
        self._scrub = scrub
        self._explain = explain
        self._advise = advise
        self._advising: asyncio.Future[ChitError] | None = None
        self._lines = ReceivedLines(scrub)
        self._on_end = on_end
        self._log: list[Event] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._rest: list[Delta] = []
        self._over = False
        self._begun = False
        self._stopping = False
        self._ending = False
        self._refused: Fault | None = None
        self._timing = Timing(started_at=time.monotonic())
        self._batch: list[bytes] = []
        self._batch_events: list[Event] = []
        self._committing = False
        self._uncommitted = 0
        self._store_error: StoreError | None = None
        self._room = asyncio.Event()
        self._reply: Reply | None = None
        self._task = asyncio.create_task(self._run(), name=f"generation {generation.id}")

    async def watch(self, since: int = 0) -> AsyncIterator[tuple[int, Event]]:
        """Every event from sequence number `since` on, past ones first; ends after `Ended`."""
        position = since
        while True:
            while position < len(self._log):
                yield position, self._log[position]
                position += 1
            if self._over:
                return
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def wait(self) -> Message:
        """The message once everything is committed. What went wrong is in `error`, not raised."""
        await asyncio.shield(self._task)
        return self.message

    async def stop(self) -> Message:
        """Close the upstream at once, keep what came, and wait until that is committed."""
        if self._advising is not None:
            self._advising.cancel()
        if self._begun and not self._stopping and not self._ending:
            self._task.cancel()
        self._stopping = True
        return await self.wait()

    async def _run(self) -> None:
        stream = CompletionStream()
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
            answer = judge_stream(stream.fold, None)
            self._store_error = error
        except ChitError as error:
            answer = Answer(state="failed")
            self.error = error
        except Exception as error:
            answer = judge_stream(stream.fold, None)
            bug = error
        finally:
            self._ending = True
            if self._reply is not None:
                self._reply.close()
        await self._end(answer)
        if bug is not None:
            raise bug

    async def _exchange(self, stream: CompletionStream) -> Answer:
        outcome = await self._open()
        if isinstance(outcome, Fault):
            return refuse(outcome)
        self._reply = outcome
        if outcome.is_stream:
            return await self._read_stream(outcome, stream)
        self.generation = replace(self.generation, generation_id=outcome.generation_id)
        body = await outcome.read_all()
        return judge_body(body, outcome.fault)

    async def _open(self) -> Reply | Fault:
        """Send, and send again where the retry table allows it."""
        retries = 0
        while True:
            self._refused = None
            outcome = await self._send()
            if isinstance(outcome, Reply) or (wait := decide_retry(outcome, retries)) is None:
                return outcome
            delay = wait.seconds + random.uniform(0, wait.jitter)  # noqa: S311 - spreads load, guards nothing
            retries += 1
            self._refused = outcome
            self._publish([Retrying(retries, delay, self._explain(outcome))])
            await asyncio.sleep(delay)

    async def _read_stream(self, reply: Reply, stream: CompletionStream) -> Answer:
        if reply.generation_id is not None:
            await self._record_start(reply.generation_id)
        while not stream.over and self._store_error is None and (data := await reply.read()):
            deltas = stream.feed(data)
            if deltas:
                self._timing.note(deltas, time.monotonic())
            if self.generation.generation_id is None and stream.fold.generation_id is not None:
                await self._record_start(stream.fold.generation_id)
            failed = stream.fold.error is not None or stream.garbled
            await self._append(self._lines.take(data, completed=bool(deltas), failed=failed), deltas)
        self._rest += stream.close()
        await self._append(self._lines.take_rest(), [])
        return judge_stream(stream.fold, stream.fault or reply.fault)

    async def _record_start(self, generation_id: str) -> None:
        self.generation = replace(self.generation, generation_id=generation_id, state="streaming")
        await self._ledger.record_start(self.generation, generation_id)
        self._publish([Started(generation_id)])

    async def _append(self, data: bytes, events: Sequence[Event]) -> None:
        """Queue `data` for the store, `events` for the watchers. What comes while a batch commits is the next one."""
        if not data:
            return
        self._batch.append(data)
        self._batch_events += events
        self._uncommitted += len(data)
        if not self._committing:
            self._commit_batch()
        while self._uncommitted > MAX_UNCOMMITTED_BYTES:
            await self._wait_for_room()

    def _commit_batch(self) -> None:
        data, events = b"".join(self._batch), self._batch_events
        self._batch, self._batch_events = [], []

        def committed(error: StoreError | None) -> None:
            self._committing = False
            self._uncommitted -= len(data)
            if error is not None:
                self._store_error = self._store_error or error
                self._uncommitted = 0
            elif self._store_error is None and events:
                self._publish(events)
            if self._batch and self._store_error is None:
                self._commit_batch()
            self._room.set()

        self._committing = True
        self._ledger.append_received(self.generation, data, committed)

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def _drain(self) -> None:
        while self._committing:
            await self._wait_for_room()

    def _judge_stopped(self, stream: CompletionStream) -> Answer:
        """Stopped by the person; between two attempts, what stands is the refusal of the last one."""
        if self._refused is not None:
            return refuse(self._refused)
        return judge_stream(stream.fold, None, stopped=True)

    async def _end(self, answer: Answer) -> None:
        """Commit the end. Whatever goes wrong here, whoever watches sees an end."""
        now = time.monotonic()
        ended, message = replace(self.generation, state="unknown"), self.message
        try:
            await self._drain()
            answer = identify_fault(scrub_answer(answer, self._scrub), self.generation)
            if answer.fault is not None:
                self.error = await self._tell(answer.fault)
            if self._store_error is not None:
                self.error = self._store_error
                answer = replace(answer, state="cut")
            ended = self._timing.apply(apply_answer(self.generation, answer, self.error), now)
            message = replace(self.message, parts=answer.parts)
            await self._ledger.record_end(ended, message, now=time.time())
        except StoreError as error:
            self._store_error = error
            self.error = self.error or error
        finally:
            self.generation, self.message = ended, message
            self._over = True
            rest = self._rest if self._store_error is None else []
            self._publish([*rest, Ended(ended.state, self.error)])
            self._on_end(self)

    async def _tell(self, fault: Fault) -> ChitError:
        """What a person is told; in plain words where they would not wait for more."""
        error = self._explain(fault)
        if not self._stopping:
            self._advising = asyncio.ensure_future(self._advise(fault, error))
            with suppress(asyncio.CancelledError):
                error = await self._advising
        return error

    def _publish(self, events: Sequence[Event]) -> None:
        self._log += events
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
