"""The listener that a browser comes back to, and the code that a person pastes."""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.errors import InputError, KeyUnavailable
from chit.openrouter.callback import CallbackListener, read_pasted_code

CODE = "auth_code_abc123def456"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """What stands in for a browser."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def listener() -> AsyncIterator[CallbackListener]:
    """An open listener."""
    async with CallbackListener() as listener:
        yield listener


async def visit(session: aiohttp.ClientSession, url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and page."""
    async with session.request(method, url, headers=headers) as response:
        return response.status, await response.text()


async def test_the_browser_brings_the_code(listener: CallbackListener, session: aiohttp.ClientSession) -> None:
    """The waiting program gets the code, and the person a page that sends them back to the terminal."""
    waiting = asyncio.create_task(listener.code())
    status, page = await visit(session, f"{listener.callback_url}?code={CODE}&x=1")
    assert (status, await waiting) == (200, CODE)
    assert "You can close this tab" in page
    assert CODE not in page


async def test_the_page_is_whole_even_if_the_listener_closes_at_once(session: aiohttp.ClientSession) -> None:
    """Leaving as soon as the code is there does not cut the page off."""
    async with CallbackListener() as listener:
        page = asyncio.create_task(visit(session, f"{listener.callback_url}?code={CODE}"))
        await listener.code()
    status, text = await page
    assert (status, text.endswith("</html>")) == (200, True)
    with pytest.raises(aiohttp.ClientConnectorError):
        await visit(session, listener.callback_url)


async def test_the_address_is_on_loopback_and_cannot_be_guessed() -> None:
    """127.0.0.1 by number, a free port, and a path with 256 bits of chance that differs every time."""
    async with CallbackListener() as one, CallbackListener() as other, CallbackListener(make_random=bytes) as zero:
        parts = [urlsplit(listener.callback_url) for listener in (one, other, zero)]
        bound = [address[0] for address in one._runner.addresses]
    assert [ipaddress.ip_address(host).is_loopback for host in bound] == [True]
    assert [part.hostname for part in parts] == ["127.0.0.1"] * 3
    assert len({part.path for part in parts}) == len({part.port for part in parts}) == 3
    assert parts[2].path == f"/sign-in/{'A' * 43}"


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/sign-in/", "/sign-in/x", "/favicon.ico", "{path}/", "{path}x", "/é"]
)
async def test_a_guessed_path_finds_nothing(
    listener: CallbackListener, session: aiohttp.ClientSession, path: str
) -> None:
    """Any other path is 404 and its code is not taken."""
    parts = urlsplit(listener.callback_url)
    url = f"http://{parts.netloc}{path.format(path=parts.path)}?code=stolen"
    assert (await visit(session, url))[0] == 404
    with pytest.raises(KeyUnavailable):
        await listener.code(0)


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", "", "127.1:{port}"])
async def test_another_host_is_misdirected(
    listener: CallbackListener, session: aiohttp.ClientSession, host: str
) -> None:
    """A page that reaches the port by another name (DNS rebinding) gets 421, whatever it asks for."""
    port = urlsplit(listener.callback_url).port
    for url in (f"{listener.callback_url}?code=stolen", listener.callback_url, f"http://127.0.0.1:{port}/"):
        assert (await visit(session, url, Host=host.format(port=port)))[0] == 421
    with pytest.raises(KeyUnavailable):
        await listener.code(0)


@pytest.mark.parametrize(
    "head", [b"GET %b?code=x HTTP/1.0", b"GET http://evil.example%b?code=x HTTP/1.1\r\nHost: evil"]
)
async def test_no_host_and_a_foreign_one_in_the_request_line(listener: CallbackListener, head: bytes) -> None:
    """A request without `Host`, or in absolute form with a foreign one, is misdirected too."""
    parts = urlsplit(listener.callback_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head % parts.path.encode() + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split()[1] == b"421"


async def test_only_the_first_code_counts(listener: CallbackListener, session: aiohttp.ClientSession) -> None:
    """Of 50 codes at once one is taken; the others, and a reload, are told that it is over."""
    visits = [visit(session, f"{listener.callback_url}?code=code-{number}") for number in range(50)]
    statuses = [status for status, _ in await asyncio.gather(*visits)]
    assert (statuses.count(200), statuses.count(410)) == (1, 49)
    code = await listener.code(0)
    assert code == f"code-{statuses.index(200)}"
    assert (await visit(session, f"{listener.callback_url}?code=late"))[0] == 410
    assert await listener.code(0) == code


@pytest.mark.parametrize("query", ["", "?code=", "?code=a&code=b", "?code=a%0Ab", "?code=%C3%A9", "?error=denied"])
async def test_without_a_usable_code_it_waits_on(
    listener: CallbackListener, session: aiohttp.ClientSession, query: str
) -> None:
    """No code, two, or one that cannot be one: a page says so, and the right one is still taken afterwards."""
    status, page = await visit(session, listener.callback_url + query)
    assert (status, "approve once more" in page) == (400, True)
    assert (await visit(session, f"{listener.callback_url}?code={CODE}"))[0] == 200
    assert await listener.code() == CODE


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
async def test_only_a_visit_brings_a_code(
    listener: CallbackListener, session: aiohttp.ClientSession, method: str
) -> None:
    """Other methods are refused and their code is not taken."""
    assert (await visit(session, f"{listener.callback_url}?code=stolen", method))[0] == 405
    with pytest.raises(KeyUnavailable):
        await listener.code(0)


@pytest.mark.parametrize("query", ["?code=x", ""])
async def test_the_pages_are_locked_down(
    listener: CallbackListener, session: aiohttp.ClientSession, query: str
) -> None:
    """No script, no frame, nothing kept, nothing told to the next site; the one style is allowed by its hash."""
    async with session.get(listener.callback_url + query) as response:
        page, headers = await response.text(), response.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert all(rule in policy for rule in ("frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"))
    assert "unsafe" not in policy
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (headers["X-Content-Type-Options"], headers["Connection"]) == ("nosniff", "close")
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert "<script" not in page


async def test_nobody_approves(listener: CallbackListener) -> None:
    """After the time given there is an error that says what to do; a code that comes later can still be had."""
    with pytest.raises(KeyUnavailable) as caught:
        await listener.code(0)
    assert (caught.value.kind, caught.value.__cause__) == ("key_missing", None)
    assert "pasted" in caught.value.hint


async def test_the_person_gives_up(listener: CallbackListener, session: aiohttp.ClientSession) -> None:
    """Cancelling the wait is not swallowed, and does not spoil a second wait."""
    begun = asyncio.Event()

    async def wait() -> str:
        begun.set()
        return await listener.code()

    waiting = asyncio.create_task(wait())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await visit(session, f"{listener.callback_url}?code={CODE}")
    assert await listener.code() == CODE


async def test_an_unhappy_end_closes_the_port(session: aiohttp.ClientSession) -> None:
    """Whatever ends the sign-in, nothing listens afterwards."""
    listener = CallbackListener()
    with pytest.raises(KeyUnavailable):
        async with listener:
            await listener.code(0)
    with pytest.raises(aiohttp.ClientConnectorError):
        await visit(session, listener.callback_url)


async def test_the_code_is_not_logged(
    listener: CallbackListener, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """No log at any level holds the code or the path."""
    with caplog.at_level(logging.DEBUG):
        await visit(session, f"{listener.callback_url}?code={CODE}")
        await listener.code()
    assert CODE not in caplog.text
    assert urlsplit(listener.callback_url).path not in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"  {CODE}\r\n",
        f'"{CODE}"',
        f"“{CODE}”",
        f"<{CODE}>",
        f"?code={CODE}",
        f"code={CODE}",
        f"http://127.0.0.1:1/sign-in/x?a=b&code={CODE}",
        f"https://openrouter.ai/auth?code={CODE}#top",
    ],
)
def test_what_people_paste(text: str) -> None:
    """The code alone, with what clings to it, or the address that holds it."""
    assert read_pasted_code(text) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two words",
        "café",
        "https://openrouter.ai/auth",
        "https://openrouter.ai/auth?code=",
        "https://openrouter.ai/auth?code=a&code=b",
        "https://openrouter.ai/auth?code=https://x.test",
        "https://openrouter.ai/auth?code=a%20b",
        "https://[openrouter.ai/auth?code=a",
        f"https://x.test/?{'a=b&' * 30}code=a",
        "https://x.test/#code=a",
        "x" * 600,
    ],
)
def test_what_holds_no_code_is_refused(text: str) -> None:
    """Anything else is refused with what to do."""
    with pytest.raises(InputError) as caught:
        read_pasted_code(text)
    assert caught.value.hint.startswith("Copy the whole code")


def test_a_key_is_not_a_code() -> None:
    """A key pasted by mistake is refused as what it is, and not repeated."""
    with pytest.raises(InputError) as caught:
        read_pasted_code(" sk-or-v1-canary ")
    assert "that is a key" in caught.value.message
    assert "canary" not in repr(caught.value) + caught.value.hint


@given(st.text())
def test_pasted_text_never_comes_back_in_an_error(text: str) -> None:
    """Whatever is pasted becomes a visible-ASCII code or an `InputError`; nothing else happens."""
    try:
        code = read_pasted_code(text)
    except InputError:
        return
    assert code.isascii()
    assert code.isprintable()
    assert " " not in code
