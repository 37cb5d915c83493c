"""What a caller sees of errors, and what no handler can do by mistake."""

import logging

import pytest
from aiohttp import web
from tests.upstream import until
from tests.web.site import Site

from chit.errors import (
    ChitError,
    DiskFull,
    InputError,
    KeyNotFound,
    NotFound,
    StoreError,
    TooManyTries,
    UpstreamError,
    VaultLocked,
    WrongPassphrase,
)
from chit.web.refusal import Refused


async def test_no_response_sets_a_cookie(site: Site) -> None:
    """Attack 4, any Origin with a cookie: what a handler sets of cookies, origins or caching is taken out again."""
    token = await site.sign_in()
    reply = await site.ask("GET", "/loose", token=token)  # `read_reply` looks at the headers of every answer
    assert (reply.status, reply.header("Cache-Control")) == (200, "no-store")


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InputError("x"), 400, "input_invalid"),
        (NotFound("x"), 404, "not_found"),
        (KeyNotFound("x"), 409, "key_not_found"),
        (VaultLocked("x"), 423, "locked"),
        (WrongPassphrase("x"), 403, "wrong_passphrase"),
        (UpstreamError("x", kind="cut", hint=""), 502, "cut"),
        (StoreError("x"), 503, "store"),
        (DiskFull("x"), 507, "disk_full"),
        (ChitError("x"), 500, "unknown"),
    ],
)
async def test_an_error_of_ours_is_told_whole(site: Site, error: ChitError, status: int, kind: str) -> None:
    """Each kind has its status, and the object that the command line prints, with its words as a sentence."""
    site.raised = error
    reply = await site.ask("GET", "/raise", token=await site.sign_in())
    assert (reply.status, reply.json()) == (status, {"error": error.as_dict() | {"said": "X."}})
    assert reply.json()["error"]["kind"] == kind


async def test_how_long_to_wait_is_told(site: Site) -> None:
    """In whole seconds, as a header too."""
    site.raised = TooManyTries("x", hint="", retry_after=1.2)
    reply = await site.ask("GET", "/raise", token=await site.sign_in())
    assert (reply.status, reply.header("Retry-After")) == (429, "2")


@pytest.mark.parametrize("error", [ValueError("secret detail"), ConnectionRefusedError("secret detail")])
async def test_a_bug_is_told_without_its_details(
    site: Site, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The page learns that it is a bug; what it was is for the log."""
    site.raised = error
    reply = await site.ask("GET", "/raise", token=await site.sign_in())
    assert (reply.status, reply.json()["error"]["kind"]) == (500, "bug")
    assert b"secret detail" not in reply.body
    assert "secret detail" in caplog.text


async def test_a_refusal_by_a_handler(site: Site) -> None:
    """Its status, words and headers are the answer."""
    site.raised = Refused(429, "Later.", Retry_After="7")
    reply = await site.ask("GET", "/raise", token=await site.sign_in())
    assert (reply.status, reply.body, reply.header("Retry-After")) == (429, b"Later.\n", "7")


@pytest.mark.parametrize("query", ["", "?x"])
@pytest.mark.parametrize(
    "error", [ChitError("x"), ValueError("x"), OSError(), ConnectionError(), Refused(400, "x"), web.HTTPNotFound()]
)
async def test_an_error_after_the_head(site: Site, query: str, error: Exception) -> None:
    """What is begun and fails is broken off: never a second head, never an end that looks like one."""
    site.raised = error
    token = await site.sign_in()
    reader, writer = await site.connect()
    head = f"GET /begun{query} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.read()
    assert not answer.endswith(b"0\r\n\r\n")
    assert (answer.count(b"HTTP/1.1"), answer.split()[1]) == (1, b"200")


async def test_a_caller_who_leaves_is_no_error(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A stream whose reader goes away ends its handler at once, and nothing is logged."""
    caplog.set_level(logging.DEBUG, "chit.web")
    _, writer = await site.open_stream(await site.sign_in())
    writer.transport.abort()
    await until(lambda: site.handled == ["stream ended"])
    assert caplog.text == ""


@pytest.mark.parametrize("query", ["", "?before-the-head"])
async def test_a_handler_that_does_not_notice(site: Site, query: str, caplog: pytest.LogCaptureFixture) -> None:
    """One that goes on after its caller has left comes to its end, and nothing is logged."""
    caplog.set_level(logging.DEBUG, "chit.web")
    token = await site.sign_in()
    _, writer = await site.connect()
    head = f"GET /late{query} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    await until(lambda: site.handled == ["waiting"])
    writer.transport.abort()
    await until(lambda: site.handled == ["waiting", "late"])
    assert (await site.ask("GET", "/")).status == 200
    assert caplog.text == ""


async def test_what_escapes_is_told_and_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """An error that aiohttp itself has to answer looks like ours, and its cause is for the log only."""
    reply = await site.ask("GET", "/escape", token=await site.sign_in())
    assert (reply.status, b"secret detail" in reply.body, "secret detail" in caplog.text) == (500, False, True)


async def test_an_expectation_that_nobody_has(site: Site) -> None:
    """Aiohttp answers it before any check, with our headers."""
    assert (await site.ask("GET", "/read", headers={"Expect": "the-unexpected"})).status == 417


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\nsk-x\r\n\r\n"])
async def test_what_is_no_request_leaves_no_trace(site: Site, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Attack 11, logs: bytes that are not HTTP get 400 with all headers, and nothing of them is repeated or logged."""
    caplog.set_level(logging.DEBUG, "chit.web")
    reply = await site.send(data)
    assert (reply.status, reply.body, caplog.text) == (400, b"This is not a request.\n", "")
