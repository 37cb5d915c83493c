"""The attacks on requests, over the table of the whole app: every route that a running `chit serve` has."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from tests.web.fortress import Fortress, opened_fortress, say
from tests.web.site import read_reply
from tests.web.test_web_routes import open_reads
from tests.web.watched import Door, opened_door

from chit.web.body import read_object
from chit.web.routes import Route


@pytest.fixture
async def fortress(tmp_path: Path) -> AsyncIterator[Fortress]:
    """The whole app."""
    async with opened_fortress(tmp_path / "home") as fortress:
        yield fortress


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Where an address of an enemy's leads."""
    async with opened_door() as door:
        yield door


def shut(fortress: Fortress) -> list[Route]:
    """All that needs a session."""
    return [route for route in fortress.server.routes if route.needs != "nothing"]


def fill(route: Route, id: str = "x") -> str:
    """A path of the route."""
    return re.sub(r"\{[^}]*\}", lambda _: id, route.path)


def body_of(route: Route) -> dict[str, str] | None:
    """What goes along where something must."""
    return None if route.method in ("GET", "DELETE") else {}


def type_of(route: Route) -> dict[str, str]:
    """The header that says so, where it is not JSON."""
    return {"Content-Type": "application/octet-stream"} if route.takes == "bytes" else {}


async def test_the_table_is_the_whole_app(fortress: Fortress) -> None:
    """What is walked here is everything that pages use, the files they are made of, and nothing open besides those."""
    paths = {(route.method, route.path) for route in fortress.server.routes}
    assert {("POST", "/c"), ("GET", "/view"), ("GET", "/stream"), ("PATCH", "/prefs"), ("POST", "/key")} <= paths
    assert {("POST", "/sandbox"), ("GET", "/sessions"), ("POST", "/m/{id}/stop"), ("POST", "/balance")} <= paths
    open_ones = {(route.method, route.path) for route in fortress.server.routes if route.needs == "nothing"}
    assert open_ones == {("GET", path) for path in open_reads()} | {("POST", "/session"), ("POST", "/instance")}


async def test_no_route_answers_without_a_token(fortress: Fortress) -> None:
    """Attack 8: no token, an empty or invented one, a key, or the hash of a good one: 401, and nothing is asked."""
    [session] = await fortress.server.sessions.list()
    before = fortress.rows()
    for route in shut(fortress):
        for token in (None, "", "x" * 43, session.hash, "sk-or-v1-x"):
            headers = type_of(route)
            reply = await fortress.ask(route.method, fill(route), token=token, body=body_of(route), headers=headers)
            assert (reply.status, reply.header("WWW-Authenticate")) == (401, "Bearer"), route
    assert (fortress.rows(), fortress.upstream.requests) == (before, [])


async def test_no_route_is_for_other_sites(fortress: Fortress) -> None:
    """Attacks 1 to 6 and 9, with a good token even: foreign hosts, origins and sites, and simple bodies, on each route.

    Nothing is written and nothing is asked of OpenRouter.
    """
    before = fortress.rows()
    foreign = [{"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": "http://127.0.0.1:1"}]
    foreign += [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
    for route in fortress.server.routes:
        host = f"evil.example:{fortress.port}"
        body = body_of(route)
        reply = await fortress.ask(route.method, fill(route), token=fortress.token, body=body, host=host)
        assert reply.status == 421, route
        for headers in foreign:
            reply = await fortress.ask(route.method, fill(route), token=fortress.token, body=body, headers=headers)
            assert reply.status == 403, (route, headers)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            if route.method != "GET":
                headers = {"Content-Type": kind}
                reply = await fortress.ask(route.method, fill(route), token=fortress.token, body={}, headers=headers)
                assert reply.status == 403, (route, kind)
    assert (fortress.rows(), fortress.upstream.requests) == (before, [])


async def test_reading_has_no_effects(fortress: Fortress) -> None:
    """Attack 7, every GET with every right, on things that exist: no row, no file, no completion, no notice."""
    made = await fortress.say("Hello?")
    fortress.hostile.reads["/models"] = {"data": [{"id": "a/b", "name": "A"}]}
    await fortress.ask("GET", "/models", token=fortress.token)  # the list of models is kept for a while
    told: list[object] = []
    fortress.notices.subscribe(told.append)
    fortress.desk.notices.subscribe(told.append)
    before, asked = fortress.rows(), len(fortress.upstream.requests)
    ids = [made["conversation"], made["reply"], made["question"], "x"]
    query = "?path=/c/{0}&conversation={0}&before={1}&q=a&code=x&delete=1&text=x"
    reads = [route for route in fortress.server.routes if route.method == "GET" and route.kind != "stream"]
    for route in reads:
        for id in ids:
            path = fill(route, id) + query.format(made["conversation"], "5" if "conversations" in route.path else id)
            reply = await fortress.ask("GET", path, token=fortress.token)
            assert reply.status in (200, 404), (route, reply.body)
    for path in (
        "/",
        "/costs",
        "/settings",
        "/settings/keys",
        "/sign-in/x?code=x",
        "/leave?to=https://a.example",
        "/x",
    ):
        await fortress.view(path)
    assert (fortress.rows(), told, len(fortress.upstream.requests)) == (before, [], asked)


async def test_methods_that_a_route_does_not_have(fortress: Fortress) -> None:
    """Attacks 4 and 7: a preflight gets no permission, and no other method does the work of the one there is."""
    before = fortress.rows()
    methods: dict[str, set[str]] = {}
    for route in fortress.server.routes:
        methods.setdefault(fill(route), set()).add(route.method)
    for path, known in methods.items():
        for method in {"OPTIONS", "PUT", "TRACE", "PATCH", "DELETE", "POST"} - known:
            if not (path.startswith("/c/") or path.startswith("/sign-in/")):  # the shell stands there, too
                reply = await fortress.ask(method, path, token=fortress.token)
                assert (reply.status, reply.header("Allow") is not None) == (405, True), (method, path)
    assert fortress.rows() == before


BREAKERS = {
    "lists, 100,000 deep": b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects, 100,000 deep": b'{"text":' * 100_000 + b"1" + b"}" * 100_000,
    "opened only": b"[" * 100_000,
    "no end": b'{"text": "x',
    "a list": b'["text"]',
    "a text": b'"text"',
    "nothing": b"",
    "two of them": b'{"text": "x"}{"text": "y"}',
    "no number": b'{"text": "x", "parameters": {"a": NaN}}',
    "a number without an end": b'{"text": "x", "parameters": {"a": 1e999}}',
    "a long integer": b'{"text": "x", "parameters": {"a": ' + b"9" * 5000 + b"}}",
    "a member twice": b'{"text": "x", "text": "y"}',
    "a member twice, spelled differently": b'{"text": "x", "te\\u0078t": "y"}',
    "a member twice, inside": b'{"text": "x", "parameters": {"model": "a", "model": "b"}}',
    "half a pair": b'{"text": "\\ud800"}',
    "half a pair in a name": b'{"text": "x", "parameters": {"\\udfff": 1}}',
    "no UTF-8": b'{"text": "\xff"}',
    "UTF-16": '{"text": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", BREAKERS)
async def test_bodies_that_break_readers(fortress: Fortress, name: str) -> None:
    """Attack 30, on every route that reads a body: 4xx, no row, no question."""
    made = await fortress.say("Hello?")
    before, asked = fortress.rows(), len(fortress.upstream.requests)
    for route in fortress.server.routes:
        is_read = route.method in ("POST", "PATCH") and not re.search(
            r"/(stop|restore|lock|sandbox|balance|sign-in)$", route.path
        )
        if is_read:
            id = made["reply"] if route.path.startswith("/m/") else made["conversation"]
            reply = await fortress.ask(route.method, fill(route, id), token=fortress.token, body=BREAKERS[name])
            if route.takes == "bytes":
                assert reply.status == 415, route  # it takes no JSON
                continue
            assert reply.status in (400, 413), route
    assert (fortress.rows(), len(fortress.upstream.requests)) == (before, asked)


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/c", 4 * 1024 * 1024),
        ("POST", "/c/x", 4 * 1024 * 1024),
        ("PATCH", "/c/x", 64 * 1024),
        ("POST", "/m/x/regenerate", 64 * 1024),
        ("POST", "/m/x/continue", 64 * 1024),
        ("PATCH", "/prefs", 64 * 1024),
        ("POST", "/key", 16 * 1024),
        ("POST", "/m/x/attach", 4 * 1024),
        ("POST", "/unlock", 16 * 1024),
    ],
)
async def test_bodies_that_are_too_large(fortress: Fortress, method: str, path: str, most: int) -> None:
    """Attack 31: a byte more than a route takes is 413, announced or in chunks, and never lies in memory as a whole."""
    text = b'{"text": "' + b"x" * most + b'"}'
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{fortress.port}\r\nAuthorization: Bearer {fortress.token}\r\n"
    head += "Content-Type: application/json\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(text), text)
    for rest in (f"Content-Length: {len(text)}\r\n\r\n".encode() + text, b"Transfer-Encoding: chunked\r\n\r\n" + chunk):
        assert (await fortress.send(head.encode() + rest)).status == 413
    assert await fortress.store.list_conversations(None, 10) == []


IDS = ["%2F", "..%2F..%2Fetc", "%00", "a%00b", "%ED%A0%80", "%FF", "x" * 7000, "%F0%9F%98%80", "'%20OR%201=1--"]
IDS += ["%25", "%", "%zz", "..", "%2e%2e", "\\", ";", "a%0d%0ab", "*", "%E2%80%AE", "-1", "null", "__proto__"]


@pytest.mark.parametrize("id", IDS)
async def test_ids_that_are_none(fortress: Fortress, id: str) -> None:
    """Slashes, NUL, half characters, very long ones, SQL, in path and query: 4xx or an empty answer, never a bug."""
    before = fortress.rows()
    for route in fortress.server.routes:
        if "{" in route.path and route.kind != "shell":
            body = None if route.method in ("GET", "DELETE") else {"text": "x", "title": "x", "code": "x"}
            reply = await fortress.ask(route.method, fill(route, id), token=fortress.token, body=body)
            assert 400 <= reply.status < 500, (route, reply.body)
    reads = ["/view?path={}", "/view?path=/c/{}", "/view?path=/c/x?leaf={}", "/view?path=/leave?to={}", "/models?q={}"]
    reads += ["/view/older?conversation={0}&before={0}", "/view/conversations?before={}", "/m/{}?x={}"]
    for path in reads:
        reply = await fortress.ask("GET", path.replace("{}", id).replace("{0}", id), token=fortress.token)
        assert reply.status < 500, (path, reply.body)
    for since in {id, "1" * 20, "\u00b2".encode().decode("latin-1")} - {"x" * 7000}:
        reply = await fortress.ask("GET", f"/stream?since={since}", token=fortress.token)
        assert reply.status == 400
    assert fortress.rows() == before


@pytest.mark.parametrize("path", ["//[", "http://[", "//[x]:y/", "//%E2%84%80", "/c/", "//c/x", "/c/x/y", "/leave", ""])
async def test_addresses_that_are_none(fortress: Fortress, path: str) -> None:
    """What a page may claim as its own address: a screen, or 404."""
    assert (await fortress.ask("GET", f"/view?path={path}", token=fortress.token)).status in (200, 404)


async def test_a_stream_whose_session_is_revoked(fortress: Fortress) -> None:
    """Attack 16: the page's one stream breaks off when its session goes, and another session's runs on."""
    other = await fortress.sign_in()
    head = f"GET /stream?epoch=x&since=0 HTTP/1.1\r\nHost: 127.0.0.1:{fortress.port}\r\nAuthorization: Bearer "
    streams = []
    for token in (fortress.token, other):
        reader, writer = await fortress.connect()
        writer.write(f"{head}{token}\r\n\r\n".encode())
        await reader.readuntil(b'"reset"')
        streams.append((reader, writer))
    mine = sha256(fortress.token.encode()).hexdigest()
    assert (await fortress.ask("DELETE", f"/sessions/{mine}", token=other)).status == 204
    async with asyncio.timeout(20):
        with suppress(ConnectionResetError):
            assert b"0\r\n\r\n" not in await streams[0][0].read(), "it looks as if it were whole"
    assert not streams[1][1].transport.is_closing()
    assert (await fortress.ask("GET", "/sessions", token=fortress.token)).status == 401


async def test_pipelined_questions(fortress: Fortress) -> None:
    """Attack 15: several requests in one packet are answered each by itself, and one without a token stays without."""
    made = await fortress.say("Hello?")
    reader, writer = await fortress.connect()
    one = f"GET /m/{made['reply']} HTTP/1.1\r\nHost: 127.0.0.1:{fortress.port}\r\n"
    writer.write(f"{one}Authorization: Bearer {fortress.token}\r\n\r\n{one}\r\n{one}Origin: null\r\n\r\n".encode())
    assert [(await read_reply(reader)).status for _ in range(3)] == [200, 401, 403]


async def test_a_huge_head(fortress: Fortress) -> None:
    """A long request line, a long header and very many of them are 4xx on a route that changes something."""
    token = fortress.token
    for path, headers in (
        ("/c?" + "x" * 9000, {}),
        ("/c", {"X-Long": "x" * 9000}),
        ("/c", {f"X-{n}": "x" for n in range(200)}),
    ):
        reply = await fortress.ask("POST", path, token=token, body={"text": "x"}, headers=headers)
        assert 400 <= reply.status < 500
    assert fortress.upstream.requests == []


async def test_a_body_that_comes_slowly(fortress: Fortress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question whose body stops half-way is given up on with 408, and nothing is recorded."""
    monkeypatch.setitem(read_object.__kwdefaults__ or {}, "within", 0.05)
    reader, writer = await fortress.connect()
    head = f"POST /c HTTP/1.1\r\nHost: 127.0.0.1:{fortress.port}\r\nAuthorization: Bearer {fortress.token}\r\n"
    writer.write(f'{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"text": "x'.encode())
    assert (await read_reply(reader)).status == 408
    assert await fortress.store.list_conversations(None, 10) == []


async def test_only_the_configured_host_is_asked(fortress: Fortress, door: Door) -> None:
    """Attacks 32 and 33: addresses and keys that a page or a model names are data; nobody is asked but OpenRouter."""
    address = f"http://127.0.0.1:{door.port}/api/v1"
    named = {"base_url": address, "api_base": address, "endpoint": address, "key": "sk-or-v1-x", "api_key": "x"}
    text = f"![x]({address}) <img src={address}> [x]({address}) {address}"
    annotation = {"type": "url_citation", "url_citation": {"url": address, "title": address}}
    fortress.hostile.scripts["go"] = say(
        text,
        annotations=[annotation],
        images=[{"type": "image_url", "image_url": {"url": address}}],
    )
    body = {"text": "go", "model": "a/b", "parameters": {**named, "extra_body": named}, **named}
    reply = await fortress.ask("POST", "/c", token=fortress.token, body=body)
    assert reply.status == 202
    await fortress.until_ended(reply.json()["reply"])
    assert (await fortress.ask("PATCH", "/prefs", token=fortress.token, body={"base_url": address})).status == 400
    await fortress.view(f"/c/{reply.json()['conversation']}")
    await fortress.view(f"/leave?to={address}")
    assert door.knocks == []
    assert {request.headers["host"] for request in fortress.upstream.requests} == {
        f"127.0.0.1:{fortress.upstream.port}"
    }
    assert "sk-or-v1-x" not in json.dumps([dict(request.headers) for request in fortress.upstream.requests])
