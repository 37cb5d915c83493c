"""The client against real sockets: what it sends, where it never sends it, and what it makes of what comes back."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.canaries import echo_forms, find_canary
from tests.upstream import DONE, Exchange, Upstream, give_key, head, open_client, text_chunk

from chit.about import VERSION
from chit.core.fault import Fault
from chit.core.secret import Secret
from chit.errors import KeyUnavailable, UpstreamError
from chit.openrouter import records
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.openrouter.reply import Reply
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.server import Sandbox

BODY = b'{"messages": []}'
QUICK = Timeouts(connect=5, first_byte_streaming=0.05, first_byte_unary=0.05, idle=0.05, lookup=0.05)
PATIENT = Timeouts(connect=20, first_byte_streaming=20, first_byte_unary=20, idle=20, lookup=20)


async def post(base_url: str, *, streamed: bool = True, timeouts: Timeouts = PATIENT, **members: Any) -> Reply | Fault:
    """One completion, its reply closed; only what is known of it then remains."""
    async with open_client(base_url, timeouts=timeouts, **members) as client:
        reply = await client.open_completion(BODY, streamed=streamed, model="a/b")
        if isinstance(reply, Reply):
            await reply.read_all()
            reply.close()
        return reply


async def fault_of(base_url: str, *, streamed: bool = True, timeouts: Timeouts = PATIENT) -> Fault:
    """What went wrong, before a good reply or in it."""
    outcome = await post(base_url, streamed=streamed, timeouts=timeouts)
    fault = outcome.fault if isinstance(outcome, Reply) else outcome
    assert fault is not None
    return fault


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def say(status: int, body: bytes = b"", **headers: str) -> Any:
    """An answer of one whole reply."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, body, {"Content-Type": "application/json", **headers})

    return answer


# --- what is sent ----------------------------------------------------------------------------------------------------


async def test_a_completion_carries_key_attribution_and_exactly_its_body() -> None:
    """The key, the app's name and address, our user agent and the body's own bytes go out, and nothing else of ours."""
    async with Upstream(say(200, b"{}")) as upstream:
        await post(upstream.base_url, app_name="Tester", app_url="https://example.com/app")
    (request,) = upstream.requests
    assert (request.method, request.target, request.body) == ("POST", "/api/v1/chat/completions", BODY)
    assert request.headers["authorization"] == f"Bearer {SANDBOX_KEY}"
    assert request.headers["x-openrouter-title"] == "Tester"
    assert request.headers["http-referer"] == "https://example.com/app"
    assert request.headers["user-agent"] == f"chit/{VERSION}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "text/event-stream"
    assert "cookie" not in request.headers


async def test_a_unary_completion_asks_for_no_stream() -> None:
    """Without streaming nothing asks for events, and without an app address none is named."""
    async with Upstream(say(200, b"{}")) as upstream:
        await post(upstream.base_url, streamed=False)
    assert upstream.requests[0].headers["accept"] != "text/event-stream"
    assert "http-referer" not in upstream.requests[0].headers


@pytest.mark.parametrize("slash", ["", "/"])
async def test_paths_join_a_base_url_with_and_without_a_slash(slash: str) -> None:
    """Paths are put after the base URL's own path with exactly one slash."""
    async with Upstream(say(200, b'{"data": {}}')) as upstream, open_client(upstream.base_url + slash) as client:
        await client.fetch_key()
    assert upstream.requests[0].target == "/api/v1/key"


async def test_a_generation_id_is_quoted() -> None:
    """An id with the characters of an address stays one value of the query, character for character."""
    odd = "gen-a&b=c/d?e#f%41+g h"
    async with Upstream(say(404, b'{"error": {"code": 404}}')) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError):
            await client.fetch_generation(odd)
    path, _, query = upstream.requests[0].target.partition("?")
    assert path == "/api/v1/generation"
    assert parse_qs(query, strict_parsing=True) == {"id": [odd]}


async def test_the_key_is_asked_before_each_call_and_its_absence_raised() -> None:
    """A key that is gone raises `KeyUnavailable` before anything is sent, from paid and free calls alike."""

    def no_key() -> Secret:
        raise KeyUnavailable("locked")

    async with Upstream(say(200)) as upstream, OpenRouterClient(base_url=upstream.base_url, key=no_key) as client:
        with pytest.raises(KeyUnavailable):
            await client.open_completion(BODY, streamed=False)
        with pytest.raises(KeyUnavailable):
            await client.fetch_key()
    assert upstream.requests == []


async def test_a_netrc_file_neither_replaces_the_key_nor_stops_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials that a person keeps for other programs are neither sent nor in the way."""
    (tmp_path / "netrc").write_text("default login somebody password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with Upstream(say(200, b'{"data": {}}')) as upstream, open_client(upstream.base_url) as client:
        assert isinstance(await client.open_completion(BODY, streamed=False), Reply)
        await client.fetch_key()
    assert [request.headers["authorization"] for request in upstream.requests] == [f"Bearer {SANDBOX_KEY}"] * 2


async def test_cookies_are_not_kept() -> None:
    """A cookie that upstream sets does not come back with the next call."""
    answer = say(200, b'{"data": {}}', **{"Set-Cookie": "a=b; Path=/"})
    async with Upstream(answer) as upstream, open_client(upstream.base_url) as client:
        await client.fetch_key()
        await client.fetch_key()
    assert all("cookie" not in request.headers for request in upstream.requests)


# --- where it never goes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """A redirect to another server is a failure, and that server never hears of the key or the request."""
    async with Upstream(say(200, b'{"data": {}}')) as elsewhere:
        away = say(status, b"", Location=f"{elsewhere.base_url}/key")
        async with Upstream(away) as upstream, open_client(upstream.base_url) as client:
            fault = await client.open_completion(BODY, streamed=False)
            assert isinstance(fault, Fault)
            assert (fault.phase, fault.status) == ("replied", status)
            with pytest.raises(UpstreamError) as caught:
                await client.fetch_key()
            assert caught.value.status == status
    assert elsewhere.connections == 0
    assert len(upstream.requests) == 2


async def test_a_proxy_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy` receives the request with its full address, for paid and free calls."""
    async with Upstream(say(200, b'{"data": {}}')) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        async with open_client("http://openrouter.test/api/v1") as client:
            await client.fetch_key()
            await client.open_completion(BODY, streamed=False)
    assert [request.target for request in proxy.requests] == [
        "http://openrouter.test/api/v1/key",
        "http://openrouter.test/api/v1/chat/completions",
    ]


async def test_a_host_that_needs_no_proxy_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """`no_proxy` keeps the proxy out of the way."""
    async with Upstream(say(200, b'{"data": {}}')) as proxy, Upstream(say(200, b'{"data": {}}')) as upstream:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with open_client(upstream.base_url) as client:
            await client.fetch_key()
    assert (proxy.connections, upstream.connections) == (0, 1)


async def test_a_proxy_that_is_down_means_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection to the proxy is `unsent` and blamed on the proxy."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    fault = await fault_of("http://openrouter.test/api/v1")
    assert (fault.phase, fault.cause) == ("unsent", "proxy")


async def test_a_proxy_that_refuses_the_tunnel_means_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An https call through a proxy that answers CONNECT with 403 is `unsent` and blamed on the proxy."""
    async with Upstream(say(403)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        fault = await fault_of("https://openrouter.test/api/v1")
    assert (fault.phase, fault.cause) == ("unsent", "proxy")
    assert proxy.requests[0].method == "CONNECT"
    assert "authorization" not in proxy.requests[0].headers


async def test_a_proxy_of_another_kind_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy, which aiohttp cannot use, is an error in words and nothing is sent around it."""
    async with Upstream(say(200)) as upstream, open_client(upstream.base_url) as client:
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(UpstreamError) as caught:
            await client.open_completion(BODY, streamed=False)
    assert caught.value.kind == "offline"
    assert "proxy" in caught.value.message
    assert upstream.connections == 0


# --- connections -----------------------------------------------------------------------------------------------------


async def test_paid_calls_never_share_a_connection() -> None:
    """Each paid POST opens a connection of its own, even after one that could be kept, and says that it closes it."""
    async with Upstream(say(200, b"{}")) as upstream, open_client(upstream.base_url) as client:
        for _ in range(3):
            reply = await client.open_completion(BODY, streamed=False)
            assert isinstance(reply, Reply)
            assert await reply.read_all() == b"{}"
            reply.close()
    assert [request.connection for request in upstream.requests] == [1, 2, 3]


async def test_a_paid_call_does_not_take_over_the_connection_of_a_free_one() -> None:
    """Free calls keep their connection among themselves; a paid one beside them opens its own."""
    async with Upstream(say(200, b'{"data": {}}')) as upstream, open_client(upstream.base_url) as client:
        await client.fetch_key()
        await client.fetch_key()
        await client.open_completion(BODY, streamed=False)
        await client.fetch_key()
    assert [request.connection for request in upstream.requests] == [1, 1, 2, 1]


async def test_a_closed_client_opens_anew() -> None:
    """`close` may be called twice, also before anything was opened, and a later call connects again."""
    async with Upstream(say(200, b'{"data": {}}')) as upstream:
        client = open_client(upstream.base_url)
        await client.close()
        await client.fetch_key()
        await client.close()
        await client.fetch_key()
        await client.close()
        await client.close()
    assert upstream.connections == 2


# --- nothing was sent ------------------------------------------------------------------------------------------------


async def test_a_refused_connection_is_unsent() -> None:
    """Nobody listens: the phase says that nothing was sent."""
    fault = await fault_of(f"http://127.0.0.1:{free_port()}/api/v1")
    assert (fault.phase, fault.cause, fault.status) == ("unsent", "connect", None)


async def test_a_name_that_does_not_resolve_is_unsent() -> None:
    """A failure of DNS is told apart and nothing was sent."""
    fault = await fault_of("http://no-such-host.invalid/api/v1")
    assert (fault.phase, fault.cause) == ("unsent", "dns")


async def test_a_failed_handshake_is_unsent() -> None:
    """Https to a port that speaks plain text fails in TLS, before the request and the key."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        fault = await fault_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1")
    assert (fault.phase, fault.cause) == ("unsent", "tls")
    assert SANDBOX_KEY.encode() not in b"".join(seen)


async def test_a_connection_that_takes_too_long_is_unsent() -> None:
    """A listener whose queue is full never completes the handshake of TCP: that is a connect failure."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        fault = await fault_of(base_url, timeouts=Timeouts(connect=0.05))
    assert (fault.phase, fault.cause) == ("unsent", "connect")


# --- sent, and no good reply -----------------------------------------------------------------------------------------


async def test_a_reset_before_the_headers_is_unanswered() -> None:
    """The request was sent and the connection reset: it may have been billed."""

    async def answer(exchange: Exchange) -> None:
        exchange.reset()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url)
    assert (fault.phase, fault.cause, len(upstream.requests)) == ("unanswered", "reset", 1)


async def test_a_close_before_the_headers_is_unanswered_and_not_sent_again() -> None:
    """A server that hangs up after reading the request gets it once only."""

    async def answer(exchange: Exchange) -> None:
        exchange.hang_up()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url)
    assert (fault.phase, fault.cause, len(upstream.requests)) == ("unanswered", "reset", 1)


async def test_bytes_that_are_not_http_are_unanswered() -> None:
    """What is no reply at all leaves the outcome open."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"SSH-2.0-nonsense\r\n\r\n")

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url)
    assert fault.phase == "unanswered"
    assert fault.cause in ("garbled", "reset")


@pytest.mark.parametrize("streamed", [True, False])
async def test_silence_before_the_headers_is_a_timeout(streamed: bool) -> None:
    """The first-byte limit of each kind of call ends the wait; the outcome is open."""

    async def answer(exchange: Exchange) -> None:
        await exchange.gone()

    limits = (
        Timeouts(first_byte_streaming=0.05, first_byte_unary=20)
        if streamed
        else Timeouts(first_byte_streaming=20, first_byte_unary=0.05)
    )
    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url, streamed=streamed, timeouts=limits)
    assert (fault.phase, fault.cause) == ("unanswered", "timeout")


# --- replies that are failures ---------------------------------------------------------------------------------------


async def test_a_failure_keeps_what_the_reply_said() -> None:
    """Status, code, words, headers and the id of a refused completion are in the fault, with model and tools."""
    body = b'{"error": {"message": "Slow down", "code": 429}}'
    headers = {"X-Generation-Id": "gen-9", "Retry-After": "7"}
    async with Upstream(say(429, body, **headers)) as upstream, open_client(upstream.base_url) as client:
        fault = await client.open_completion(BODY, streamed=True, model="a/b", uses_tools=True)
    assert isinstance(fault, Fault)
    assert (fault.phase, fault.status, fault.code, fault.text) == ("replied", 429, 429, "Slow down")
    assert (fault.generation_id, fault.retry_after) == ("gen-9", 7.0)
    assert (fault.requested_model, fault.uses_tools, fault.raw) == ("a/b", True, body.decode())


async def test_an_endless_error_body_is_cut_off() -> None:
    """Of an endless error body about a megabyte is kept, and upstream sees the connection close."""
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "text/html", "Transfer-Encoding": "chunked"}
        await exchange.send(head(500, headers))
        try:
            while True:
                await exchange.chunk(b"x" * 65536)
        except ConnectionError:
            left.set()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url)
        async with asyncio.timeout(20):
            await left.wait()
    assert fault.raw is not None
    assert 1024 * 1024 <= len(fault.raw) < 2 * 1024 * 1024
    assert (fault.status, fault.has_json_error) == (500, False)


async def test_an_error_body_that_breaks_off_still_has_its_status() -> None:
    """The status and the part of the text that came are kept when the rest never does."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(head(503, {"Content-Length": "100"}) + b"half")
        exchange.hang_up()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url)
    assert (fault.phase, fault.status, fault.has_json_error) == ("replied", 503, False)


async def test_an_error_body_that_stalls_is_given_up() -> None:
    """Silence in the middle of an error's text ends after the idle limit."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(head(502, {"Content-Length": "100"}) + b"half")
        await exchange.gone()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url, timeouts=Timeouts(idle=0.05))
    assert (fault.phase, fault.status, fault.raw) == ("replied", 502, "half")


# --- good replies, odd ones among them -------------------------------------------------------------------------------


async def test_the_generation_id_comes_from_the_header() -> None:
    """`X-Generation-Id` is read from the head, before any byte of the body."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream({"Content-Type": "text/event-stream", "X-Generation-Id": "gen-7"})
        await exchange.gone()

    async with Upstream(answer) as upstream, open_client(upstream.base_url) as client:
        reply = await client.open_completion(BODY, streamed=True)
        assert isinstance(reply, Reply)
        assert (reply.generation_id, reply.status, reply.is_stream) == ("gen-7", 200, True)
        assert reply.headers["x-generation-id"] == "gen-7"
        reply.close()


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, b'{"id": "gen-1"}', "application/json"),
        (200, b"<html>", "text/html"),
        (200, b'{"error": {"message": "no"}}', "application/json; charset=utf-8"),
        (204, b"", "application/json"),
    ],
)
async def test_any_good_status_is_a_reply(status: int, body: bytes, content_type: str) -> None:
    """A request to stream that is answered by something else is handed over as it is, and is no stream."""
    async with (
        Upstream(say(status, body, **{"Content-Type": content_type})) as upstream,
        open_client(upstream.base_url) as client,
    ):
        reply = await client.open_completion(BODY, streamed=True)
        assert isinstance(reply, Reply)
        assert (reply.status, reply.is_stream, reply.generation_id) == (status, False, None)
        assert await reply.read_all() == body
        assert reply.fault is None
        reply.close()


async def test_silence_in_a_stream_is_a_stall() -> None:
    """A stream that says something and then nothing has stalled after the idle limit, not the first-byte one."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(text_chunk("Hello"))
        await exchange.gone()

    async with Upstream(answer) as upstream:
        fault = await fault_of(upstream.base_url, timeouts=Timeouts(first_byte_streaming=20, idle=0.05))
    assert (fault.phase, fault.cause) == ("streaming", "stalled")


async def test_silence_right_after_the_headers_is_a_stall() -> None:
    """Once the headers are there the idle limit counts, however patient the first-byte limit is."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Content-Type": "application/json", "Content-Length": "10"}))
        await exchange.gone()

    async with Upstream(answer) as upstream:
        async with asyncio.timeout(15):
            fault = await fault_of(
                upstream.base_url, streamed=False, timeouts=Timeouts(first_byte_unary=600, idle=0.05)
            )
    assert (fault.phase, fault.cause) == ("streaming", "stalled")


async def test_comments_are_life() -> None:
    """A stream that sends only comments for several times the idle limit does not stall."""
    idle = 1.0

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        for _ in range(6):
            await exchange.chunk(b": OPENROUTER PROCESSING\n\n")
            await asyncio.sleep(idle / 4)  # the pace is what is tested
        await exchange.chunk(DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream:
        outcome = await post(upstream.base_url, timeouts=Timeouts(idle=idle))
    assert isinstance(outcome, Reply)
    assert outcome.fault is None


# --- free calls ------------------------------------------------------------------------------------------------------


async def test_free_calls_read_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, credits, models, the account's models and providers come back as OpenRouter's own records."""
    async with Sandbox(pace=0) as sandbox:
        async with open_client(sandbox.base_url) as client:
            assert (await client.fetch_key())["is_management_key"] is False
            everything = await client.fetch_models()
            sandbox.account.data_policy = "deny"
            allowed = await client.fetch_my_models()
            providers = await client.fetch_providers()
            with pytest.raises(UpstreamError) as refused:
                await client.fetch_credits()
        async with OpenRouterClient(base_url=sandbox.base_url, key=lambda: Secret(MANAGEMENT_KEY)) as manager:
            assert await manager.fetch_credits() == {"total_credits": 25.0, "total_usage": 0.0}
    assert {model["id"] for model in allowed} < {model["id"] for model in everything}
    assert all(provider["slug"] for provider in providers)
    assert (refused.value.kind, refused.value.status) == ("key_wrong_kind", 403)


async def test_a_generation_is_fetched_once_it_is_there() -> None:
    """404 is an `UpstreamError` with that status until the record exists; then it comes back whole."""
    async with Sandbox(pace=0, settle_after=3600) as sandbox, open_client(sandbox.base_url) as client:
        reply = await client.open_completion(
            json.dumps({"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]}).encode(),
            streamed=False,
        )
        assert isinstance(reply, Reply)
        await reply.read_all()
        reply.close()
        generation_id = reply.generation_id or ""
        with pytest.raises(UpstreamError) as missing:
            await client.fetch_generation(generation_id)
        sandbox.settle_after = 0
        record = await client.fetch_generation(generation_id)
    assert missing.value.status == 404
    assert record["id"] == generation_id
    assert "data_region" in record


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"",
        b"{}",
        b'{"data": null}',
        b'{"data": "text"}',
        b'{"data": 5}',
        b"<html>hello</html>",
        b'{"data": {"a": 1}',
    ],
)
async def test_a_malformed_record_is_explained(body: bytes) -> None:
    """Anything but an object in `data` is an unexpected reply, never a crash and never an empty record."""
    async with Upstream(say(200, body)) as upstream, open_client(upstream.base_url) as client:
        for fetch in (client.fetch_key, client.fetch_credits, client.fetch_models, client.fetch_providers):
            with pytest.raises(UpstreamError) as caught:
                await fetch()
            assert caught.value.kind in ("unexpected_reply", "bad_gateway_page")


async def test_entries_of_a_list_that_are_no_objects_are_left_out() -> None:
    """One broken entry does not hide the models around it."""
    async with (
        Upstream(say(200, b'{"data": [{"id": "a/b"}, null, "x", {"id": "c/d"}]}')) as upstream,
        open_client(upstream.base_url) as client,
    ):
        assert await client.fetch_models() == [{"id": "a/b"}, {"id": "c/d"}]


async def test_an_error_in_a_good_reply_to_a_free_call_is_raised() -> None:
    """HTTP 200 with an error inside is that error, not a record."""
    body = b'{"error": {"message": "User not found.", "code": 401}}'
    async with Upstream(say(200, body)) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError) as caught:
            await client.fetch_key()
    assert caught.value.kind == "key_rejected"


async def test_a_record_beyond_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that never ends is read to the cap only and is no record."""
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 100_000)
    body = b'{"data": {"a": "' + b"x" * 1_000_000 + b'"}}'
    async with Upstream(say(200, body)) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError) as caught:
            await client.fetch_key()
    assert caught.value.kind == "unexpected_reply"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429, 500, 503])
async def test_a_failed_free_call_has_its_status_and_patience(status: int) -> None:
    """Status and `Retry-After` of a failed look-up reach whoever decides when to look again."""
    body = json.dumps({"error": {"message": "no", "code": status}}).encode()
    async with (
        Upstream(say(status, body, **{"Retry-After": "9"})) as upstream,
        open_client(upstream.base_url) as client,
    ):
        with pytest.raises(UpstreamError) as caught:
            await client.fetch_generation("gen-1")
    assert (caught.value.status, caught.value.retry_after) == (status, 9.0)


async def test_a_free_call_that_stalls_is_an_upstream_error() -> None:
    """Silence and refused connections of free calls are explained errors too."""

    async def answer(exchange: Exchange) -> None:
        await exchange.gone()

    async with (
        Upstream(answer) as upstream,
        OpenRouterClient(base_url=upstream.base_url, key=give_key, timeouts=QUICK) as client,
    ):
        with pytest.raises(UpstreamError) as stalled:
            await client.fetch_key()
    async with open_client(f"http://127.0.0.1:{free_port()}/api/v1") as client:
        with pytest.raises(UpstreamError) as refused:
            await client.fetch_key()
    assert stalled.value.status is None
    assert refused.value.kind == "offline"


async def test_the_balance_is_asked_with_the_key_that_is_given() -> None:
    """`/credits` and `/key` take a key of their own, hidden from then on; without one they use the client's."""
    async with Sandbox() as sandbox, open_client(sandbox.base_url) as client:
        management = Secret(MANAGEMENT_KEY)
        credits = await client.fetch_credits(key=lambda: management)
        assert (credits["total_credits"], credits["total_usage"]) == (25, 0)
        assert (await client.fetch_key(key=lambda: management))["is_management_key"] is True
        assert (await client.fetch_key())["is_management_key"] is False
        with pytest.raises(UpstreamError) as refused:
            await client.fetch_credits()
        assert client.scrub(MANAGEMENT_KEY) == management.masked
    assert refused.value.status == 403


def echo(status: int) -> Any:
    """An answer that repeats the key in every form."""

    async def answer(exchange: Exchange) -> None:
        told = echo_forms(exchange.request.headers["authorization"])
        await exchange.reply(status, json.dumps({"error": {"message": told, "code": 401}}).encode())

    return answer


async def test_a_fault_does_not_repeat_the_key() -> None:
    """A refusal that repeats the key it was sent is a fault without it, and says which key by its end."""
    async with Upstream(echo(401)) as upstream:
        fault = await fault_of(upstream.base_url)
    assert find_canary(repr(fault)) is None
    assert "sk-or-…ee00" in fault.text


@pytest.mark.parametrize("status", [200, 401])
async def test_an_error_of_a_lookup_does_not_repeat_the_key(status: int) -> None:
    """The free GETs are scrubbed as well, whatever their status."""
    async with Upstream(echo(status)) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError) as raised:
            await client.fetch_key()
    assert find_canary(repr((raised.value, raised.value.as_dict()))) is None


async def test_a_record_that_cannot_be_read_does_not_repeat_the_key() -> None:
    """Neither does an answer that is no JSON."""
    async with Upstream(say(200, SANDBOX_KEY.encode())) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError) as raised:
            await client.fetch_key()
    assert raised.value.as_dict()["raw"] == "sk-or-…ee00"


async def test_every_key_that_was_sent_stays_hidden() -> None:
    """A key that was replaced while the client lives is hidden like the one in use."""
    keys = [Secret("sk-or-old+canary/0000"), Secret("sk-or-new+canary/1111"), Secret("sk-or-new+canary/1111")]
    async with (
        Upstream(say(200, b"{}")) as upstream,
        OpenRouterClient(base_url=upstream.base_url, key=lambda: keys.pop(0)) as client,
    ):
        for _ in range(3):
            reply = await client.open_completion(BODY, streamed=False)
            assert isinstance(reply, Reply)
            reply.close()
        assert client.scrub("sk-or-old+canary/0000 sk-or-new+canary/1111") == "sk-or-…0000 sk-or-…1111"


async def test_an_error_without_keys_stays_as_received() -> None:
    """Not a byte of a refusal changes where there is nothing to hide."""
    raw = b'{ "error" : {"message": "caf\\u00e9 \xc3\xa9",\r\n "code": 402}}'
    async with Upstream(say(402, raw)) as upstream:
        fault = await fault_of(upstream.base_url)
    assert fault.raw == raw.decode()
