"""Attack cases of security and reliability §4 on the local API, by number; 43, budgets, is in `test_api_budgets`."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import PRIVATE, TOKEN, Shop, opened_shop, read_chunk, read_head
from tests.api.speech import CHAT, MESSAGES, PAID, QUESTION, completion, headed, say
from tests.upstream import STREAM, Exchange, Upstream, text_chunk, until

from chit.core import sse
from chit.openrouter import reply as reply_module
from chit.openrouter.client import Timeouts
from chit.sandbox.account import SANDBOX_KEY
from chit.web.headers import SECURITY_HEADERS

GETS = ("/v1/models", "/v1/models/a/b")
COUNT = "/v1/messages/count_tokens"


async def nothing_happened(shop: Shop, upstream: Upstream) -> bool:
    """No row, no call."""
    return upstream.requests == [] and await shop.app.store.find_last_reply("api") is None


@pytest.mark.parametrize("path", [*PAID, COUNT])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_case_3_a_page_of_another_site(path: str, headers: dict[str, str], tmp_path: Path) -> None:
    """Even with a token: 403 in the caller's shape, no row, no upstream call."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path, QUESTION, headers=headers)
        assert (got.status, got.json()["error"]["type"]) == (403, "permission_error")
        assert await nothing_happened(shop, upstream)


async def test_case_3_a_type_that_no_form_can_send(tmp_path: Path) -> None:
    """415, and a name that is not ours 421: both in the shape that programs read."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION, headers={"Content-Type": "application/xml"})
        assert (got.status, got.json()["error"]["code"]) == (415, "not_json")
        got = await shop.call(CHAT, QUESTION, headers={"Host": "evil.example"})
        assert (got.status, got.json()["error"]["code"]) == (421, "request_refused")
        assert await nothing_happened(shop, upstream)


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "http://evil.example", "null"])
@pytest.mark.parametrize("path", [*PAID, *GETS])
async def test_case_4_no_other_origin_is_let_in(origin: str | None, path: str, tmp_path: Path) -> None:
    """Whatever the origin, and with a cookie: no answer has a header that lets a page read it, nor a cookie."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        headers = {"Cookie": f"token={TOKEN}", "Origin": (origin or "").format(port=shop.port)}
        got = await shop.call(path, None if path in GETS else QUESTION, headers=headers)
        assert not [name for name in got.headers if name.startswith("access-control-") or name == "set-cookie"]
        for name, text in SECURITY_HEADERS.items():
            assert got.headers[name.lower()] == text
        got = await shop.call(path, method="OPTIONS", token=None, headers=headers)
        assert got.status in (403, 405)
        assert not [name for name in got.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer sk-chit-wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {SANDBOX_KEY}"},
        {"x-api-key": "wrong"},
        {"Cookie": f"token={TOKEN}"},
    ],
)
@pytest.mark.parametrize("path", [*PAID, COUNT, *GETS])
async def test_case_8_without_a_token(headers: dict[str, str], path: str, tmp_path: Path) -> None:
    """Every route: 401 with the command that makes one, in the caller's shape, on loopback too."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path, None if path in GETS else QUESTION, token=None, headers=headers)
        error = got.json()
        assert (got.status, got.headers["www-authenticate"], got.headers["x-should-retry"]) == (401, "Bearer", "false")
        assert (error.get("type") == "error") == path.startswith(MESSAGES)
        assert "chit token create" in error["error"]["hint"]
        assert SANDBOX_KEY.encode() not in got.body
        assert await nothing_happened(shop, upstream)


async def test_case_8_every_route_is_one_of_these(tmp_path: Path) -> None:
    """The list above is whole, and each of them wants a local token; a session's is none."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        routes = [route for route in shop.server.routes if route.path.startswith("/v1")]
        assert {route.needs for route in routes} == {"local token"}
        assert {route.path for route in routes} == {*PAID, COUNT, "/v1/models", "/v1/models/{id:.+}"}
        code = shop.server.openings.invite().address.partition("#code=")[2]
        session = (await shop.call("/session", {"code": code}, token=None)).json()["token"]
        assert (await shop.call(CHAT, QUESTION, token=session)).status == 401
        assert (await shop.call("/sessions", token=TOKEN)).status == 401


@pytest.mark.parametrize("path", ["/v1", "/v1/unheard/of", "/v1/chat/completions/"])
async def test_what_is_not_there(path: str, tmp_path: Path) -> None:
    """404 in the shape that programs read; another method is 405 and says which."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path, QUESTION)
        assert (got.status, got.json()["error"]["code"]) == (404, "not_found")
        got = await shop.call(CHAT)
        assert (got.status, got.json()["error"]["code"], got.headers["allow"]) == (405, "method_not_allowed", "POST")


@pytest.mark.parametrize("path", PAID)
async def test_case_33_a_key_or_an_address_of_the_callers(path: str, tmp_path: Path) -> None:
    """Ignored, in headers and in the body: the key goes only to the configured host, and theirs nowhere."""
    asked = QUESTION | {"base_url": "http://127.0.0.1:9", "api_key": "sk-theirs", "api_base": "http://127.0.0.1:9"}
    headers = {
        "x-api-key": TOKEN,
        "Authorization": "Bearer sk-theirs",
        "api-key": "sk-theirs",
        "X-Base-URL": "http://127.0.0.1:9",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(f"{path}?base_url=http://127.0.0.1:9", asked, token=None, headers=headers)
        assert got.status == 200
        [request] = upstream.requests
        assert request.headers["authorization"] == f"Bearer {SANDBOX_KEY}"
        assert request.headers["host"] == f"127.0.0.1:{upstream.port}"
        assert "sk-theirs" not in json.dumps(dict(request.headers))
        assert not request.headers.keys() & {"x-api-key", "api-key", "x-base-url", "x-forwarded-host", "forwarded"}
        assert SANDBOX_KEY.encode() not in got.body
        assert SANDBOX_KEY not in json.dumps(dict(got.headers))


async def test_case_33_a_whole_address_in_the_request_line(tmp_path: Path) -> None:
    """Nothing is sent anywhere for it."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(f"http://127.0.0.1:{upstream.port}{CHAT}", QUESTION)
        assert got.status == 400
        assert await nothing_happened(shop, upstream)


async def test_a_key_that_upstream_repeats_stays_here(tmp_path: Path) -> None:
    """In an error's text and in its headers."""
    body = json.dumps({"error": {"code": 401, "message": f"No user for {SANDBOX_KEY}"}}).encode()
    async with (
        Upstream(say(body, status=401, X_Request_Id=SANDBOX_KEY)) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, SANDBOX_KEY.encode() in got.body) == (401, False)
        assert SANDBOX_KEY not in json.dumps(dict(got.headers))
        assert "sk-or-…" in got.json()["error"]["message"]


async def test_case_44_more_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply beyond the cap breaks off, what came is kept, and memory is bounded; a unary one is refused."""
    monkeypatch.setattr(reply_module, "MAX_REPLY_BYTES", 300_000)
    piece, gate = text_chunk("x" * 10_000), asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        is_stream = b'"stream"' in exchange.request.body
        await exchange.open_stream({"Content-Type": "application/json", **headed(), **(STREAM if is_stream else {})})
        await exchange.chunk(piece)
        await gate.wait()
        for _ in range(100):
            await exchange.chunk(piece)

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, _ = await shop.begin(CHAT, QUESTION | {"stream": True})
        await read_head(reader)
        came = await read_chunk(reader)
        gate.set()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):  # noqa: PT012 - which read it is, is chance
            while more := await read_chunk(reader):
                came += more
        assert len(piece) <= len(came) <= 300_000
        reply = await shop.app.store.find_last_reply("api")
        assert reply is not None
        kept = (await shop.app.store.get_message(reply)).text
        assert kept == "x" * len(kept) != ""
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.headers["x-should-retry"]) == (502, "false")


async def test_case_44_an_event_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks off."""
    monkeypatch.setattr(sse.SseParser.__init__, "__kwdefaults__", {"max_event_bytes": 10_000})

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream(STREAM | headed())
        await exchange.chunk(text_chunk("one") + b"data: ")
        for _ in range(100):
            await exchange.chunk(b"x" * 1000)

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION | {"stream": True})
        assert (got.status, got.is_whole, got.body.startswith(text_chunk("one"))) == (200, False, True)


async def test_case_44_comments_without_an_end(tmp_path: Path) -> None:
    """They go on as they come, and are no reply: who leaves has stopped them."""
    gone = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream(STREAM | headed())
        try:
            while True:
                await exchange.chunk(b": x\n\n")
                await asyncio.sleep(0)
        finally:
            gone.set()

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        reader, writer = await shop.begin(CHAT, QUESTION | {"stream": True})
        await reader.readuntil(b": x\n\n: x\n\n: x\n\n")
        writer.close()
        async with asyncio.timeout(10):
            await gone.wait()


async def test_case_44_silence_in_the_middle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The idle limit ends it: it breaks off, what came is kept, and nothing is logged, since it is no bug."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream(STREAM | headed())
        await exchange.chunk(text_chunk("one"))
        await exchange.gone()

    async with (
        Upstream(answer) as upstream,
        opened_shop(upstream.base_url, tmp_path, timeouts=Timeouts(idle=0.05)) as shop,
    ):
        got = await shop.call(CHAT, QUESTION | {"stream": True})
        assert (got.status, got.body, got.is_whole) == (200, text_chunk("one"), False)
        assert caplog.text == ""


def is_kept(secret: str, home: Path) -> bool:
    """Whether a file of the home holds it."""
    return any(secret.encode() in path.read_bytes() for path in home.iterdir() if path.is_file())


@pytest.mark.parametrize("asked", [QUESTION, QUESTION | {"stream": True}])
async def test_of_a_private_call_nothing_is_kept(asked: dict[str, Any], tmp_path: Path) -> None:
    """Neither while it runs nor after: no text on the disk or in memory, only ids and what it cost; never joined."""
    gate = asyncio.Event()
    secret = "canary of a private call"

    async def answer(exchange: Exchange) -> None:
        body = json.loads(exchange.request.body)
        assert body["messages"][0]["content"] == secret
        if not body.get("stream"):
            await exchange.reply(200, completion(secret), {"Content-Type": "application/json", **headed()})
            return
        await exchange.open_stream(STREAM | headed())
        await exchange.chunk(text_chunk(secret))
        await gate.wait()
        await exchange.chunk(text_chunk("", finish="stop") + b"data: [DONE]\n\n")
        await exchange.chunk(b"")

    asked = asked | {"messages": [{"role": "user", "content": secret}]}
    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        store = shop.app.store
        calling = asyncio.ensure_future(shop.call(CHAT, asked, token=PRIVATE))
        await until(lambda: upstream.requests)
        if "stream" in asked:
            await until(lambda: shop.app.relay._flights)
            assert not is_kept(secret, tmp_path)
        gate.set()
        got = await calling
        assert (got.status, secret.encode() in got.body) == (200, True)
        assert not is_kept(secret, tmp_path)
        again = await shop.call(CHAT, asked, token=PRIVATE)
        assert again.status == 200
        database: Any = store
        rows = database._reader.execute("SELECT id, conversation FROM generations").fetchall()
        for row_id, _ in rows:
            generation = await store.get_generation(row_id)
            assert (generation.state, generation.generation_id, generation.request) == ("done", "gen-1", b"")
            assert (generation.completion, generation.origin) == (None, "api")
        assert len({conversation for _, conversation in rows}) == 2
        assert (database._rooms, database._left, database._unheard, database._ordinary) == ({}, set(), set(), set())
