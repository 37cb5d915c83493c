"""Replaying recorded traffic."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.sandbox.replay import Recording, Recordings, make_replayed_usage
from chit.sandbox.server import Sandbox

SHARED = Path(__file__).parents[3] / "shared" / "recordings" / "openrouter.jsonl"
CHAT = "/api/v1/chat/completions"
JSON = {"content-type": "application/json"}


def exchange(
    body: Any,
    answer: str,
    *,
    path: str = CHAT,
    status: int = 200,
    headers: Mapping[str, str] = JSON,
    method: str = "POST",
) -> dict[str, Any]:
    """One line of a recording."""
    response = {"status": status, "headers": headers, "body": answer}
    return {"name": "x", "request": {"method": method, "path": path, "body": body}, "response": response}


async def post(sandbox: Sandbox, body: Any, path: str = "/chat/completions") -> tuple[int, dict[str, str], bytes]:
    """The whole reply to a body."""
    headers = {"Authorization": "Bearer sk-or-v1-x"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(sandbox.base_url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, dict(answer.headers), await answer.read()


async def get(sandbox: Sandbox, generation_id: str) -> tuple[int, Any]:
    """The reply to a lookup, parsed."""
    headers = {"Authorization": "Bearer sk-or-v1-x"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.base_url}/generation?id={generation_id}", headers=headers) as answer,
    ):
        return answer.status, await answer.json()


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes exchanges to a file and returns its path."""

    def write(*exchanges: dict[str, Any]) -> Path:
        path = tmp_path / "recorded.jsonl"
        path.write_text("\n".join(json.dumps(entry) for entry in exchanges) + "\n\n")
        return path

    return write


async def test_bytes_come_back_and_take_turns(recorded: Callable[..., Path]) -> None:
    """Equal bodies get the recorded bytes, several answers in rotation; other bodies the sandbox's own words."""
    stream = {"content-type": "text/event-stream", "x-generation-id": "gen-1-b"}
    event = (
        'data: {"id":"gen-1-b","model":"m","provider":"P","choices":[{"finish_reason":"stop"}],"usage":{"cost":1.5e-7}}'
    )
    two = f": OPENROUTER PROCESSING\n\n{event}\n\ndata: [1]\n\ndata: {{\n\ndata: [DONE]\n\n"
    path = recorded(
        exchange({"a": 1, "b": "ü"}, '{"id":"gen-1-a","usage":{"cost":0.5,"prompt_tokens":3}}'),
        exchange({"b": "ü", "a": 1}, two, headers=stream),
        exchange({"a": 1}, '{"embedding":[]}', path="/api/v1/embeddings"),
        exchange(None, "", path="/api/v1/nothing"),
    )
    async with Sandbox(pace=0, settle_after=0, recordings=path) as sandbox:
        first, second, third = [await post(sandbox, {"b": "ü", "a": 1}) for _ in range(3)]
        assert first[2] == third[2] == b'{"id":"gen-1-a","usage":{"cost":0.5,"prompt_tokens":3}}'
        assert (second[1]["x-generation-id"], second[2]) == ("gen-1-b", two.encode())
        assert (await post(sandbox, {"a": 1}, "/rerank"))[2] == b'{"embedding":[]}'
        assert (await post(sandbox, {"a": 1}))[2] == b'{"embedding":[]}'
        assert (await post(sandbox, {"a": 2}, "/rerank"))[0] == 404
        assert (await post(sandbox, {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}))[
            0
        ] == 200
        record = (await get(sandbox, "gen-1-b"))[1]["data"]
        assert (record["total_cost"], record["finish_reason"], record["provider_name"]) == (1.5e-7, "stop", "P")
        generation = sandbox.ledger.find_generation("gen-1-a")
        assert generation is not None
        assert generation.billed is not None
        assert generation.billed.prompt_tokens == 3


async def test_streamed_responses_are_billed(recorded: Callable[..., Path]) -> None:
    """The last event of `/responses` holds the usage, in names of its own."""
    usage = {"input_tokens": 3, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "cost": 0.25}
    events = [
        {"type": "response.created", "response": {"id": "gen-1-a", "model": "m", "usage": None}},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.completed", "response": {"id": "gen-1-a", "model": "m", "usage": usage}},
    ]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    headers = {"content-type": "text/event-stream"}
    path = recorded(exchange({"a": 1}, stream, path="/api/v1/responses", headers=headers))
    async with Sandbox(pace=0, settle_after=0, recordings=path) as sandbox:
        assert (await post(sandbox, {"a": 1}, "/responses"))[2] == stream.encode()
        (generation,) = sandbox.ledger.generations
        assert generation.billed is not None
        assert (generation.id, generation.model, generation.billed.cost) == ("gen-1-a", "m", Decimal("0.25"))
        counts = (
            generation.billed.prompt_tokens,
            generation.billed.completion_tokens,
            generation.billed.reasoning_tokens,
        )
        assert counts == (3, 5, 2)


async def test_recorded_lookups_come_first(recorded: Callable[..., Path]) -> None:
    """Recorded failures of a lookup come once each, a recorded success for good, then the synthetic record."""
    lookup = "/api/v1/generation?id="
    path = recorded(
        exchange(None, '{"error":{}}', path=f"{lookup}gen-1", status=404, method="GET"),
        exchange(None, '{"data":{"id":"gen-1"}}', path=f"{lookup}gen-1", method="GET"),
        exchange(None, '{"error":{}}', path=f"{lookup}gen-2", status=404, method="GET"),
        exchange({"a": 1}, '{"id":"gen-2","usage":{"cost":null}}'),
    )
    async with Sandbox(pace=0, settle_after=0, recordings=path) as sandbox:
        await post(sandbox, {"a": 1})
        assert [(await get(sandbox, "gen-1"))[0] for _ in range(3)] == [404, 200, 200]
        assert [(await get(sandbox, "gen-2"))[0] for _ in range(3)] == [404, 200, 200]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared recordings are not part of the project")
async def test_real_recordings_replay_byte_for_byte() -> None:
    """Every recorded POST, asked in recorded order, is answered with its recorded status and bytes."""
    lines = [json.loads(line) for line in SHARED.read_text().splitlines()]
    posts = [
        line for line in lines if line["request"]["method"] == "POST" and isinstance(line["request"]["body"], dict)
    ]
    async with Sandbox(pace=0, settle_after=0, recordings=SHARED) as sandbox:
        for line in posts:
            path = line["request"]["path"].removeprefix("/api/v1")
            status, _, body = await post(sandbox, line["request"]["body"], path)
            assert (status, body.decode()) == (line["response"]["status"], line["response"]["body"])
        for generation in sandbox.ledger.generations:
            await get(sandbox, generation.id)
            status, answer = await get(sandbox, generation.id)
            assert status == 200
            assert generation.billed is not None
            assert answer["data"]["total_cost"] == float(generation.billed.cost)


@given(st.binary(max_size=300), st.randoms())
def test_pieces_add_up(body: bytes, random: Random) -> None:
    """Wherever a body is cut, its pieces are the body."""
    assert b"".join(Recording(status=200, headers={}, body=body).cut(random)) == body


def test_usage_without_details_is_read() -> None:
    """Missing and null members of a recorded usage count as zero."""
    usage = make_replayed_usage(
        {"prompt_tokens_details": None, "completion_tokens_details": {"reasoning_tokens": None}}
    )
    assert (usage.cost, usage.reasoning_tokens) == (Decimal(0), 0)


def test_nothing_recorded_answers_nothing() -> None:
    """Without recordings nothing is found."""
    assert Recordings().find_answer(CHAT, {}) is None
    assert Recordings().find_lookup("gen-1") is None
