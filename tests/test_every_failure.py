"""Every failure that upstream can give, through the library: what it is called, and that nothing of it is lost."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.failing import (
    EXPECTED,
    PARTIAL,
    TROUBLES,
    Delivery,
    Trouble,
    break_off_with,
    certify_oneself,
    deliveries,
    find_error_object,
    speak_plainly,
)
from tests.upstream import Upstream, collect, opened, shown_text

from chit.app import App
from chit.core import retry
from chit.core.messages import TextPart
from chit.core.retry import Wait
from chit.errors import UpstreamError
from chit.openrouter.client import Timeouts
from chit.running import Running
from chit.sandbox.failure_table import FAILURES
from chit.sandbox.server import Sandbox

HURRIED = Timeouts(connect=5, first_byte_streaming=0.2, first_byte_unary=0.2, idle=0.2)
GENERIC = ("something went wrong", "{", "  ")
ROWS = [(name, delivery) for name in FAILURES for delivery in deliveries(name)]
TROUBLED = [(name, delivery) for name, trouble in TROUBLES.items() for delivery in trouble.kinds]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions follow at once."""
    monkeypatch.setattr(retry, "Wait", lambda seconds, jitter: Wait(0.0, 0.0))


@asynccontextmanager
async def troubled(trouble: Trouble, home: Path) -> AsyncIterator[tuple[App, Upstream]]:
    """Chit in front of a server that behaves badly."""
    async with Upstream(trouble.answer) as upstream, opened(upstream.base_url, home, timeouts=HURRIED) as app:
        yield app, upstream


async def ask(app: App, model: str, delivery: Delivery) -> Running:
    """One question to its end."""
    running = await app.engine.send([TextPart("Hello?")], parameters={"model": model}, stream=delivery != "unary")
    events = await collect(running)
    await running.wait()
    assert shown_text(events) == (PARTIAL if delivery == "middle" else "")
    return running


def check(running: Running, kind: str, *, retryable: bool, delivery: Delivery) -> UpstreamError:
    """The error is whole: its kind, words for a person, something to do, and the same in the record."""
    error = running.error
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.retryable) == (kind, retryable)
    assert all(text and not any(word in text for word in GENERIC) for text in (error.message, error.hint))
    assert error.actions or error.link or error.kind in ("request_invalid", "payload_too_large")
    assert error.hint.startswith("What had arrived is kept.") == (delivery == "middle")
    assert running.message.text == (PARTIAL if delivery == "middle" else "")
    assert running.generation.error == error.as_dict()
    return error


def test_every_failure_is_expected() -> None:
    """The table by hand has a row for every failure of the sandbox, and no other."""
    assert set(EXPECTED) == set(FAILURES)


@pytest.mark.parametrize(("name", "delivery"), ROWS)
async def test_a_failure_is_called_by_its_name(name: str, delivery: Delivery, tmp_path: Path) -> None:
    """Each failure, refused at once or in the middle of a stream, gets its kind, its remedy and its raw details."""
    expected = EXPECTED[name]
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        if delivery == "middle":
            sandbox.queue(break_off_with(find_error_object(name)))
        running = await ask(app, f"sandbox/error-{name}", delivery)
    kind = (expected.in_the_middle if delivery == "middle" else None) or expected.kind
    error = check(running, kind, retryable=expected.retryable, delivery=delivery)
    assert error.status == (200 if delivery == "middle" else FAILURES[name].status)
    assert error.raw if FAILURES[name].body else error.raw == ""
    assert running.generation.generation_id == ("gen-1" if delivery == "middle" else None)


@pytest.mark.parametrize(("name", "delivery"), TROUBLED)
async def test_what_the_connection_does_is_called_by_its_name(name: str, delivery: Delivery, tmp_path: Path) -> None:
    """Each way a connection or its bytes go wrong gets its kind, and what had arrived is kept."""
    trouble = TROUBLES[name]
    async with troubled(trouble, tmp_path) as (app, upstream):
        running = await ask(app, "a/b", delivery)
    check(running, trouble.kinds[delivery], retryable=True, delivery=delivery)
    assert [request.method for request in upstream.requests] == ["POST"]


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_a_server_without_tls_is_not_trusted(delivery: Delivery, tmp_path: Path) -> None:
    """A failed handshake is its own kind: nothing was sent, and clock, proxy and scanner are to be looked at."""
    server = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
    async with server, opened(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1", tmp_path) as app:
        running = await ask(app, "a/b", delivery)
    error = check(running, "tls", retryable=True, delivery=delivery)
    assert "nothing was sent" in error.message
    assert "clock" in error.hint


async def test_a_certificate_of_its_own_making_is_not_trusted(tmp_path: Path) -> None:
    """A server that vouches for itself gets neither request nor key, and what is wrong with it is in the details."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            seen.append(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certify_oneself(tmp_path))
    async with server, opened(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1", tmp_path) as app:
        running = await ask(app, "a/b", "start")
    error = check(running, "tls", retryable=True, delivery="start")
    assert "certificate" in (error.raw or "")
    assert b"".join(seen) == b""


@pytest.mark.parametrize("delivery", ["unary", "start"])
@pytest.mark.parametrize(
    "base_url", ["https://no-such-host.invalid/api/v1", "refused"], ids=["no such host", "nobody listens"]
)
async def test_an_unreachable_host_is_offline(base_url: str, delivery: Delivery, tmp_path: Path) -> None:
    """A name that leads nowhere and a closed port: nothing was sent, and the network is to be looked at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        async with opened(closed if base_url == "refused" else base_url, tmp_path, timeouts=HURRIED) as app:
            running = await ask(app, "a/b", delivery)
    error = check(running, "offline", retryable=True, delivery=delivery)
    assert "nothing was sent" in error.message
    assert (error.status, running.generation.state) == (None, "failed")
    assert error.raw


@pytest.mark.parametrize("delivery", ["unary", "start"])
async def test_a_dead_proxy_is_blamed(delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not there is named as the cause, and its settings as what to look at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
            running = await ask(app, "a/b", delivery)
    error = check(running, "offline", retryable=True, delivery=delivery)
    assert "proxy" in error.message
    assert "proxy" in error.hint


async def test_a_partial_reply_outlives_its_failure(tmp_path: Path) -> None:
    """What arrived before a cut is found again by the next process, with the error beside it."""
    async with troubled(TROUBLES["a cut"], tmp_path) as (app, _):
        running = await ask(app, "a/b", "middle")
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app, asyncio.timeout(20):
        message = await app.store.get_message(running.message.id)
        row = await app.store.get_generation(running.generation.id)
    assert message.text == PARTIAL
    assert row.error is not None
    assert row.error["kind"] == "stream_cut"
