"""Real OpenRouter traffic through client, engine, store and settlement, against another reading of the same bytes."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.replay.reading import Reading, Recorded, load, parse, read
from tests.store.samples import send
from tests.upstream import Exchange, Upstream, collect, event, head, opened, shown_reasoning, shown_text

from chit.app import App
from chit.core import retry
from chit.core.events import Event
from chit.core.generation import Generation
from chit.core.messages import AnnotationPart, Message, ReasoningPart, ToolCallPart
from chit.errors import UpstreamError
from chit.running import Running

RECORDINGS = Path(
    os.environ.get("CHIT_RECORDINGS")
    or Path(__file__).parent.parent.parent.parent / "shared" / "recordings" / "openrouter.jsonl"
)
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_file(), reason=f"no recorded traffic at {RECORDINGS}; CHIT_RECORDINGS may name another place"
)
COMPLETIONS, LOOKUP = "/api/v1/chat/completions", "/api/v1/generation?id="


def completions() -> list[Recorded]:
    """The recorded exchanges that our client could have had."""
    found = [recorded for recorded in load(RECORDINGS) if recorded.path == COMPLETIONS]
    if "CHIT_RECORDINGS" not in os.environ:
        assert len(found) == 157
    return found


def cut(data: bytes, random: Random) -> Iterator[bytes]:
    """`data` in up to thirty pieces, cut anywhere."""
    places = sorted(random.sample(range(1, len(data)), k=min(random.randint(0, 30), len(data) - 1))) if data else []
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        yield data[start:end]


class Replayer:
    """A server that gives the exchange it is set to, in random pieces."""

    def __init__(self, random: Random) -> None:
        self.current: Recorded | None = None
        self._random = random

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one completion; what is looked up beside it, to explain a failure, is not there."""
        if exchange.request.method == "GET":
            await exchange.reply(404, b'{"error": {"code": 404, "message": "Not Found"}}')
            return
        recorded = self.current
        assert recorded is not None
        assert exchange.request.body == recorded.request
        await exchange.send(head(recorded.status, {**recorded.headers, "Content-Length": str(len(recorded.body))}))
        for piece in cut(recorded.body, self._random):
            await exchange.send(piece)


def check(running: Running, events: list[Event], message: Message, row: Generation, recorded: Recorded) -> None:
    """What came back, and what was read again, against the other reading."""
    reading = read(recorded)
    for said, kept in ((running.message, running.generation), (message, row)):
        check_content(said, reading, recorded.name)
        check_figures(kept, reading, recorded)
    assert row.request == recorded.request
    assert message.parts == running.message.parts
    if recorded.is_stream:
        assert shown_text(events) == reading.text, recorded.name
        assert shown_reasoning(events) == reading.reasoning, recorded.name
    if recorded.status != 200:
        assert running.error is not None
        assert isinstance(running.error, UpstreamError)
        seen = (running.error.status, running.error.code, running.error.kind)
        assert seen == (recorded.status, reading.error_code, reading.error_kind), recorded.name
        assert row.error == running.error.as_dict()
    else:
        assert running.error is None, recorded.name
        assert row.error is None


def check_content(message: Message, reading: Reading, name: str) -> None:
    """The parts of the message."""
    calls = [(part.id, part.name, part.arguments) for part in message.parts if isinstance(part, ToolCallPart)]
    notes = [part.annotation for part in message.parts if isinstance(part, AnnotationPart)]
    assert message.text == reading.text, name
    assert message.reasoning == reading.reasoning, name
    assert calls == reading.calls, name
    assert notes == json.loads(json.dumps(reading.annotations, default=float)), name


def check_figures(row: Generation, reading: Reading, recorded: Recorded) -> None:
    """The row of the ledger."""
    named = (row.model, row.provider, row.finish_reason)
    assert row.state == ("done" if recorded.status == 200 else "failed"), recorded.name
    assert row.generation_id == (recorded.headers.get("x-generation-id") or reading.generation_id), recorded.name
    if recorded.status == 200:
        assert named == (reading.model, reading.provider, reading.finish_reason), recorded.name
        assert recorded.headers.get("x-generation-id") in (None, reading.generation_id)
    usage = row.usage
    assert usage.cost == reading.cost, recorded.name
    assert usage.prompt_tokens == reading.count("prompt_tokens"), recorded.name
    assert usage.completion_tokens == reading.count("completion_tokens"), recorded.name
    assert usage.reasoning_tokens == reading.count("reasoning_tokens", "completion_tokens_details"), recorded.name
    assert usage.cached_tokens == reading.count("cached_tokens", "prompt_tokens_details"), recorded.name
    assert usage.is_byok == bool(reading.usage.get("is_byok")), recorded.name


async def replay(recordings: list[Recorded], home: Path, random: Random) -> None:
    """Send every recorded request, and compare what comes back, now and after opening the store again."""
    replayer = Replayer(random)
    outcomes: list[tuple[Running, list[Event], Recorded]] = []
    async with Upstream(replayer) as upstream:
        async with opened(upstream.base_url, home) as app:
            for recorded in recordings:
                replayer.current = recorded
                running = await app.engine.send_request(recorded.request)
                outcomes.append((running, await collect(running), recorded))
        async with opened(upstream.base_url, home) as app:
            for running, events, recorded in outcomes:
                message = await app.store.get_message(running.message.id)
                check(running, events, message, await app.store.get_generation(running.generation.id), recorded)


SEEDS = [*range(5), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(5, 50))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_recorded_replies_mean_what_they_say(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recorded completion, however its bytes are cut, is understood as the other reading understands it."""
    monkeypatch.setattr(retry, "_BACK_OFF", (0.0,))
    await replay(completions(), tmp_path, Random(seed))


# --- unary replies as streams ----------------------------------------------------------------------------------------


def as_stream(recorded: Recorded, random: Random) -> Recorded:
    """The same reply as OpenRouter would have streamed it, in pieces of random size."""
    body = json.loads(recorded.body)
    (choice,) = body["choices"]
    shared = {name: value for name, value in body.items() if name not in ("choices", "usage", "object")}
    shared["object"] = "chat.completion.chunk"
    chunks = [
        shared
        | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "", **delta}, "finish_reason": None}]}
        for delta in _deltas(choice["message"], random)
    ]
    ending = {name: value for name, value in choice.items() if name != "message"}
    chunks.append(shared | {"choices": [{**ending, "delta": {"role": "assistant", "content": ""}}]})
    chunks.append(shared | {"choices": [], "usage": body["usage"]})
    stream = b": OPENROUTER PROCESSING\n\n" + b"".join(map(event, chunks)) + b"data: [DONE]\n\n"
    return Recorded(
        name=f"{recorded.name} as a stream",
        path=recorded.path,
        request=recorded.request,
        status=200,
        headers={**recorded.headers, "content-type": "text/event-stream"},
        body=stream,
    )


def _pieces(text: str, random: Random) -> list[str]:
    places = sorted(random.choices(range(len(text) + 1), k=random.randint(0, 5)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def _deltas(message: dict[str, Any], random: Random) -> Iterator[dict[str, Any]]:
    details = [piece for detail in message.get("reasoning_details") or [] for piece in _split_detail(detail, random)]
    words = _pieces(message["reasoning"], random) if message.get("reasoning") else []
    for word, detail in zip_longest(words, details):  # beside each other, as OpenRouter sends them
        yield {"reasoning": word} | ({} if detail is None else {"reasoning_details": [detail]})
    for piece in _pieces(message["content"], random) if message["content"] else []:
        yield {"content": piece}
    for position, call in enumerate(message.get("tool_calls") or []):
        function = call["function"]
        arguments = function.get("arguments")
        opening = function if arguments is None else {**function, "arguments": ""}
        yield {"tool_calls": [{**call, "index": position, "function": opening}]}
        for piece in _pieces(arguments or "", random):
            yield {"tool_calls": [{"index": position, "type": "function", "function": {"arguments": piece}}]}
    if message.get("annotations"):
        yield {"annotations": message["annotations"]}


def _split_detail(detail: dict[str, Any], random: Random) -> Iterator[dict[str, Any]]:
    growing = {"reasoning.text": "text", "reasoning.summary": "summary"}.get(detail["type"])
    if growing is None or not detail.get(growing):
        yield detail
        return
    common = {name: value for name, value in detail.items() if name not in (growing, "signature")}
    for piece in _pieces(detail[growing], random):
        yield {**common, growing: piece}
    if "signature" in detail:
        yield {**common, growing: "", "signature": detail["signature"]}


RECUT_SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 50))]


@pytest.mark.parametrize("seed", RECUT_SEEDS)
async def test_a_reply_means_the_same_as_a_stream(seed: int, tmp_path: Path) -> None:
    """Every recorded unary reply, streamed in random pieces, gives the same message, details and figures."""
    random = Random(seed)
    unary = [recorded for recorded in completions() if recorded.status == 200 and not recorded.is_stream]
    assert unary
    replayer = Replayer(random)
    async with Upstream(replayer) as upstream, opened(upstream.base_url, tmp_path) as app:
        for recorded in unary:
            await _compare_as_stream(app, replayer, recorded, as_stream(recorded, random))


async def _compare_as_stream(app: App, replayer: Replayer, recorded: Recorded, streamed: Recorded) -> None:
    replayer.current = streamed
    running = await app.engine.send_request(streamed.request)
    events = await collect(running)
    reading = read(recorded)
    row, message = (
        await app.store.get_generation(running.generation.id),
        await app.store.get_message(running.message.id),
    )
    for said, kept in ((running.message, running.generation), (message, row)):
        check_content(said, reading, streamed.name)
        check_figures(kept, reading, streamed)
        details = [detail for part in said.parts if isinstance(part, ReasoningPart) for detail in part.details]
        assert details == json.loads(json.dumps(reading.details, default=float)), streamed.name
    assert shown_text(events) == reading.text, streamed.name


# --- generation records ----------------------------------------------------------------------------------------------


async def test_recorded_generation_records_settle_to_the_last_digit(tmp_path: Path) -> None:
    """Recorded look-ups through client and settlement: a record is kept whole, its cost exact; a 404 stays pending."""
    lookups = [recorded for recorded in load(RECORDINGS) if recorded.path.startswith(LOOKUP)]
    assert {recorded.status for recorded in lookups} == {200, 404}
    current: list[Recorded] = []

    async def answer(exchange: Exchange) -> None:
        assert exchange.request.target == current[0].path
        await exchange.reply(current[0].status, current[0].body, current[0].headers)

    for number, recorded in enumerate(lookups):
        current[:] = [recorded]
        (generation_id,) = parse_qs(recorded.path.partition("?")[2])["id"]
        async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path / str(number)) as app:
            row = await _end_one(app, generation_id)
            if recorded.status != 200:
                with pytest.raises(UpstreamError) as caught:
                    await app.client.fetch_generation(generation_id)
                assert caught.value.status == 404
                (job,) = await app.settler.settle_now([generation_id])
                assert (job.state, job.record) == ("pending", None)
                continue
            data = parse(recorded.body.decode())["data"]
            assert await app.client.fetch_generation(generation_id) == json.loads(recorded.body)["data"]
            await app.settler.settle_now([generation_id])
            settlement = (await app.store.get_generation(row)).settlement
            assert settlement is not None
            assert settlement.info is not None
            assert settlement.record == json.loads(recorded.body)["data"]
            assert settlement.info.total_cost == Decimal(data["total_cost"])
            assert (settlement.info.model, settlement.info.provider) == (data["model"], data["provider_name"])
            tokens = (settlement.info.prompt_tokens, settlement.info.completion_tokens)
            assert tokens == (data["native_tokens_prompt"], data["native_tokens_completion"])


async def _end_one(app: App, generation_id: str) -> str:
    _, answer, generation = await send(app.store)
    await app.store.record_start(generation, generation_id)
    await app.store.record_end(
        Generation(
            id=generation.id,
            message_id=answer.id,
            conversation_id=answer.conversation_id,
            origin="cli",
            request=b"{}",
            streamed=True,
            state="done",
            generation_id=generation_id,
        ),
        answer,
        now=0.0,
    )
    return generation.id
