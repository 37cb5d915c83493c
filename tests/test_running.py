"""One running generation, its reply and ledger doing what the test says: what is shown, when, and how it ends."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.upstream import DONE, collect, event, shown_text, text_chunk, until

from chit import passage
from chit.core import retry
from chit.core.answer import apply_answer, refuse
from chit.core.events import Ended, Event, Retrying, Started, TextAdded
from chit.core.fault import Fault
from chit.core.generation import Generation
from chit.core.guidance import explain
from chit.core.messages import Message, TextPart
from chit.errors import ChitError, DiskFull, KeyUnavailable, StoreError
from chit.openrouter.reply import Reply
from chit.running import Advise, Explain, Running, Send

FULL = DiskFull("the disk is full")
CUT = Fault(phase="streaming", cause="cut", text="broken")


def hide(text: str) -> str:
    """Stands for the scrubber."""
    return text.replace("hunter2", "***")


async def add_nothing(fault: Fault, error: ChitError) -> ChitError:
    """Stands for the engine where it has nothing to look up."""
    return error


class ScriptedReply(Reply):
    """A good reply whose pieces are bytes, an event to wait for, or the fault it ends with."""

    def __init__(
        self,
        *pieces: bytes | asyncio.Event | Fault | Exception,
        generation_id: str | None = "gen-1",
        is_stream: bool = True,
    ) -> None:
        self._pieces = list(pieces)
        self._id = generation_id
        self._is_stream = is_stream
        self.fault = None
        self.reads = 0
        self.closed = False

    @property
    def status(self) -> int:
        """Always good."""
        return 200

    @property
    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    @property
    def generation_id(self) -> str | None:
        """As the header would give it."""
        return self._id

    @property
    def is_stream(self) -> bool:
        """As told."""
        return self._is_stream

    async def read(self) -> bytes:
        """The next piece."""
        self.reads += 1
        while self._pieces:
            piece = self._pieces.pop(0)
            if isinstance(piece, bytes):
                return piece
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            elif isinstance(piece, Exception):
                raise piece
            else:
                self.fault = piece
        return b""

    def close(self) -> None:
        """Noted."""
        self.closed = True


class MemoryLedger:
    """Commits at once, or when told to, or not at all."""

    def __init__(
        self, *, start: Exception | None = None, append: StoreError | None = None, end: Exception | None = None
    ):
        self.log: list[str] = []
        self.received = b""
        self.ended: tuple[Generation, Message] | None = None
        self.gate = asyncio.Event()
        """Starts and ends wait for it."""
        self.gate.set()
        self.hold = False
        """Appends are kept until `release`."""
        self.held: list[tuple[bytes, Callable[[StoreError | None], None]]] = []
        self.append_error = append
        self._start, self._end = start, end

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """Commit the id."""
        self.log.append(f"start {generation_id}")
        await self.gate.wait()
        if self._start is not None:
            raise self._start
        self.log.append(f"started {generation_id}")

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """Queue bytes."""
        self.held.append((data, done))
        if not self.hold:
            asyncio.get_running_loop().call_soon(self.release)

    def release(self) -> None:
        """Commit the oldest bytes."""
        data, done = self.held.pop(0)
        if self.append_error is None:
            self.received += data
        done(self.append_error)

    async def record_end(self, generation: Generation, message: Message, *, now: float) -> None:
        """Commit the end, after everything that was queued before it."""
        await until(lambda: not self.held)
        await self.gate.wait()
        if self._end is not None:
            raise self._end
        self.ended = (generation, message)
        self.log.append(f"end {generation.state}")


def begin(
    *outcomes: Reply | Fault | Exception | asyncio.Event,
    ledger: MemoryLedger | None = None,
    on_end: Callable[[Running], None] = lambda _: None,
    explain: Explain = explain,
    advise: Advise = add_nothing,
) -> Running:
    """A generation whose attempts have these outcomes, in order; an event is waited for on the way to the next."""
    waiting = list(outcomes)

    async def send() -> Reply | Fault:
        while True:
            outcome = waiting.pop(0)
            if isinstance(outcome, asyncio.Event):
                await outcome.wait()
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                return outcome

    return start(send, ledger or MemoryLedger(), on_end, explain, advise)


def prepare(
    send: Send,
    ledger: MemoryLedger,
    on_end: Callable[[Running], None] = lambda _: None,
    explain: Explain = explain,
    advise: Advise = add_nothing,
    **given: Any,
) -> Running:
    """A generation that has been recorded, and not begun."""
    message = Message(id="m", conversation_id="c", source="actor")
    generation = Generation(
        id="g", message_id="m", conversation_id="c", origin="library", owner="me", request=b"{}", streamed=True
    )
    return Running(
        ledger=ledger,
        send=send,
        generation=generation,
        message=message,
        scrub=hide,
        explain=explain,
        advise=advise,
        on_end=on_end,
        **given,
    )


def start(send: Send, ledger: MemoryLedger, *args: Any, **given: Any) -> Running:
    """The same, begun; what is given is what `prepare` takes."""
    return prepare(send, ledger, *args, **given).begin()


async def spin() -> None:
    """Let everything happen that can happen without time passing."""
    for _ in range(100):
        await asyncio.sleep(0)


# --- what is shown, and when -----------------------------------------------------------------------------------------


async def test_a_stream_goes_from_sent_over_streaming_to_done() -> None:
    """The three states of a good stream, its events in order, and its message and row at the end."""
    gate, ledger = asyncio.Event(), MemoryLedger()
    reply = ScriptedReply(text_chunk("Hel"), gate, text_chunk("lo", finish="stop"), DONE)
    running = begin(reply, ledger=ledger)
    assert running.generation.state == "sent"
    watched = running.watch()
    assert await anext(watched) == (0, Started("gen-1"))
    assert (running.generation.state, ledger.ended) == ("streaming", None)
    gate.set()
    assert [seen async for seen in watched] == [(1, TextAdded("Hel")), (2, TextAdded("lo")), (3, Ended("done", None))]
    message = await running.wait()
    assert message is running.message
    assert (message.text, running.generation.state, running.generation.owner) == ("Hello", "done", None)
    assert ledger.ended == (running.generation, running.message)
    assert ledger.received == text_chunk("Hel") + text_chunk("lo", finish="stop") + DONE
    assert reply.closed
    assert running.error is None
    generation = running.generation
    assert generation.time_to_first_token_ms is not None
    assert generation.duration_ms is not None
    assert 0 <= generation.time_to_first_token_ms <= generation.duration_ms


async def test_nothing_is_shown_before_the_id_is_committed() -> None:
    """While the id's commit hangs, neither the id nor any text is shown; after it, the id comes first."""
    ledger = MemoryLedger()
    ledger.gate.clear()
    running = begin(ScriptedReply(text_chunk("Hello", finish="stop"), DONE), ledger=ledger)
    events: list[Event] = []

    async def note() -> None:
        async for _, seen in running.watch():
            events.append(seen)

    watcher = asyncio.create_task(note())
    await until(lambda: ledger.log == ["start gen-1"])
    await spin()
    assert events == []
    ledger.gate.set()
    await watcher
    assert events == [Started("gen-1"), TextAdded("Hello"), Ended("done", None)]
    assert ledger.log == ["start gen-1", "started gen-1", "end done"]


async def test_an_id_from_the_first_chunk_is_committed_before_its_text_is_even_stored() -> None:
    """Without the header, the first chunk's own id is committed before the text beside it is appended or shown."""
    ledger = MemoryLedger()
    ledger.gate.clear()
    reply = ScriptedReply(b": hello\n\n", text_chunk("Hello", finish="stop"), DONE, generation_id=None)
    running = begin(reply, ledger=ledger)
    await until(lambda: ledger.log == ["start gen-1"])
    await spin()
    assert ledger.received == b": hello\n\n"
    ledger.gate.set()
    assert await collect(running) == [Started("gen-1"), TextAdded("Hello"), Ended("done", None)]
    assert running.generation.generation_id == "gen-1"


async def test_text_is_shown_only_once_it_is_committed() -> None:
    """While the commit of received bytes hangs, their text is not shown; what came meanwhile is the next commit's."""
    ledger, last = MemoryLedger(), asyncio.Event()
    ledger.hold = True
    reply = ScriptedReply(text_chunk("a"), text_chunk("b"), last, text_chunk("c", finish="stop"), DONE)
    running = begin(reply, ledger=ledger)
    watched = running.watch()
    assert await anext(watched) == (0, Started("gen-1"))
    await until(lambda: reply.reads == 3)
    assert len(ledger.held) == 1
    behind = asyncio.create_task(collect(running, since=1))
    await spin()
    assert not behind.done()
    assert ledger.received == b""
    ledger.release()
    assert await anext(watched) == (1, TextAdded("a"))
    assert len(ledger.held) == 1
    ledger.release()
    assert await anext(watched) == (2, TextAdded("b"))
    ledger.hold = False
    last.set()
    assert shown_text(await behind) == "abc"


async def test_the_end_is_shown_only_once_it_is_committed() -> None:
    """`Ended` waits for the commit of the end."""
    ledger = MemoryLedger()
    running = begin(ScriptedReply(text_chunk("a", finish="stop"), DONE), ledger=ledger)
    watched = running.watch()
    assert (await anext(watched))[1] == Started("gen-1")
    ledger.gate.clear()
    assert (await anext(watched))[1] == TextAdded("a")
    ending = asyncio.create_task(collect(running, since=2))
    await spin()
    assert not ending.done()
    ledger.gate.set()
    assert await ending == [Ended("done", None)]


async def test_a_full_buffer_makes_upstream_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the cap of uncommitted bytes nothing more is read until the disk has caught up."""
    monkeypatch.setattr(passage, "MAX_UNCOMMITTED_BYTES", 0)
    ledger = MemoryLedger()
    ledger.hold = True
    reply = ScriptedReply(text_chunk("a"), text_chunk("b", finish="stop"), DONE)
    running = begin(reply, ledger=ledger)
    await until(lambda: ledger.held)
    await spin()
    assert reply.reads == 1
    ledger.release()
    await until(lambda: ledger.held)
    assert reply.reads == 2
    ledger.hold = False
    ledger.release()
    assert shown_text(await collect(running)) == "ab"


async def test_late_watchers_get_what_they_missed() -> None:
    """Sequence numbers count from 0 and are the same for everyone; one who comes after the end gets everything."""
    running = begin(ScriptedReply(text_chunk("a"), text_chunk("b", finish="stop"), DONE))
    await running.wait()
    everything = [seen async for seen in running.watch()]
    assert [number for number, _ in everything] == [0, 1, 2, 3]
    assert [seen async for seen in running.watch(since=2)] == everything[2:]
    assert [seen async for seen in running.watch(since=99)] == []


async def test_a_watcher_who_leaves_stops_nothing() -> None:
    """A watcher cancelled while it waits takes neither the generation nor the other watchers with it."""
    gate = asyncio.Event()
    running = begin(ScriptedReply(text_chunk("a"), gate, text_chunk("b", finish="stop"), DONE))
    leaver = asyncio.create_task(collect(running))
    stayer = asyncio.create_task(collect(running))
    await spin()
    leaver.cancel()
    gate.set()
    assert shown_text(await stayer) == "ab"
    with pytest.raises(asyncio.CancelledError):
        await leaver
    assert running.generation.state == "done"


async def test_a_waiter_who_leaves_stops_nothing() -> None:
    """Cancelling `wait` does not cancel the generation."""
    gate = asyncio.Event()
    running = begin(ScriptedReply(gate, text_chunk("a", finish="stop"), DONE))
    waiter = asyncio.create_task(running.wait())
    await spin()
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    gate.set()
    assert (await running.wait()).text == "a"


async def test_a_unary_reply_is_committed_once() -> None:
    """A reply that is no stream touches the ledger at its end only, and keeps the id of its header."""
    ledger = MemoryLedger()
    body = b'{"id": "gen-2", "choices": [{"finish_reason": "stop", "message": {"content": "Hi"}}]}'
    running = begin(ScriptedReply(body, is_stream=False), ledger=ledger)
    assert await collect(running) == [Ended("done", None)]
    assert ledger.log == ["end done"]
    assert (running.generation.generation_id, running.message.text) == ("gen-1", "Hi")


async def test_the_last_event_needs_no_blank_line() -> None:
    """Text of an event that the end of the stream cut short of its blank line is stored and shown."""
    running = begin(ScriptedReply(text_chunk("a", finish="stop").rstrip()))
    events = await collect(running)
    assert events == [Started("gen-1"), TextAdded("a"), Ended("done", None)]
    assert running.message.text == "a"


# --- how it ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("generation_id", "state"), [("gen-1", "cut"), (None, "unknown")])
async def test_a_break_is_a_cut_only_with_an_id(generation_id: str | None, state: str) -> None:
    """What broke off is `cut` where its bill can be looked up, and `unknown` where it cannot; the text is kept."""
    reply = ScriptedReply(text_chunk("Hel", generation_id=None), CUT, generation_id=generation_id)
    running = begin(reply)
    events = await collect(running)
    assert shown_text(events) == "Hel"
    assert running.message.parts == (TextPart("Hel"),)
    assert running.generation.state == state
    assert isinstance(events[-1], Ended)
    assert events[-1].error is running.error
    assert running.error is not None
    assert running.generation.error == running.error.as_dict()


@pytest.mark.parametrize(("generation_id", "state"), [("gen-1", "cut"), (None, "unknown")])
async def test_a_broken_unary_reply_is_a_cut_only_with_an_id(generation_id: str | None, state: str) -> None:
    """The same holds for a reply that is no stream."""
    running = begin(ScriptedReply(b'{"choi', CUT, generation_id=generation_id, is_stream=False))
    await running.wait()
    assert running.generation.state == state


async def test_a_refusal_is_failed() -> None:
    """A refused completion fails with its explanation and the id it may carry."""
    fault = Fault(phase="replied", status=401, code=401, text="User not found.", has_json_error=True)
    running = begin(fault)
    assert await collect(running) == [Ended("failed", running.error)]
    assert running.error is not None
    assert running.error.kind == "key_rejected"


async def test_an_id_makes_an_open_outcome_a_failure() -> None:
    """A bare 500 with an id is no longer unknown: its settlement will tell."""
    running = begin(Fault(phase="replied", status=500, generation_id="gen-5"))
    await running.wait()
    assert (running.generation.state, running.generation.generation_id) == ("failed", "gen-5")
    nameless = begin(Fault(phase="replied", status=500))
    await nameless.wait()
    assert nameless.generation.state == "unknown"


async def test_an_error_of_ours_on_the_way_is_failed() -> None:
    """A key that is locked ends the generation as failed, with that error, and nothing raised."""
    error = KeyUnavailable("locked", kind="locked")
    running = begin(error)
    assert await collect(running) == [Ended("failed", error)]
    assert (await running.wait()).parts == ()


async def test_the_owner_is_told_of_the_end_once() -> None:
    """`on_end` is called when the end is committed, with the final row."""
    told: list[str] = []
    running = begin(
        ScriptedReply(text_chunk("a", finish="stop"), DONE), on_end=lambda it: told.append(it.generation.state)
    )
    await running.wait()
    assert told == ["done"]


def test_a_fault_names_the_provider_where_the_reply_did_not() -> None:
    """The provider of a failure is kept in the row."""
    generation = Generation(id="g", message_id="m", conversation_id="c", origin="cli", request=b"", streamed=True)
    answer = refuse(Fault(phase="replied", status=502, provider="Somebody", has_json_error=True))
    assert apply_answer(generation, answer, None).provider == "Somebody"


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_stop_keeps_what_came() -> None:
    """A stopped stream is closed, keeps its text, and ends as `stopped` without an error."""
    ledger = MemoryLedger()
    reply = ScriptedReply(text_chunk("Hel"), asyncio.Event())
    running = begin(reply, ledger=ledger)
    await until(lambda: ledger.received)
    message = await running.stop()
    assert (message.text, running.generation.state, running.error) == ("Hel", "stopped", None)
    assert reply.closed
    assert ledger.log[-1] == "end stopped"
    assert await collect(running) == [Started("gen-1"), TextAdded("Hel"), Ended("stopped", None)]


async def test_stop_shows_what_it_stores() -> None:
    """Half a surrogate pair that was held back is stored as U+FFFD and shown so too."""
    ledger = MemoryLedger()
    running = begin(ScriptedReply(text_chunk("Hel\ud83d"), asyncio.Event()), ledger=ledger)
    await until(lambda: ledger.received)
    message = await running.stop()
    assert message.text == "Hel\ufffd" == shown_text(await collect(running))


async def test_stop_before_the_first_step_ends_it() -> None:
    """A generation stopped in the moment it begins ends all the same, without having been sent."""
    sent = False

    async def send() -> Reply | Fault:
        nonlocal sent
        sent = True
        return CUT

    ledger = MemoryLedger()
    running = start(send, ledger)
    async with asyncio.timeout(20):
        await running.stop()
    assert not sent
    assert await collect(running) == [Ended("unknown", None)]
    assert ledger.log == ["end unknown"]


@pytest.mark.parametrize("kind", ["send", "comments", "unary"])
async def test_stop_before_any_id_is_unknown(kind: str) -> None:
    """A request that went out and was stopped before any id came may be billed."""
    never = asyncio.Event()
    outcomes: dict[str, Reply | asyncio.Event] = {
        "send": never,
        "comments": ScriptedReply(b": hello\n\n", never, generation_id=None),
        "unary": ScriptedReply(b" ", never, generation_id=None, is_stream=False),
    }
    running = begin(outcomes[kind])
    await spin()
    await running.stop()
    assert running.generation.state == "unknown"


async def test_stop_of_a_unary_reply_with_an_id_is_stopped() -> None:
    """The header's id is kept although the body never came, so that its cost can be fetched."""
    running = begin(ScriptedReply(b" ", asyncio.Event(), is_stream=False))
    await until(lambda: running.generation.generation_id)
    await running.stop()
    assert (running.generation.state, running.generation.generation_id) == ("stopped", "gen-1")


async def test_stop_between_two_attempts_leaves_the_refusal() -> None:
    """Stopped while waiting to send again, the refusal of the last attempt stands: nothing was billed."""
    fault = Fault(phase="replied", status=429, code=429, text="busy", has_json_error=True, retry_after=100.0)
    running = begin(fault)
    watched = running.watch()
    _, retrying = await anext(watched)
    assert isinstance(retrying, Retrying)
    await running.stop()
    assert running.generation.state == "failed"
    assert running.error is not None
    assert running.error.kind == retrying.error.kind


async def test_stop_while_the_id_is_being_committed_keeps_the_id() -> None:
    """An id whose commit is under way is not lost by stopping."""
    ledger = MemoryLedger()
    ledger.gate.clear()
    running = begin(ScriptedReply(text_chunk("a")), ledger=ledger)
    await until(lambda: ledger.log)
    stopping = asyncio.create_task(running.stop())
    await spin()
    ledger.gate.set()
    await stopping
    assert (running.generation.state, running.generation.generation_id) == ("stopped", "gen-1")


async def test_stopping_twice_or_too_late_changes_nothing() -> None:
    """Several stops at once, and one after the end, all return the same message."""
    running = begin(ScriptedReply(text_chunk("a"), asyncio.Event()))
    await spin()
    first, second = await asyncio.gather(running.stop(), running.stop())
    assert first is second is await running.stop()
    assert running.generation.state == "stopped"
    done = begin(ScriptedReply(text_chunk("a", finish="stop"), DONE))
    await done.wait()
    assert (await done.stop()).text == "a"
    assert done.generation.state == "done"


async def test_stop_while_the_end_is_committed_does_not_disturb_it() -> None:
    """A stop that comes while a finished reply is being committed waits for it and loses nothing."""
    ledger = MemoryLedger()
    running = begin(ScriptedReply(text_chunk("a", finish="stop"), DONE), ledger=ledger)
    watched = running.watch()
    await anext(watched)
    ledger.gate.clear()
    await anext(watched)
    stopping = asyncio.create_task(running.stop())
    await spin()
    ledger.gate.set()
    assert (await stopping).text == "a"
    assert running.generation.state == "done"


async def test_a_caller_of_stop_who_is_cancelled_breaks_nothing() -> None:
    """Whoever gives up waiting for the stop is cancelled; the end is committed all the same."""
    ledger = MemoryLedger()
    running = begin(ScriptedReply(text_chunk("a"), asyncio.Event()), ledger=ledger)
    await until(lambda: ledger.received)
    ledger.gate.clear()
    stopping = asyncio.create_task(running.stop())
    await spin()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    ledger.gate.set()
    async with asyncio.timeout(20):
        assert (await running.wait()).text == "a"
    assert ledger.log[-1] == "end stopped"


async def test_stop_cuts_advice_short() -> None:
    """What has to be looked up for an error is not waited for by whoever stops: the plain error is committed."""
    asked = asyncio.Event()

    async def look_up(fault: Fault, error: ChitError) -> ChitError:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    running = begin(Fault(phase="replied", status=401), advise=look_up)
    await asked.wait()
    async with asyncio.timeout(20):
        await running.stop()
    assert running.error is not None
    assert running.generation.error == running.error.as_dict()
    assert await collect(running) == [Ended("failed", running.error)]


async def test_who_has_stopped_is_given_no_advice() -> None:
    """A stop between two attempts ends in plain words at once."""
    asked: list[Fault] = []

    async def look_up(fault: Fault, error: ChitError) -> ChitError:
        asked.append(fault)
        return error

    running = begin(Fault(phase="replied", status=429, has_json_error=True, retry_after=100.0), advise=look_up)
    await anext(running.watch())
    await running.stop()
    assert (running.generation.state, asked) == ("failed", [])


# --- sending again ---------------------------------------------------------------------------------------------------


async def test_an_attempt_that_cannot_be_billed_is_repeated_visibly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that were surely not run are repeated, each announced with its number, delay and cause."""
    monkeypatch.setattr(retry, "_BACK_OFF", (0.001, 0.002, 0.003))
    unsent = Fault(phase="unsent", cause="connect", text="refused")
    running = begin(unsent, unsent, ScriptedReply(text_chunk("a", finish="stop"), DONE))
    events = await collect(running)
    first, second = events[:2]
    assert isinstance(first, Retrying)
    assert isinstance(second, Retrying)
    assert (first.attempt, second.attempt) == (1, 2)
    assert 0.001 <= first.delay <= 0.0015
    assert 0.002 <= second.delay <= 0.003
    assert first.error.kind == "offline"
    assert events[2:] == [Started("gen-1"), TextAdded("a"), Ended("done", None)]


async def test_retries_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last retry the failure stands."""
    monkeypatch.setattr(retry, "_BACK_OFF", (0.0,))
    unsent = Fault(phase="unsent", cause="dns", text="no such host")
    running = begin(*[unsent] * 4)
    events = await collect(running)
    assert [type(seen) for seen in events] == [Retrying, Retrying, Retrying, Ended]
    assert running.generation.state == "failed"


# --- a store that fails, and bugs ------------------------------------------------------------------------------------


async def test_a_store_that_fails_stops_the_forwarding() -> None:
    """Once bytes cannot be stored nothing more is read or shown; the end carries the store's error."""
    ledger, gate = MemoryLedger(), asyncio.Event()
    reply = ScriptedReply(text_chunk("a"), gate, text_chunk("b"), text_chunk("c", finish="stop"), DONE)
    running = begin(reply, ledger=ledger)
    await until(lambda: ledger.received)
    ledger.append_error = FULL
    gate.set()
    events = await collect(running)
    assert events == [Started("gen-1"), TextAdded("a"), Ended("cut", FULL)]
    assert running.error is FULL
    assert running.generation.error == FULL.as_dict()
    assert reply.closed


async def test_a_store_that_fails_shows_nothing_of_the_last_event_either() -> None:
    """Text held back for want of a blank line is not shown when its bytes were lost."""
    ledger = MemoryLedger(append=FULL)
    running = begin(ScriptedReply(text_chunk("a", finish="stop").rstrip()), ledger=ledger)
    assert await collect(running) == [Started("gen-1"), Ended("cut", FULL)]


async def test_nothing_follows_bytes_that_were_lost() -> None:
    """What came while a commit was failing is neither stored nor shown, and its error is the one that is told."""
    ledger = MemoryLedger()
    ledger.hold = True
    running = begin(ScriptedReply(text_chunk("a"), text_chunk("b"), text_chunk("c"), asyncio.Event()), ledger=ledger)
    await until(lambda: ledger.held)
    stopping = asyncio.create_task(running.stop())
    await spin()
    ledger.append_error = FULL
    ledger.release()
    ledger.append_error = None
    await stopping
    assert (ledger.held, ledger.received) == ([], b"")
    assert await collect(running) == [Started("gen-1"), Ended("cut", FULL)]


async def test_a_store_that_fails_without_an_id_leaves_an_unknown_outcome() -> None:
    """Lost bytes of a reply that has not named itself may be billed."""
    reply = ScriptedReply(b": hello\n\n", generation_id=None)
    running = begin(reply, ledger=MemoryLedger(append=FULL))
    assert await collect(running) == [Ended("unknown", FULL)]


async def test_an_id_that_cannot_be_committed_ends_it() -> None:
    """If the id cannot be stored nothing is shown; the error is the store's and the id is tried again with the end."""
    ledger = MemoryLedger(start=FULL)
    reply = ScriptedReply(text_chunk("a", finish="stop"), DONE)
    running = begin(reply, ledger=ledger)
    assert await collect(running) == [Ended("cut", FULL)]
    assert ledger.ended is not None
    assert ledger.ended[0].generation_id == "gen-1"
    assert reply.closed


async def test_an_end_that_cannot_be_committed_is_told() -> None:
    """The error of the last commit reaches the watchers, unless an earlier one explains more."""
    running = begin(ScriptedReply(text_chunk("a", finish="stop").rstrip()), ledger=MemoryLedger(end=FULL))
    assert await collect(running) == [Started("gen-1"), Ended("done", FULL)]
    refused = begin(Fault(phase="replied", status=401), ledger=MemoryLedger(end=FULL))
    await refused.wait()
    assert isinstance(refused.error, ChitError)
    assert refused.error.kind == "key_rejected"


async def test_a_bug_on_the_way_ends_the_watchers_and_is_raised() -> None:
    """A mistake of ours is not swallowed: watchers end, what came is kept, and whoever waits gets the exception."""
    ledger = MemoryLedger()
    reply = ScriptedReply(text_chunk("Hel"), RuntimeError("a bug"))
    running = begin(reply, ledger=ledger)
    with pytest.raises(RuntimeError, match="a bug"):
        await running.wait()
    events = await collect(running)
    assert shown_text(events) == "Hel"
    assert isinstance(events[-1], Ended)
    assert events[-1].state == "cut"
    assert ledger.ended is not None
    assert ledger.ended[1].text == "Hel"
    assert reply.closed


@pytest.mark.parametrize("explains", [True, False])
async def test_a_bug_beside_an_error_ends_the_watchers(explains: bool) -> None:
    """Where the words for a failure cannot be found, its watchers end all the same, and the mistake is raised."""

    def fail(*_: Any) -> Any:
        raise RuntimeError("a bug")

    running = begin(
        Fault(phase="replied", status=401),
        explain=explain if explains else fail,
        advise=fail if explains else add_nothing,
    )
    assert await collect(running) == [Ended("unknown", None)]
    with pytest.raises(RuntimeError, match="a bug"):
        await running.wait()


@pytest.mark.parametrize("place", ["send", "end", "on_end"])
async def test_a_bug_anywhere_ends_the_watchers(place: str) -> None:
    """Wherever a mistake of ours strikes, nobody is left watching for ever."""
    bug = RuntimeError("a bug")

    def on_end(_: Running) -> None:
        if place == "on_end":
            raise bug

    ledger = MemoryLedger(end=bug if place == "end" else None)
    good: Reply | Exception = ScriptedReply(text_chunk("a", finish="stop"), DONE)
    running = begin(bug if place == "send" else good, ledger=ledger, on_end=on_end)
    events = await collect(running)
    assert isinstance(events[-1], Ended)
    with pytest.raises(RuntimeError, match="a bug"):
        await running.wait()


# --- keys ------------------------------------------------------------------------------------------------------------


async def test_a_key_in_an_error_never_reaches_the_ledger() -> None:
    """However the error's bytes are cut, what is appended and how it ends tell no key."""
    ledger = MemoryLedger()
    error = event({"error": {"message": "hunter2 is wrong", "code": 401}})
    cut = error.index(b"hunter2") + 3
    running = begin(ScriptedReply(text_chunk("Hi"), error[:cut], error[cut:]), ledger=ledger)
    await collect(running)
    assert b"hun" not in ledger.received
    assert ledger.received == text_chunk("Hi") + error.replace(b"hunter2", b"***")
    assert ledger.ended is not None
    assert "hunter2" not in repr((ledger.ended, running.error and running.error.as_dict()))
    assert "***" in repr(ledger.ended)


@pytest.mark.parametrize("said", [b"data: Forbidden: hunter2\n\n", b'data: {"error": {"message": "hunter2'])
async def test_a_key_in_what_is_no_json_never_reaches_the_ledger(said: bytes) -> None:
    """An event in plain text, and an error that breaks off in the middle, are scrubbed like any error."""
    ledger = MemoryLedger()
    await collect(begin(ScriptedReply(text_chunk("Hi"), said[:16], said[16:], CUT), ledger=ledger))
    assert ledger.received == text_chunk("Hi") + said.replace(b"hunter2", b"***")


async def test_an_unended_line_is_appended_at_the_end() -> None:
    """Bytes that wait for their line end are not lost when the stream just ends."""
    ledger = MemoryLedger()
    await collect(begin(ScriptedReply(text_chunk("Hi"), b"data: {", b"x"), ledger=ledger))
    assert ledger.received == text_chunk("Hi") + b"data: {x"


async def test_what_follows_a_stop_in_the_same_task_is_not_cancelled() -> None:
    """One that runs in the task of its caller leaves nothing of its cancellation behind."""
    ledger = MemoryLedger()

    async def never() -> Fault:
        await asyncio.Event().wait()
        raise AssertionError

    running = prepare(never, ledger)

    async def run() -> int:
        await running.run()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.ensure_future(run())
    await spin()
    running.break_off()
    assert await task == 0
    assert running.generation.state == "unknown"
