"""Programs that leave, that read slowly, or whose token goes; and a server that closes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import OTHER, TOKEN, Shop, opened_shop, read_answer, read_chunk, read_head
from tests.api.speech import CHAT, QUESTION, completion, headed, say
from tests.upstream import DONE, STREAM, Exchange, Upstream, event, text_chunk, until
from tests.web.site import hang_up

from chit import passage, tap
from chit.api.callers import Callers
from chit.core.generation import Generation
from chit.errors import StoreError

STREAMED = QUESTION | {"stream": True}


class Slow:
    """An OpenRouter that says a word, and goes on when the test lets it."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        """The caller has hung up."""

    async def stream(self, exchange: Exchange) -> None:
        """A stream that does not end before the gate opens."""
        await exchange.open_stream(STREAM | headed())
        await exchange.chunk(text_chunk("one"))
        self.asked.set()
        await exchange.gone()
        self.left.set()

    async def answer(self, exchange: Exchange) -> None:
        """A whole reply, once the gate is open."""
        self.asked.set()
        await self.gate.wait()
        await exchange.reply(200, completion(), {"Content-Type": "application/json", **headed()})


async def find_last(shop: Shop) -> Generation:
    """The newest call."""
    reply = await shop.app.store.find_last_reply("api")
    assert reply is not None
    generation = await shop.app.store.find_generation(reply)
    assert generation is not None
    return generation


def hold_recording(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Calls are recorded once the first event is set; the second one tells that there is one to record."""
    gate, asked = asyncio.Event(), asyncio.Event()
    record = shop.app.store.record_send

    async def record_late(**given: Any) -> None:
        asked.set()
        await gate.wait()
        await record(**given)

    monkeypatch.setattr(shop.app.store, "record_send", record_late)
    return gate, asked


async def ended(shop: Shop) -> Generation:
    """The newest call, once it has ended."""
    async with asyncio.timeout(20):
        while (generation := await find_last(shop)).state in ("sent", "streaming"):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
    return generation


async def test_who_leaves_a_stream_closes_it_upstream(tmp_path: Path) -> None:
    """At once; what came is kept, and its cost will be looked up."""
    slow = Slow()
    async with Upstream(slow.stream) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, writer = await shop.begin(CHAT, STREAMED)
        await read_head(reader)
        await read_chunk(reader)
        await hang_up(writer)
        async with asyncio.timeout(5):
            await slow.left.wait()
        generation = await ended(shop)
        assert (generation.state, generation.settlement is not None) == ("stopped", True)
        assert (await shop.app.store.get_message(generation.message_id)).text == "one"


async def test_who_leaves_a_unary_call_does_not_stop_it(tmp_path: Path) -> None:
    """It is billed anyway: it ends in the background, and is in the history."""
    slow = Slow()
    async with Upstream(slow.answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        _, writer = await shop.begin(CHAT, QUESTION)
        await slow.asked.wait()
        await hang_up(writer)
        await until(lambda: not shop.api._callers._calls)
        slow.gate.set()
        generation = await ended(shop)
        assert generation.state == "done"
        assert (await shop.app.store.get_message(generation.message_id)).text == "yes"


async def test_who_leaves_before_it_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that nobody wants any more is recorded, and stopped before it is sent."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        gate, asked = hold_recording(shop, monkeypatch)
        _, writer = await shop.begin(CHAT, STREAMED)
        await asked.wait()
        await hang_up(writer)
        await until(lambda: not shop.api._callers._calls)
        gate.set()
        await until(lambda: not shop.app.relay._flights)
        assert (await find_last(shop)).state == "unknown"
        assert upstream.requests == []


async def test_a_slow_reader_holds_up_the_upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, and what waits on the way is bounded, however long the reply."""
    monkeypatch.setattr(tap, "MOST_WAITING", 64 * 1024)
    monkeypatch.setattr(passage, "MAX_UNCOMMITTED_BYTES", 64 * 1024)
    # The kernel may hold some 70 MB of its own on the two ways, so upstream says 200 MB if nobody holds it up.
    piece, most = text_chunk("x" * 50_000), 4_000
    sent, held_up = 0, False

    async def answer(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.open_stream(STREAM | headed())
        while not held_up and sent < most:
            await exchange.chunk(piece)
            sent += 1
        await exchange.chunk(DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, _ = await shop.begin(CHAT, STREAMED, limit=2**16)
        await read_head(reader)
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.2)
        assert sent < most
        held_up = True
        received = 0
        while data := await read_chunk(reader):
            received += len(data)
        assert received == sent * len(piece) + len(DONE)


async def test_a_revoked_token_ends_its_streams(tmp_path: Path) -> None:
    """Attack case 16: within a second, and no other program's; upstream is closed, too."""
    slow = Slow()
    async with Upstream(slow.stream) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        other, _ = await shop.begin(CHAT, STREAMED, token=OTHER)
        await read_head(other)
        slow.left.clear()
        reader, _ = await shop.begin(CHAT, STREAMED)
        await read_head(reader)
        await read_chunk(reader)
        assert await shop.app.store.revoke_token("program 0", now=2.0)
        async with asyncio.timeout(5):
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await read_chunk(reader)
            await slow.left.wait()
        assert (await shop.call(CHAT, QUESTION)).status == 401
        assert await read_chunk(other) == text_chunk("one")
        assert [held for held, _ in shop.api._callers._calls.values()] != [TOKEN]


async def test_callers_of_tokens_that_cannot_be_told_are_ended() -> None:
    """A store that fails ends them, and the watch goes on; a call without a connection is past ending."""
    asked: list[str] = []

    async def is_revoked(digest: str) -> bool:
        asked.append(digest)
        if digest == "a":
            raise StoreError("broken")
        return digest == "b"

    class Request:
        """What is left of it once its connection is gone."""

        transport = None

    callers = Callers(is_revoked, every=0.001)
    watching = asyncio.create_task(callers.watch())
    request: Any = Request()
    with callers.hold("a", request), callers.hold("b", request), callers.hold("c", request):
        await until(lambda: {"a", "b", "c"} <= set(asked))
    watching.cancel()
    await asyncio.wait({watching})
    assert callers._calls == {}


@pytest.mark.parametrize("asked", [QUESTION, STREAMED])
async def test_a_server_that_closes_keeps_what_came(asked: dict[str, Any], tmp_path: Path) -> None:
    """Promise G15: it does not wait for replies; each is in the history as far as it came."""
    slow = Slow()
    async with (
        Upstream(slow.stream if "stream" in asked else slow.answer) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        reader, _ = await shop.begin(CHAT, asked)
        await slow.asked.wait()
        if "stream" in asked:
            await read_head(reader)
            await read_chunk(reader)
        await shop.app.relay.close()
        if "stream" in asked:
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await read_chunk(reader)
        else:
            got = await read_answer(reader)
            assert (got.status, got.json()["error"]["code"]) == (503, "stopped")
        generation = await find_last(shop)
        assert generation.state == ("stopped" if "stream" in asked else "unknown")


async def test_one_that_is_closed_before_it_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay waits for its row, and stops it."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        gate, asked = hold_recording(shop, monkeypatch)
        await shop.begin(CHAT, QUESTION)
        await asked.wait()
        closing = asyncio.ensure_future(shop.app.relay.close())
        await asyncio.sleep(0)
        gate.set()
        await closing
        assert (await find_last(shop)).state == "unknown"
        assert upstream.requests == []


async def test_a_model_that_is_misnamed_is_not_waited_for_by_one_who_left(tmp_path: Path) -> None:
    """A refused stream whose error is being looked up ends at once when its caller goes."""
    gate, asked = asyncio.Event(), asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            asked.set()
            await gate.wait()
        body = {"error": {"code": 400, "message": "a/b is not a valid model ID"}}
        await exchange.reply(400, json.dumps(body).encode())

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        _, writer = await shop.begin(CHAT, STREAMED)
        await asked.wait()
        await hang_up(writer)
        assert (await ended(shop)).state == "failed"
        gate.set()


async def test_the_end_is_not_waited_for_by_who_is_broken_off(tmp_path: Path) -> None:
    """An event in the middle of a line, and then silence: a program that leaves takes nothing with it."""
    slow = Slow()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream(STREAM | headed())
        await exchange.chunk(event({"id": "gen-1"}) + b'data: {"id"')
        slow.asked.set()
        await exchange.gone()

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, writer = await shop.begin(CHAT, STREAMED)
        await read_head(reader)
        assert await read_chunk(reader) == event({"id": "gen-1"})
        await hang_up(writer)
        assert (await ended(shop)).state == "stopped"


async def test_too_many_at_once(tmp_path: Path) -> None:
    """503 with a time to come again, which SDKs obey; nothing was sent of those."""
    slow = Slow()
    async with Upstream(slow.answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        shop.api._budgets._crowd._free = 1
        shop.api._budgets._crowd._room = 1
        first, _ = await shop.begin(CHAT, QUESTION)
        await slow.asked.wait()
        second, _ = await shop.begin(CHAT, QUESTION)
        await until(lambda: shop.api._budgets._crowd._line)
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.json()["error"]["code"], got.headers["x-should-retry"]) == (503, "busy", "true")
        assert int(got.headers["retry-after"]) > 0
        slow.gate.set()
        assert [(await read_answer(each)).status for each in (first, second)] == [200, 200]
        assert len(upstream.requests) == 2
