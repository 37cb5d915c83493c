"""Calls that cost: what programs get is what OpenRouter sent, and all of it is in the history."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import TOKEN, opened_shop, read_answer, read_chunk, read_head
from tests.api.speech import (
    CHAT,
    EMBEDDINGS,
    MESSAGE,
    MESSAGE_STREAM,
    MESSAGES,
    QUESTION,
    RESPONSE,
    RESPONSE_STREAM,
    RESPONSES,
    VECTORS,
    chunks,
    completion,
    encode,
    say,
    stream,
)
from tests.upstream import DONE, Exchange, Upstream, text_chunk, until

from chit.core.local_token import hash_token

ASKED_OTHERWISE = {"model": "a/b", "input": "hi"}


@pytest.mark.parametrize(
    ("path", "asked", "body"),
    [
        (CHAT, QUESTION, completion()),
        (EMBEDDINGS, ASKED_OTHERWISE, VECTORS),
        (RESPONSES, ASKED_OTHERWISE, encode(RESPONSE)),
        (MESSAGES, QUESTION, MESSAGE),
    ],
)
async def test_a_reply_comes_as_it_was_sent(path: str, asked: Any, body: bytes, tmp_path: Path) -> None:
    """Unary, in each dialect: the same bytes, and a generation with its cost, its words, its token."""
    sent = b'  {"unheard" : "of", ' + json.dumps(asked).encode()[1:]
    async with (
        Upstream(say(body, X_OpenRouter_Cache_Status="MISS", Set_Cookie="a=b")) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(f"{path}?beta=true&a=%20b", sent)
        assert (got.status, got.body) == (200, body)
        assert (got.headers["content-type"], got.headers["x-generation-id"]) == ("application/json", "gen-1")
        assert got.headers["x-openrouter-cache-status"] == "MISS"
        assert not got.headers.keys() & {"set-cookie", "x-should-retry"}
        [request] = upstream.requests
        assert (request.target, request.body) == (f"/api{path}?beta=true&a=%20b", sent)
        found = await shop.app.store.find("gen-1")
        assert found is not None
        generation = await shop.app.store.get_generation(found.id)
        assert (generation.state, generation.origin, generation.token) == ("done", "api", hash_token(TOKEN))
        assert (generation.request, generation.streamed, generation.requested_model) == (sent, False, "a/b")
        assert generation.usage.cost == (None if path == MESSAGES else Decimal("0.25"))
        messages = await shop.app.store.list_messages(generation.conversation_id)
        assert [each.text for each in messages] == ["hi", "" if path == EMBEDDINGS else "yes"]
        assert b"embedding" not in json.dumps(generation.completion).encode() or path != EMBEDDINGS
        assert await shop.app.store.list_conversations(None, 10) == []


@pytest.mark.parametrize(
    ("path", "asked", "body"),
    [
        (CHAT, QUESTION, b": OPENROUTER PROCESSING\n\n" + chunks("ye", "s") + b": bye\r\n"),
        (RESPONSES, ASKED_OTHERWISE, RESPONSE_STREAM),
        (MESSAGES, QUESTION, MESSAGE_STREAM),
    ],
)
async def test_a_stream_comes_as_it_was_sent(path: str, asked: Any, body: bytes, tmp_path: Path) -> None:
    """In each dialect that streams, comments included, and its words are in the history."""
    pieces = [body[:40], body[40:47], body[47:]]
    async with Upstream(stream(*pieces)) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path, {**asked, "stream": True})
        assert (got.status, got.body, got.is_whole) == (200, body, True)
        assert (got.headers["content-type"], got.headers["x-generation-id"]) == ("text/event-stream", "gen-1")
        assert "content-length" not in got.headers
        found = await shop.app.store.find("gen-1")
        assert found is not None
        generation = await shop.app.store.get_generation(found.id)
        assert (generation.state, generation.streamed) == ("done", True)
        messages = await shop.app.store.list_messages(generation.conversation_id)
        assert [each.text for each in messages] == ["hi", "yes"]
        assert await shop.app.store.load_received(generation) == b""


async def test_nothing_is_shown_before_it_is_kept(tmp_path: Path) -> None:
    """Promise G1: when a program has seen bytes of a stream, the id and those bytes are in the store."""
    gate = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream({"Content-Type": "text/event-stream", "X-Generation-Id": "gen-1"})
        await exchange.chunk(text_chunk("one"))
        await gate.wait()
        await exchange.chunk(text_chunk("", finish="stop") + DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, _ = await shop.begin(CHAT, QUESTION | {"stream": True})
        await read_head(reader)
        found = await shop.app.store.find("gen-1")
        assert found is not None
        assert await read_chunk(reader) == text_chunk("one")
        generation = await shop.app.store.get_generation(found.id)
        assert (generation.state, await shop.app.store.load_received(generation)) == ("streaming", text_chunk("one"))
        gate.set()
        rest = b""
        while piece := await read_chunk(reader):
            rest += piece
        assert rest == text_chunk("", finish="stop") + DONE
        assert (await shop.app.store.get_generation(found.id)).state == "done"


async def test_a_stream_that_is_answered_by_json(tmp_path: Path) -> None:
    """It is what OpenRouter sent."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION | {"stream": True})
        assert (got.status, got.body) == (200, completion())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": "\xff"}', b'{"a":' * 300 + b"1" + b"}" * 300])
async def test_what_is_no_json_object_is_refused(body: bytes, tmp_path: Path) -> None:
    """In the caller's shape, without a row and without a call."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, body)
        assert (got.status, got.json()["error"]["code"]) == (400, "invalid_json")
        assert got.headers["x-should-retry"] == "false"
        assert (upstream.requests, await shop.app.store.find_last_reply("api")) == ([], None)


async def test_it_answers_on_one_connection_after_the_other(tmp_path: Path) -> None:
    """A program that keeps its connection gets its next answer on it, after streams as well."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, writer = await shop.begin(CHAT, QUESTION, headers={"Connection": ""})
        assert (await read_answer(reader)).body == completion()
        body = json.dumps(QUESTION).encode()
        writer.write(
            f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}\r\nx-api-key: {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        assert (await read_answer(reader)).body == completion()
        await until(lambda: len(upstream.requests) == 2)
