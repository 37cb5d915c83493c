"""Real traffic through client, engine and store, cut at random bytes, against an independent reading of it."""

import json
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.replay.reading import RECORDINGS, Exchange, Reading, details_of, load_exchanges, read_reply
from tests.upstream import Exchange as Connection
from tests.upstream import Upstream, head, opened

from chit.app import App
from chit.core import retry
from chit.core.generation import Generation, write_chit
from chit.core.messages import Message, ReasoningPart, ToolCallPart
from chit.core.reasoning import reasoning_text
from chit.core.usage import read_cost, read_usage
from chit.errors import UpstreamError
from chit.running import Running

COMPLETIONS = load_exchanges("/chat/completions")
GOOD = [exchange for exchange in COMPLETIONS if exchange.status == 200]
REFUSED = [exchange for exchange in COMPLETIONS if exchange.status != 200]
UNARY = [exchange for exchange in GOOD if exchange.content_type == "application/json"]
RECORDS = load_exchanges("/generation")

pytestmark = pytest.mark.skipif(not RECORDINGS.exists(), reason=f"the recordings are not here: {RECORDINGS}")


def cuts(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """`data` in pieces of any length, single bytes among them."""
    start = 0
    while start < len(data):
        end = start + chance.choice((1, 2, 3, 17, 100, 1000, 20_000))
        yield data[start:end]
        start = end


def replay(exchanges: list[Exchange], seed: int) -> Callable[[Connection], Awaitable[None]]:
    """Answers each request with the next exchange, byte for byte, in pieces."""
    waiting = iter(exchanges)
    chance = random.Random(seed)

    async def answer(connection: Connection) -> None:
        exchange = next(waiting)
        named = {} if exchange.generation_header is None else {"X-Generation-Id": exchange.generation_header}
        kind = {"Content-Type": exchange.content_type, "Transfer-Encoding": "chunked"}
        await connection.send(head(exchange.status, {**kind, **named}))
        for piece in cuts(exchange.body, chance):
            await connection.chunk(piece)
        await connection.chunk(b"")

    return answer


async def ask(app: App, request: Any) -> Running:
    """Send a recorded request body to its end."""
    running = await app.engine.send_request(json.dumps(request).encode())
    await running.wait()
    return running


def check_reading(message: Message, generation: Generation, reading: Reading) -> None:
    """The message, its row and its chit say what the reading says."""
    assert generation.state == "done"
    assert message.text == reading.text
    assert message.reasoning in (reading.reasoning, reasoning_text(_kept_details(message)))
    assert reading.reasoning in ("", message.reasoning)
    assert details_of(_kept_details(message)) == reading.details
    calls = [(part.id, part.name, part.arguments) for part in message.parts if isinstance(part, ToolCallPart)]
    assert calls == reading.tool_calls
    completion = generation.completion
    assert completion is not None
    assert completion["usage"] == reading.usage
    assert generation.usage == read_usage(reading.usage)
    chit = write_chit(generation)
    assert (chit.reported_cost, chit.model, chit.provider, chit.generation_id) == (
        reading.cost,
        reading.model,
        reading.provider,
        reading.generation_id,
    )
    assert generation.finish_reason == reading.finish_reason


def _kept_details(message: Message) -> list[Any]:
    return [detail for part in message.parts if isinstance(part, ReasoningPart) for detail in part.details]


async def check_replies(exchanges: list[Exchange], readings: list[Reading], home: Path, seed: int) -> None:
    """Every exchange through one engine; then again as the reopened store tells it."""
    ids = []
    async with Upstream(replay(exchanges, seed)) as upstream:
        async with opened(upstream.base_url, home) as app:
            for exchange, reading in zip(exchanges, readings, strict=True):
                running = await ask(app, exchange.request)
                assert running.error is None, exchange.name
                check_reading(running.message, running.generation, reading)
                ids.append(running.message.id)
        async with opened(upstream.base_url, home) as app:
            for message_id, reading in zip(ids, readings, strict=True):
                generation = await app.store.find_generation(message_id)
                assert generation is not None
                message = await app.store.get_message(message_id)
                check_reading(message, generation, reading)
                assert message.extra["OpenRouter"]["completion"] == generation.completion


@pytest.mark.parametrize("seed", range(3))
async def test_recorded_replies_are_read_right(tmp_path: Path, seed: int) -> None:
    """Text, reasoning, tool calls, usage, cost, model, provider and id of every recorded reply, however it is cut."""
    await check_replies(GOOD, [read_reply(exchange) for exchange in GOOD], tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
async def test_recorded_replies_are_read_right_under_many_cuts(tmp_path: Path, seed: int) -> None:
    """The same under forty more cuts."""
    await check_replies(GOOD, [read_reply(exchange) for exchange in GOOD], tmp_path, seed)


@pytest.mark.parametrize("seed", range(2))
async def test_unary_replies_recut_into_streams_are_read_right(tmp_path: Path, seed: int) -> None:
    """A stream made of a unary reply, with every text in random pieces, says the same as that reply."""
    await check_replies(
        [restream(exchange, seed) for exchange in UNARY], [read_reply(exchange) for exchange in UNARY], tmp_path, seed
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
async def test_unary_replies_recut_many_times_are_read_right(tmp_path: Path, seed: int) -> None:
    """The same under twenty more ways of making a stream."""
    await check_replies(
        [restream(exchange, seed) for exchange in UNARY], [read_reply(exchange) for exchange in UNARY], tmp_path, seed
    )


async def test_recorded_refusals_are_told_as_they_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recorded error keeps status, code and body, names a kind of its own, and is kept with its message."""
    monkeypatch.setattr(retry, "MAX_RETRIES", 0)
    async with Upstream(replay(REFUSED, 1)) as upstream, opened(upstream.base_url, tmp_path) as app:
        for exchange in REFUSED:
            running = await ask(app, exchange.request)
            error, body = running.error, json.loads(exchange.body)
            assert isinstance(error, UpstreamError)
            assert (error.status, error.code, error.raw) == (
                exchange.status,
                body["error"]["code"],
                exchange.body.decode(),
            )
            assert error.kind not in ("unknown", "unexpected_reply")
            assert error.hint
            kept = await app.store.find_generation(running.message.id)
            assert kept is not None
            assert (kept.state, kept.error) == ("failed", error.as_dict())


async def test_every_recorded_request_arrives_as_it_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of each request body reach the upstream unchanged and are kept."""
    monkeypatch.setattr(retry, "MAX_RETRIES", 0)
    async with Upstream(replay(COMPLETIONS, 2)) as upstream, opened(upstream.base_url, tmp_path) as app:
        for position, exchange in enumerate(COMPLETIONS):
            body = json.dumps(exchange.request, indent=1).encode()
            running = await app.engine.send_request(body)
            await running.wait()
            assert upstream.requests[position].body == body
            kept = await app.store.find_generation(running.message.id)
            assert kept is not None
            assert kept.request == body


async def test_recorded_generation_records_settle(tmp_path: Path) -> None:
    """A recorded record settles its message to the last digit; a recorded 404 leaves it pending."""
    for number, exchange in enumerate(RECORDS):
        generation_id = exchange.path.partition("id=")[2]
        first = {**json.loads(UNARY[0].body), "id": generation_id}
        completion = Exchange(
            name="first",
            path="",
            request={},
            status=200,
            content_type="application/json",
            generation_header=None,
            body=json.dumps(first).encode(),
        )
        home = tmp_path / str(number)
        async with Upstream(replay([completion, exchange], number)) as upstream, opened(upstream.base_url, home) as app:
            running = await ask(app, {})
            await app.settler.settle_now([generation_id])
            kept = await app.store.find_generation(running.message.id)
            assert kept is not None
            chit = write_chit(kept)
            body = json.loads(exchange.body)
            if exchange.status == 404:
                assert (chit.settlement, chit.settled_cost) == ("pending", None)
                continue
            record = body["data"]
            assert (chit.settlement, chit.settled_cost) == ("settled", read_cost(record["total_cost"]))
            assert (chit.provider, chit.latency_ms) == (record["provider_name"], record["latency"])
            assert (await app.store.get_message(running.message.id)).extra["OpenRouter"]["generation"] == record


def restream(exchange: Exchange, seed: int) -> Exchange:
    """The same reply as a stream: each text in random pieces, a usage chunk with no choices, then `[DONE]`."""
    chance = random.Random(seed)
    body = json.loads(exchange.body)
    choice, usage = body["choices"][0], body.pop("usage")
    frame = {**{name: value for name, value in body.items() if name != "choices"}, "object": "chat.completion.chunk"}
    lines = [b": OPENROUTER PROCESSING\n\n"] * chance.randint(0, 3)
    for delta in _deltas(choice["message"], chance):
        lines.append(_event({**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}))
    reasons = {name: choice[name] for name in ("finish_reason", "native_finish_reason")}
    lines.append(_event({**frame, "choices": [{"index": 0, "delta": {"content": ""}, **reasons}]}))
    lines += [_event({**frame, "choices": [], "usage": usage}), b"data: [DONE]\n\n"]
    return Exchange(
        name=exchange.name,
        path=exchange.path,
        request={**exchange.request, "stream": True},
        status=200,
        content_type="text/event-stream",
        generation_header=exchange.generation_header,
        body=b"".join(lines),
    )


def _deltas(message: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in _pieces(message.get("reasoning") or "", chance):
        yield {"reasoning": piece}
    for detail in message.get("reasoning_details") or []:
        yield from _detail_deltas(detail, chance)
    for piece in _pieces(message.get("content") or "", chance):
        yield {"content": piece}
    for index, call in enumerate(message.get("tool_calls") or []):
        function = {**call["function"], "arguments": ""}
        yield {"tool_calls": [{**call, "index": index, "function": function}]}
        for piece in _pieces(call["function"].get("arguments") or "", chance):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
    if message.get("annotations"):
        yield {"annotations": message["annotations"]}


def _detail_deltas(detail: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    growing = next((name for name in ("text", "summary") if detail.get(name)), None)
    if growing is None:
        yield {"reasoning_details": [detail]}
        return
    rest = {name: value for name, value in detail.items() if name not in (growing, "signature")}
    for piece in _pieces(detail[growing], chance):
        yield {"reasoning_details": [{**rest, growing: piece}]}
    if detail.get("signature"):
        yield {"reasoning_details": [{**rest, "signature": detail["signature"]}]}


def _pieces(text: str, chance: random.Random) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + chance.randint(1, 40)
        yield text[start:end]
        start = end


def _event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
