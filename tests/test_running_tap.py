"""One running generation whose bytes a program draws: what it gets, when, and how it ends."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.test_running import CUT, FULL, MemoryLedger, ScriptedReply, spin, start
from tests.upstream import DONE, collect, event, text_chunk, until

from chit import passage
from chit import running as running_module
from chit import tap as tap_module
from chit.core import sse
from chit.core.dialect import MESSAGES
from chit.core.events import Ended, Started
from chit.core.fault import Fault
from chit.core.retry import Wait
from chit.openrouter.reply import Reply
from chit.running import Running
from chit.tap import Tap

ERROR = event({"id": "gen-1", "error": {"code": 502, "message": "the key hunter2 is bad"}, "choices": []})


def relay(
    *pieces: Any, ledger: MemoryLedger | None = None, generation_id: str | None = "gen-1", **given: Any
) -> tuple[Running, Tap, ScriptedReply]:
    """A stream of these pieces, drawn from a tap."""
    tap, reply = Tap(), ScriptedReply(*pieces, generation_id=generation_id)

    async def send() -> Reply | Fault:
        return reply

    return start(send, ledger or MemoryLedger(), tap=tap, **given), tap, reply


async def draw_all(tap: Tap) -> bytes:
    """To the end."""
    pieces = []
    async with asyncio.timeout(20):
        while data := await tap.draw():
            pieces.append(data)
    return b"".join(pieces)


STREAM = b"".join(
    [
        b": OPENROUTER PROCESSING\n\n",
        text_chunk("Hel\u2028lo"),
        'data: {"id":"gen-1","choices":[{"delta":{"content":"\u2028\u0085 "}}],"unheard":"of"}\r\n\r\n'.encode(),
        b"event: x\rid: 7\rretry: 9\r\r: more\r\n",
        b'data: {"id":"gen-1",\ndata: "choices":[]}\n\n',
        text_chunk("", finish="stop"),
        DONE,
        b": after the end\n\n",
    ]
)


@given(st.lists(st.integers(0, len(STREAM))), st.integers(0, len(STREAM)))
def test_what_is_drawn_is_what_came(cuts: list[int], length: int) -> None:
    """Byte for byte, wherever it is cut: comments, all line ends, U+2028, unknown fields, breaking off."""

    async def run() -> None:
        data, places = STREAM[:length], [0, *sorted(min(cut, length) for cut in cuts), length]
        pieces = [data[one:other] for one, other in pairwise(places) if one < other]
        ledger = MemoryLedger()
        running, tap, _ = relay(*pieces, *([] if length == len(STREAM) else [CUT]), ledger=ledger)
        assert await draw_all(tap) == data
        await running.wait()
        assert data.startswith(ledger.received)

    asyncio.run(run())


async def test_nothing_is_drawn_before_it_is_committed() -> None:
    """Promise G1: neither the head before the id is durable, nor bytes before they are, nor the last before the end."""
    ledger, gate = MemoryLedger(), asyncio.Event()
    ledger.hold = True
    ledger.gate.clear()
    running, tap, _ = relay(text_chunk("one"), text_chunk("two"), gate, DONE, ledger=ledger)
    await spin()
    assert (ledger.log, tap.is_open) == (["start gen-1"], False)
    ledger.gate.set()
    await until(lambda: tap.is_open and ledger.held)
    drawing = asyncio.ensure_future(tap.draw())
    await spin()
    assert not drawing.done()
    ledger.gate.clear()
    ledger.release()
    assert await drawing == text_chunk("one")
    drawing = asyncio.ensure_future(tap.draw())
    await until(lambda: ledger.held)
    gate.set()
    await spin()
    ledger.release()
    assert await drawing == text_chunk("two")
    drawing = asyncio.ensure_future(tap.draw())
    await spin()
    assert not drawing.done()
    ledger.gate.set()
    assert await drawing == DONE
    assert (await tap.draw(), tap.is_whole, ledger.held) == (b"", True, [])
    assert (await running.wait()).text == "onetwo"


async def test_a_slow_caller_holds_up_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more is read until the caller draws; so what waits is bounded."""
    monkeypatch.setattr(tap_module, "MOST_WAITING", 50)
    monkeypatch.setattr(passage, "MAX_UNCOMMITTED_BYTES", 0)
    running, tap, reply = relay(*[text_chunk("a")] * 20, text_chunk("", finish="stop"), DONE)
    await until(lambda: tap.is_open)
    await spin()
    assert reply.reads <= 2
    drawn = await draw_all(tap)
    assert drawn == text_chunk("a") * 20 + text_chunk("", finish="stop") + DONE
    assert (await running.wait()).text == "a" * 20


async def test_its_events_are_told_to_nobody() -> None:
    """Only that it began and ended: whoever draws bytes wants no pieces of text."""
    running, tap, _ = relay(text_chunk("one"), text_chunk("", finish="stop"), DONE)
    await draw_all(tap)
    assert await collect(running) == [Started("gen-1"), Ended("done", None)]
    assert running.generation.time_to_first_token_ms is not None


async def test_an_error_in_the_middle_gets_a_hint() -> None:
    """In its own event, once, without the key that it repeats; what follows comes, too."""
    ledger = MemoryLedger()
    running, tap, _ = relay(text_chunk("one"), ERROR, ERROR + DONE, ledger=ledger)
    drawn = await draw_all(tap)
    assert drawn.startswith(text_chunk("one") + b'data: {"id": "gen-1", "error": {"hint":"')
    assert drawn.count(b'"hint"') == 1
    assert drawn.endswith(ERROR.replace(b"hunter2", b"***") + DONE)
    assert b"hunter2" not in drawn + ledger.received
    assert b'"hint"' not in ledger.received
    assert (await running.wait()).text == "one"
    assert (running.generation.state, tap.is_whole) == ("failed", True)
    assert running.fault is not None


async def test_garbled_data_is_no_failure_to_hint_at() -> None:
    """It goes on as it came."""
    running, tap, _ = relay(b"data: <html>\n\n", text_chunk("one", finish="stop"), DONE)
    assert await draw_all(tap) == b"data: <html>\n\n" + text_chunk("one", finish="stop") + DONE
    assert (await running.wait()).text == "one"


async def test_a_stream_that_breaks_off_is_seen_to() -> None:
    """The caller's end is not a clean one; a break after the last word does not count."""
    running, tap, _ = relay(text_chunk("one"), CUT)
    assert (await draw_all(tap), tap.is_whole) == (text_chunk("one"), False)
    await running.wait()
    assert running.generation.state == "cut"
    running, tap, _ = relay(text_chunk("one", finish="stop") + DONE, CUT)
    assert await draw_all(tap) == text_chunk("one", finish="stop") + DONE
    await running.wait()
    assert (running.generation.state, tap.is_whole) == ("done", True)


async def test_a_stream_that_never_says_that_it_is_over() -> None:
    """Its end upstream was a clean one, and so is the caller's."""
    running, tap, _ = relay(text_chunk("one"))
    assert (await draw_all(tap), tap.is_whole) == (text_chunk("one"), True)
    await running.wait()
    assert running.generation.state == "cut"


async def test_what_does_not_end_after_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for, but not for ever."""
    monkeypatch.setattr(running_module, "LAST_SECONDS", 0.01)
    running, tap, reply = relay(text_chunk("one", finish="stop") + DONE, asyncio.Event())
    assert (await draw_all(tap), tap.is_whole) == (text_chunk("one", finish="stop") + DONE, True)
    await running.wait()
    assert reply.closed


async def test_an_event_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack case 44: beyond the cap upstream is not read any more, and the caller sees that it broke off."""
    monkeypatch.setattr(sse.SseParser.__init__, "__kwdefaults__", {"max_event_bytes": 1000})
    running, tap, reply = relay(text_chunk("one"), b"data: " + b"x" * 2000, b"more")
    assert (await draw_all(tap), tap.is_whole) == (text_chunk("one") + b"data: " + b"x" * 2000, False)
    await running.wait()
    assert (running.generation.state, reply.reads) == ("cut", 2)


async def test_a_disk_that_is_full_ends_it() -> None:
    """Promise G9: what cannot be kept is not shown, and the caller sees that it broke off."""
    ledger = MemoryLedger(append=FULL)
    running, tap, _ = relay(text_chunk("one"), text_chunk("two"), DONE, ledger=ledger)
    assert (await draw_all(tap), tap.is_whole) == (b"", False)
    await running.wait()
    assert running.error is FULL
    running, tap, _ = relay(text_chunk("one", finish="stop"), ledger=MemoryLedger(end=FULL))
    await draw_all(tap)
    await running.wait()
    assert (tap.is_whole, running.error) == (False, FULL)


async def test_one_that_is_stopped_ends_at_once() -> None:
    """The upstream is closed; what came is kept."""
    running, tap, reply = relay(text_chunk("one"), asyncio.Event())
    await until(lambda: tap.is_open)
    assert await tap.draw() == text_chunk("one")
    running.break_off()
    assert (await running.wait()).text == "one"
    assert (running.generation.state, reply.closed, tap.is_whole) == ("stopped", True, False)


async def test_a_reply_that_is_no_stream_is_at_hand_whole() -> None:
    """The tap never opens; the body is there once the end is committed."""
    tap, body = Tap(), b'{"id":"gen-1","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'
    reply = ScriptedReply(body[:9], body[9:], is_stream=False)

    async def send() -> Reply | Fault:
        return reply

    running = start(send, MemoryLedger(), tap=tap)
    assert await tap.opened() is False
    await running.wait()
    assert (running.reply, running.body, running.generation.state) == (reply, body, "done")


async def test_other_dialects_are_judged_in_their_own_way() -> None:
    """A stream of Messages, whose id is not in the header."""
    events = event({"type": "message_start", "message": {"id": "gen-2"}}) + event({"type": "message_stop"})
    running, tap, _ = relay(events, generation_id=None, dialect=MESSAGES)
    assert await draw_all(tap) == events
    await running.wait()
    assert (running.generation.state, running.generation.generation_id) == ("done", "gen-2")


async def test_who_decides_when_to_send_again() -> None:
    """Another table than the usual one."""
    asked: list[int] = []

    def retry(_fault: Fault, retries: int) -> Wait | None:
        asked.append(retries)
        return Wait(0, 0) if retries < 2 else None

    async def send() -> Reply | Fault:
        return Fault(phase="unanswered", cause="reset")

    running = start(send, MemoryLedger(), tap=Tap(), retry=retry)
    await running.wait()
    assert asked == [0, 1, 2]
