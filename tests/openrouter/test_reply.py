"""An open reply: its bytes as they come, and how they ended."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.upstream import Exchange, Upstream, head, open_client

from chit.openrouter import reply as reply_module
from chit.openrouter.reply import Reply


@asynccontextmanager
async def replied(answer: Callable[[Exchange], Awaitable[None]]) -> AsyncIterator[Reply]:
    """The reply of a server that answers so."""
    async with Upstream(answer) as upstream, open_client(upstream.base_url) as client:
        reply = await client.open_completion(b"{}", streamed=True)
        assert isinstance(reply, Reply)
        try:
            yield reply
        finally:
            reply.close()


async def test_bytes_come_as_soon_as_they_are_there() -> None:
    """The first piece is handed over while the server still waits for it to be seen before it goes on."""
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(b"one")
        await seen.wait()
        await exchange.chunk(b"two")
        await exchange.chunk(b"")

    async with asyncio.timeout(20), replied(answer) as reply:
        assert await reply.read() == b"one"
        seen.set()
        assert await reply.read_all() == b"two"
        assert await reply.read() == b""
        assert reply.fault is None


async def test_a_body_that_ends_early_is_cut() -> None:
    """What came is handed over; then the end carries a fault."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Content-Type": "application/json", "Content-Length": "10"}) + b"half")
        exchange.hang_up()

    async with replied(answer) as reply:
        assert await reply.read_all() == b"half"
        assert await reply.read() == b""
        assert reply.fault is not None
        assert (reply.fault.phase, reply.fault.cause) == ("streaming", "cut")


async def test_a_reset_in_the_body_is_a_cut() -> None:
    """A TCP reset in the middle of a stream is a break after a good start."""
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(b"half")
        await seen.wait()
        exchange.reset()

    async with asyncio.timeout(20), replied(answer) as reply:
        assert await reply.read() == b"half"
        seen.set()
        assert await reply.read() == b""
        assert reply.fault is not None
        assert (reply.fault.phase, reply.fault.cause) == ("streaming", "cut")


async def test_broken_chunking_is_a_cut() -> None:
    """Bytes that are no chunks end the reply with a fault, not with an exception."""
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(b"good")
        await seen.wait()
        await exchange.send(b"zz\r\nnot a chunk\r\n")

    async with asyncio.timeout(20), replied(answer) as reply:
        assert await reply.read() == b"good"
        seen.set()
        assert await reply.read() == b""
        assert reply.fault is not None
        assert reply.fault.phase == "streaming"


async def test_a_body_that_is_not_the_gzip_it_claims_to_be_is_a_fault() -> None:
    """A compressed body that cannot be unpacked ends in a fault after a good start."""

    async def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Content-Length": "7"}
        await exchange.send(head(200, headers) + b"notgzip")

    async with replied(answer) as reply:
        assert await reply.read_all() == b""
        assert reply.fault is not None
        assert reply.fault.phase == "streaming"


async def test_a_reply_beyond_the_cap_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small body that unpacks to more than the cap is stopped there, decompressed bytes counted."""
    monkeypatch.setattr(reply_module, "MAX_REPLY_BYTES", 100_000)
    body = gzip.compress(b" " * 10_000_000)
    assert len(body) < 100_000

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, body, {"Content-Type": "application/json", "Content-Encoding": "gzip"})

    async with replied(answer) as reply:
        assert len(await reply.read_all()) <= 100_000
        assert reply.fault is not None
        assert (reply.fault.phase, reply.fault.cause) == ("streaming", "garbled")


async def test_closing_is_seen_by_upstream() -> None:
    """`close` ends the connection at once, and once more does no harm."""
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.gone()
        left.set()

    async with asyncio.timeout(20), replied(answer) as reply:
        reply.close()
        await left.wait()
        reply.close()


@pytest.mark.parametrize(
    ("content_type", "is_stream"),
    [("text/event-stream", True), ("Text/Event-Stream; charset=utf-8", True), ("application/json", False), ("", False)],
)
async def test_a_stream_is_known_by_its_type(content_type: str, is_stream: bool) -> None:
    """Parameters and case of the content type do not matter."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, b"", {"Content-Type": content_type} if content_type else {})

    async with replied(answer) as reply:
        assert reply.is_stream is is_stream


async def test_an_empty_id_header_is_no_id() -> None:
    """A header without a value names nothing."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, b"", {"X-Generation-Id": ""})

    async with replied(answer) as reply:
        assert reply.generation_id is None
