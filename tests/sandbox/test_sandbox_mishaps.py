"""The hostile upstream: a schedule that repeats, every mishap as it shows on the wire, and what the ledger says."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest
from tests.sandbox.caller import Answer, Caller, Eventually

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.mishaps import FAILING_LOOKUPS, WEIGHTS, Fate, Kind, Mishap, Schedule

BROKEN = (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)


class One(Schedule):
    """The same mishap for every completion, the same fate for every record."""

    def __init__(self, mishap: Mishap | None = None, fate: Fate = "soon") -> None:
        super().__init__(0)
        self._mishap = mishap
        self._fate: Fate = fate

    def draw(self, number: int) -> Mishap | None:
        """That one."""
        return self._mishap

    def find_fate(self, generation_id: str) -> Fate:
        """That one."""
        return self._fate


def arrange(caller: Caller, kind: Kind, **members: object) -> None:
    """Let that mishap happen to every completion."""
    caller.sandbox.schedule = One(Mishap(kind=kind, **members))  # type: ignore[arg-type] # members of a mishap


async def drain(response: aiohttp.ClientResponse) -> bytes:
    """All that comes before it breaks, which it must."""
    received = b""
    try:
        async for data in response.content.iter_any():
            received += data
    except BROKEN:
        return received
    pytest.fail("the reply came to a good end")


async def read_broken(caller: Caller, text: str = "Hello?") -> bytes:
    """What a stream gives until it breaks."""
    async with _ask(caller, caller.session, text) as response:
        return await drain(response)


def _ask(caller: Caller, session: aiohttp.ClientSession, text: str) -> AbstractAsyncContextManager[Any]:
    body = {"model": "sandbox/echo", "stream": True, "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
    return session.post(f"{caller.sandbox.base_url}/chat/completions", json=body, headers=headers)


def test_a_schedule_repeats() -> None:
    """The same seed and number give the same mishap; another seed gives others; every kind that is weighed occurs."""
    first, again, other = Schedule(1), Schedule(1), Schedule(2)
    drawn = [first.draw(number) for number in range(500)]
    assert drawn == [again.draw(number) for number in range(500)]
    assert drawn != [other.draw(number) for number in range(500)]
    assert {mishap.kind for mishap in drawn if mishap} == set(WEIGHTS)
    assert not any(mishap.bills for mishap in drawn if mishap and mishap.kind == "refused")


def test_the_share_is_kept() -> None:
    """None at 0, all at 1."""
    assert {Schedule(1, share=0).draw(number) for number in range(50)} == {None}
    assert None not in {Schedule(1, share=1).draw(number) for number in range(50)}


@pytest.mark.parametrize("retry_after", [None, 1])
async def test_a_refusal_is_json_and_free(caller: Caller, retry_after: int | None) -> None:
    """It has a status, an error, perhaps a wait, and nothing in the ledger but the request."""
    arrange(caller, "refused", status=503, retry_after=retry_after)
    answer = await caller.complete("sandbox/echo")
    assert (answer.status, answer.json["error"]["code"]) == (503, 503)
    assert answer.headers.get("Retry-After") == (None if retry_after is None else "1")
    assert caller.sandbox.ledger.generations == []
    assert [request.status for request in caller.sandbox.ledger.requests] == [503]


@pytest.mark.parametrize(("kind", "body"), [("page", b"<html>"), ("bare", b"")])
@pytest.mark.parametrize("bills", [False, True])
async def test_what_is_no_answer_may_be_billed(caller: Caller, kind: Kind, body: bytes, bills: bool) -> None:
    """A page or a bare status names no generation, and the ledger knows whether there was one."""
    arrange(caller, kind, status=504, bills=bills)
    answer = await caller.complete("sandbox/echo", "12345")
    assert (answer.status, answer.body[:6]) == (504, body)
    assert "X-Generation-Id" not in answer.headers
    assert [entry.state for entry in caller.sandbox.ledger.generations] == ["done"] * bills
    assert (caller.sandbox.ledger.billed > 0) == bills


@pytest.mark.parametrize("bills", [False, True])
async def test_a_reset_before_the_head(caller: Caller, bills: bool) -> None:
    """Nothing at all comes back."""
    arrange(caller, "reset-early", bills=bills)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.complete("sandbox/echo")
    assert len(caller.sandbox.ledger.generations) == bills


@pytest.mark.parametrize("kind", ["cut", "reset"])
@pytest.mark.parametrize("at", [0, 1, 150, 700])
async def test_a_body_breaks_off_at_its_byte(caller: Caller, kind: Kind, at: int) -> None:
    """At any byte; after a reset the last of them may be lost on the way."""
    arrange(caller, kind, at=at)
    received = await read_broken(caller, "x" * 200)
    assert len(received) == at if kind == "cut" else len(received) <= at
    (generation,) = caller.sandbox.ledger.generations
    assert generation.state == "cut"


async def test_a_provider_may_run_on(caller: Caller, eventually: Eventually) -> None:
    """What is billed is the whole reply, though hardly any of it came."""
    arrange(caller, "cut", at=400, bills=True)
    await read_broken(caller, "x" * 400)
    (generation,) = caller.sandbox.ledger.generations
    await eventually(lambda: generation.billed is not None)
    assert len(generation.steps) == 134


async def test_a_character_is_halved(caller: Caller) -> None:
    """What came ends inside a character where the rest of that piece has one."""
    arrange(caller, "half", at=700)
    received = await read_broken(caller, "ä" * 300)
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        received.decode()


async def test_half_of_what_has_no_characters_to_halve(caller: Caller) -> None:
    """Then it is an ordinary cut."""
    arrange(caller, "half", at=0)
    assert await read_broken(caller, "x") == b""


async def test_garbage_stands_in_the_way(caller: Caller) -> None:
    """Bytes that belong nowhere, then everything else."""
    arrange(caller, "garbage", at=300)
    answer = await caller.complete("sandbox/echo", "x" * 300, stream=True)
    assert answer.body.endswith(b"data: [DONE]\n\n")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


async def test_a_stall_ends_in_a_reset(caller: Caller) -> None:
    """After its silence."""
    arrange(caller, "stall", at=200, seconds=0.01)
    assert len(await read_broken(caller, "x" * 200)) <= 200


async def test_an_end_without_done(caller: Caller) -> None:
    """Everything but the last line."""
    arrange(caller, "no-done")
    answer = await caller.complete("sandbox/echo", "x", stream=True)
    assert b'"usage"' in answer.body
    assert b"[DONE]" not in answer.body


@pytest.mark.parametrize("stream", [False, True])
async def test_a_late_error(caller: Caller, stream: bool) -> None:
    """Some of the text, then an error, with status 200."""
    arrange(caller, "late-error", chance=3)
    answer = await caller.complete("sandbox/echo", "x" * 40, stream=stream)
    assert answer.status == 200
    assert b"Provider disconnected" in answer.body
    assert [entry.state for entry in caller.sandbox.ledger.generations] == ["failed"]


async def test_what_is_slow_comes(caller: Caller) -> None:
    """Whole."""
    arrange(caller, "slow", seconds=0.001)
    assert (await caller.complete("sandbox/echo", "xyz", stream=True)).text == "xyz"


@pytest.mark.parametrize(("kind", "wanted"), [("comments", b": OPENROUTER PROCESSING"), ("flood", b"data: xxxx")])
async def test_what_never_ends(caller: Caller, kind: Kind, wanted: bytes, eventually: Eventually) -> None:
    """It goes on until the caller leaves, and is billed as cancelled."""
    arrange(caller, kind, at=100, seconds=0)
    response = await caller.open_stream("sandbox/echo")
    received = b""
    while received.count(wanted) < 3:
        received = received[-4_000_000:] + await response.content.readany()
    response.close()
    (generation,) = caller.sandbox.ledger.generations
    await eventually(lambda: generation.state == "cancelled")


async def test_a_bomb_is_small_on_the_wire(caller: Caller) -> None:
    """A gibibyte of text, packed."""
    arrange(caller, "bomb")
    session = aiohttp.ClientSession(auto_decompress=False)
    async with session, _ask(caller, session, "x") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        size = len(await drain(response))
    assert size < 8 * 1024 * 1024


async def look(caller: Caller) -> Answer:
    """For the record of the last generation."""
    generation = caller.sandbox.ledger.generations[-1]
    return await caller.send("GET", f"/generation?id={generation.id}")


async def test_the_fates_of_records(caller: Caller) -> None:
    """One is there, one is late, one fails a few times, one never comes."""
    await caller.complete("sandbox/echo")
    statuses = []
    for fate, looks in (("soon", 1), ("late", 1), ("failing", FAILING_LOOKUPS + 1), ("never", 1)):
        caller.sandbox.schedule = One(fate=fate)  # type: ignore[arg-type] # each is one
        caller.sandbox.ledger.lookups.clear()
        statuses.append([(await look(caller)).status for _ in range(looks)])
    assert statuses == [[200], [404], [502, 502, 502, 200], [404]]


def test_fates_repeat_and_all_occur() -> None:
    """By the seed and the id alone."""
    fates = [Schedule(7).find_fate(f"gen-{number}") for number in range(300)]
    assert fates == [Schedule(7).find_fate(f"gen-{number}") for number in range(300)]
    assert set(fates) == {"soon", "late", "failing", "never"}


async def test_a_schedule_can_be_read_back(caller: Caller) -> None:
    """And replaced while others wait."""
    schedule = Schedule(3)
    caller.sandbox.schedule = schedule
    await asyncio.sleep(0)
    assert caller.sandbox.schedule is schedule
