"""Signing in: an attempt at the sandbox from end to end, and against servers that do not do as they should."""

import asyncio
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import aiohttp
import orjson
import pytest
from aiohttp import web

from chit.core.secret import Secret
from chit.errors import InputError, UpstreamError
from chit.openrouter.callback import CallbackListener, read_pasted_code
from chit.openrouter.client import Timeouts
from chit.openrouter.sign_in import MAX_ANSWER_BYTES, SignIn
from chit.sandbox.codes import LIFETIME
from chit.sandbox.server import Sandbox

CANARY = "sk-or-v1-" + "ca9a7b0d" * 8
CALLBACK = "http://127.0.0.1:9/sign-in/x"
Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server:
    """A server that answers every request as it is told, and remembers them."""

    def __init__(self, answering: Answering) -> None:
        self.requests: list[tuple[web.BaseRequest, bytes]] = []
        self.base_url = ""
        self._answering = answering
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        return await self._answering(request)


def say(status: int, body: bytes = b"", **headers: str) -> Answering:
    """The same answer every time."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


def grant(key: Any = CANARY) -> Answering:
    """OpenRouter's answer to a good exchange."""
    return say(200, orjson.dumps({"key": key, "user_id": None}))


async def fail(attempt: SignIn, code: str = "code") -> UpstreamError:
    """How the exchange fails."""
    with pytest.raises(UpstreamError) as caught:
        await attempt.exchange(code)
    return caught.value


def everything_in(error: BaseException | None) -> str:
    """All that an exception and those behind it could print, the local variables of their frames included."""
    if error is None:
        return ""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    told = [repr(error), repr(error.args), repr(vars(error)), *shown.format()]
    return "\n".join(told) + everything_in(error.__cause__) + everything_in(error.__context__)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """OpenRouter, approving at once."""
    async with Sandbox(pace=0) as sandbox:
        sandbox.account.sign_in = "approve"
        yield sandbox


async def approve(attempt: SignIn) -> str:
    """The page that a browser ends on; it follows redirects."""
    async with aiohttp.ClientSession() as browser, browser.get(attempt.address) as response:
        return await response.text()


async def get_code(attempt: SignIn) -> str:
    """The code of an approval, without visiting the callback."""
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(attempt.address, allow_redirects=False) as response,
    ):
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


async def test_signing_in_with_a_browser(sandbox: Sandbox) -> None:
    """From the listener's address over the page and back: the key is one that the sandbox knows."""
    async with CallbackListener() as listener:
        attempt = SignIn.begin(sandbox.base_url, callback_url=listener.callback_url)
        assert attempt.callback_url == listener.callback_url
        page = await approve(attempt)
        key = await attempt.exchange(await listener.code())
    assert "You can close this tab" in page
    assert key.reveal() in sandbox.account.keys


async def test_signing_in_without_a_browser(sandbox: Sandbox) -> None:
    """Headless: the page shows a code, the person pastes it, and the key carries the label."""
    for given, label in ((None, "Chit"), ("my server", "my server")):
        attempt = SignIn.begin(sandbox.base_url, key_label=given)
        shown = (await approve(attempt)).partition("<code>")[2].partition("</code>")[0]
        key = await attempt.exchange(read_pasted_code(f" {shown}\n"))
        assert sandbox.account.keys[key.reveal()].label == label


def test_the_address_is_at_openrouter() -> None:
    """The default base URL leads to OpenRouter's page with an S256 challenge; no verifier is in sight."""
    attempt = SignIn.begin("https://openrouter.ai/api/v1/", callback_url=CALLBACK, make_random=bytes)
    assert attempt.address == (
        "https://openrouter.ai/auth?callback_url=http%3A%2F%2F127.0.0.1%3A9%2Fsign-in%2Fx"
        "&code_challenge=DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo&code_challenge_method=S256"
    )
    assert "A" * 43 not in attempt.address + repr(attempt) + str(attempt)


def test_every_attempt_is_its_own() -> None:
    """Two attempts never share a challenge."""
    addresses = {SignIn.begin("https://openrouter.ai/api/v1").address for _ in range(100)}
    assert len(addresses) == 100


@pytest.mark.parametrize("base_url", ["http://openrouter.ai/api/v1", "http://10.0.0.1/api/v1", "ftp://x", "nix"])
def test_no_code_goes_in_the_clear(base_url: str) -> None:
    """Beyond this machine only https will do."""
    with pytest.raises(InputError):
        SignIn.begin(base_url)


def test_a_callback_that_is_not_bound_is_a_mistake() -> None:
    """A callback elsewhere than under `/sign-in/` is the programmer's error."""
    with pytest.raises(ValueError, match="/sign-in/"):
        SignIn.begin("https://openrouter.ai/api/v1", callback_url="http://127.0.0.1:1/")


async def test_what_is_sent() -> None:
    """One POST with code, verifier and method; no bearer and no cookies."""
    async with Server(grant()) as server:
        key = await SignIn.begin(server.base_url, make_random=bytes).exchange("the-code")
    ((request, body),) = server.requests
    assert key == Secret(CANARY)
    assert (request.method, request.path) == ("POST", "/api/v1/auth/keys")
    assert orjson.loads(body) == {"code": "the-code", "code_verifier": "A" * 43, "code_challenge_method": "S256"}
    assert not {"Authorization", "Cookie", "Referer"} & set(request.headers)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Invalid code_challenge_method", "sign_in_refused"),
        (403, "Invalid code or code_verifier", "sign_in_refused"),
        (403, "Authorization code expired", "sign_in_expired"),
        (405, "Method Not Allowed", "sign_in_refused"),
        (429, "Slow down", "rate_limited"),
        (500, "Internal Server Error", "upstream_error"),
    ],
)
async def test_every_documented_error_is_explained(status: int, message: str, kind: str) -> None:
    """Each says what to do and where, keeps OpenRouter's words, and uses the attempt up."""
    body = orjson.dumps({"error": {"code": status, "message": message}})
    async with Server(say(status, body, **{"Retry-After": "3"})) as server:
        attempt = SignIn.begin(server.base_url)
        error = await fail(attempt)
        with pytest.raises(InputError, match="used already"):
            await attempt.exchange("code")
    assert (error.kind, error.status, error.retry_after, error.raw) == (kind, status, 3.0, body.decode())
    assert error.hint
    assert (error.link or "").startswith("https://")
    assert len(server.requests) == 1


async def test_a_replayed_code_is_refused(sandbox: Sandbox) -> None:
    """A second attempt cannot use the code of the first, nor can the first use it twice."""
    attempt = SignIn.begin(sandbox.base_url, callback_url=CALLBACK)
    code = await get_code(attempt)
    await attempt.exchange(code)
    with pytest.raises(InputError, match="used already"):
        await attempt.exchange(code)
    assert (await fail(SignIn.begin(sandbox.base_url), code)).kind == "sign_in_refused"


async def test_a_stolen_code_is_of_no_use(sandbox: Sandbox) -> None:
    """Without the verifier of the attempt that asked, a fresh code is refused and no key comes of it."""
    code = await get_code(SignIn.begin(sandbox.base_url, callback_url=CALLBACK))
    keys = len(sandbox.account.keys)
    error = await fail(SignIn.begin(sandbox.base_url, callback_url=CALLBACK), code)
    assert (error.status, len(sandbox.account.keys)) == (403, keys)


async def test_a_late_code_has_expired(sandbox: Sandbox) -> None:
    """Ten minutes after the approval the person is told to begin again."""
    now = [0.0]
    sandbox.codes.clock = lambda: now[0]
    attempt = SignIn.begin(sandbox.base_url, callback_url=CALLBACK)
    code = await get_code(attempt)
    now[0] += LIFETIME
    assert (await fail(attempt, code)).kind == "sign_in_expired"


async def test_of_fifty_at_once_one_wins(sandbox: Sandbox) -> None:
    """Attack case 12: one attempt raced by 50 makes one request and one key; the others are told so."""
    attempt = SignIn.begin(sandbox.base_url, callback_url=CALLBACK)
    code = await get_code(attempt)
    keys = len(sandbox.account.keys)
    results = await asyncio.gather(*(attempt.exchange(code) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(result, Secret) for result in results) == 1
    assert sum(isinstance(result, InputError) for result in results) == 49
    assert len(sandbox.account.keys) == keys + 1


@pytest.mark.parametrize("code", ["", "a b", "a\n", "é", "x" * 513])
async def test_what_cannot_be_a_code_is_not_sent(code: str) -> None:
    """A malformed code costs nothing: no request is made, and the attempt can still be used."""
    async with Server(grant()) as server:
        attempt = SignIn.begin(server.base_url)
        with pytest.raises(InputError, match="not a sign-in code"):
            await attempt.exchange(code)
        assert server.requests == []
        assert await attempt.exchange("code") == Secret(CANARY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """Attack case 34: code and verifier do not go where a redirect points."""
    async with Server(grant()) as thief, Server(say(status, Location=f"{thief.base_url}/auth/keys")) as server:
        error = await fail(SignIn.begin(server.base_url))
    assert (error.kind, error.status, thief.requests) == ("unexpected_reply", status, [])


async def test_offline_leaves_the_attempt_usable() -> None:
    """Where nothing was sent, the same code can be tried again once the network is back."""
    async with Server(grant()) as server:
        base_url = server.base_url
    attempt = SignIn.begin(base_url)
    for _ in range(2):
        error = await fail(attempt)
        assert (error.kind, "nothing was sent" in error.message) == ("offline", True)


async def test_a_server_without_tls_is_not_spoken_to() -> None:
    """An https base URL makes a TLS connection or none."""
    async with Server(grant()) as server:
        error = await fail(SignIn.begin(server.base_url.replace("http:", "https:")))
    assert (error.kind, server.requests) == ("tls", [])


async def test_a_proxy_that_cannot_be_used_leaves_the_attempt_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of an unknown kind in the environment is told before anything is sent."""
    async with Server(grant()) as server:
        attempt = SignIn.begin(server.base_url)
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "")
        await fail(attempt)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert await attempt.exchange("code") == Secret(CANARY)


async def test_silence_and_a_broken_connection_are_told() -> None:
    """A server that takes the code and says nothing, or hangs up, leaves it open whether a key was made."""
    never = asyncio.Event()

    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        await never.wait()
        raise AssertionError("nobody sets it")

    async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    for answering, seconds in ((stall, 0.05), (hang_up, 30.0)):
        async with Server(answering) as server:
            error = await fail(SignIn.begin(server.base_url, timeouts=Timeouts(lookup=seconds)))
        assert (error.kind, error.status) == ("upstream_timeout", None)
        assert "A key may have been made" in error.hint


async def test_giving_up_uses_the_attempt_up() -> None:
    """A cancelled exchange is cancelled, and is not sent again: its code may be used up."""
    arrived = asyncio.Event()

    async def stall(_: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async with Server(stall) as server:
        attempt = SignIn.begin(server.base_url)
        running = asyncio.create_task(attempt.exchange("code"))
        await arrived.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(InputError, match="used already"):
            await attempt.exchange("code")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"key": null}',
        b'{"key": {"a": 1}}',
        orjson.dumps({"key": f"{CANARY}\n{CANARY}"}),
        orjson.dumps({"key": f"Bearer {CANARY}"}),
        orjson.dumps({"data": {"key": CANARY}}),
        CANARY.encode(),
        orjson.dumps({"key": CANARY, "padding": "x" * MAX_ANSWER_BYTES}),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 302, 404, 500])
async def test_what_is_not_the_answer_is_refused_without_a_trace(status: int, body: bytes) -> None:
    """No exception, not even with its frames' variables, holds a key or the verifier, whatever the body was."""
    async with Server(say(status, body)) as server:
        error = await fail(SignIn.begin(server.base_url, make_random=bytes))
    assert error.status == status
    shown = everything_in(error) + str(error.as_dict())
    assert CANARY[9:] not in shown
    assert "A" * 43 not in shown
    assert error.__cause__ is error.__context__ is None


async def test_an_echoing_server_betrays_nothing() -> None:
    """A server that repeats the request and a key in its error: neither verifier nor key is kept."""

    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        text = f"no: {(await request.read()).decode()} {CANARY}"
        return web.json_response({"error": {"code": 418, "message": text}}, status=418)

    async with Server(echo) as server:
        error = await fail(SignIn.begin(server.base_url, make_random=bytes))
    assert error.message.startswith("OpenRouter refused the sign-in (HTTP 418). OpenRouter said: “no: ")
    assert CANARY[9:] not in everything_in(error)
    assert "A" * 43 not in everything_in(error)


async def test_the_key_is_not_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """A good sign-in leaves key, code and verifier in no log of any level and on no screen, even while debugging."""
    asyncio.get_running_loop().set_debug(True)
    with caplog.at_level(logging.DEBUG):
        async with Server(grant()) as server:
            attempt = SignIn.begin(server.base_url, make_random=bytes)
            key = await attempt.exchange("code-canary")
    written = caplog.text + "".join(capfd.readouterr()) + repr(key) + repr(attempt)
    assert not [secret for secret in (CANARY[9:], "code-canary", "A" * 43) if secret in written]


async def test_a_key_that_was_had_cannot_be_pickled() -> None:
    """What `exchange` gives is a `Secret`, with all its guards."""
    async with Server(grant(f" {CANARY}\n")) as server:
        key = await SignIn.begin(server.base_url).exchange("code")
    assert key == Secret(CANARY)
    with pytest.raises(TypeError):
        pickle.dumps(key)
