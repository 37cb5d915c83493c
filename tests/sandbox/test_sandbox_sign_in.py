"""OpenRouter's side of a sign-in: the page, the codes, the exchange."""

import asyncio
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.sandbox.caller import Answer, Caller

from chit.sandbox.codes import LIFETIME

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "http://127.0.0.1:9/sign-in/x"
ASKED = {"callback_url": CALLBACK, "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
HEADLESS = {"key_label": "Chit", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}


class Clock:
    """Unix seconds that pass when told to."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


async def open_page(caller: Caller, method: str = "GET", origin: str | None = None, **query: str) -> Answer:
    """`/auth`, as a browser that does not follow redirects: a visit, or the button."""
    headers = {} if origin is None else {"Origin": origin}
    options: dict[str, Any] = {"params": query} if method == "GET" else {"data": query}
    async with caller.session.request(
        method, f"{caller.origin}/auth", headers=headers, allow_redirects=False, **options
    ) as response:
        return Answer(status=response.status, headers=dict(response.headers), body=await response.read())


async def get_code(caller: Caller, **query: str) -> str:
    """The code that the button leads to."""
    answer = await open_page(caller, "POST", **(query or ASKED))
    assert answer.status == 303
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][-1]


async def exchange(caller: Caller, code: Any, method: Any = "S256", verifier: Any = VERIFIER) -> Answer:
    """`POST /auth/keys` without a key."""
    body = {"code": code, "code_challenge_method": method, "code_verifier": verifier}
    return await caller.send(
        "POST", "/auth/keys", key="", json={name: it for name, it in body.items() if it is not None}
    )


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and message."""
    return answer.status, answer.json["error"]["message"]


async def test_a_person_approves_and_gets_a_working_key(caller: Caller) -> None:
    """The page asks, its own button leads to the callback with a code, and the code's key works and has a label."""
    page = await open_page(caller, **ASKED)
    assert (page.status, b"<strong>127.0.0.1:9</strong>" in page.body) == (200, True)
    fields = dict(re.findall(rb'name="(\w+)" value="([^"]*)"', page.body))
    assert {name.decode(): value.decode() for name, value in fields.items()} == ASKED
    pressed = await open_page(caller, "POST", origin=caller.origin, **ASKED)
    place, _, code = pressed.headers["Location"].partition("?code=")
    assert (pressed.status, place) == (303, CALLBACK)
    answer = await exchange(caller, code)
    assert (answer.status, answer.json["user_id"]) == (200, caller.sandbox.account.user_id)
    key = answer.json["key"]
    assert re.fullmatch(r"sk-or-v1-[0-9a-f]{64}", key)
    shown = (await caller.send("GET", "/key", key=key)).json["data"]
    assert (shown["label"], shown["is_management_key"]) == ("127.0.0.1:9", False)
    assert key.encode() not in (await caller.send("GET", "/sandbox/account")).body


async def test_without_a_callback_the_code_is_shown(caller: Caller) -> None:
    """Headless: the page names the label, the button shows the code, and the key carries the label."""
    page = await open_page(caller, **HEADLESS)
    assert (page.status, b"<strong>Chit</strong>" in page.body) == (200, True)
    shown = await open_page(caller, "POST", **HEADLESS)
    code = re.search(r"<code>(.+)</code>", shown.body.decode())
    assert code is not None
    key = (await exchange(caller, code[1])).json["key"]
    assert caller.sandbox.account.keys[key].label == "Chit"


async def test_tests_need_no_person(caller: Caller) -> None:
    """With the account's `sign_in` set to `approve` over the control endpoint, a visit is enough, in both modes."""
    changed = await caller.send("PATCH", "/sandbox/account", json={"sign_in": "approve"})
    assert changed.json["sign_in"] == "approve"
    visited = await open_page(caller, **ASKED)
    assert (visited.status, visited.headers["Location"].startswith(f"{CALLBACK}?code=")) == (303, True)
    assert b"<code>auth_code_" in (await open_page(caller, **HEADLESS)).body
    assert (await caller.send("PATCH", "/sandbox/account", json={"sign_in": "maybe"})).status == 400
    await caller.send("POST", "/sandbox/reset")
    assert (await open_page(caller, **ASKED)).status == 200
    code = parse_qs(urlsplit(visited.headers["Location"]).query)["code"][0]
    assert refusal(await exchange(caller, code))[0] == 403


@pytest.mark.parametrize(
    "query",
    [
        ASKED | {"code_challenge_method": "S512"},
        ASKED | {"code_challenge": "short"},
        HEADLESS | {"key_label": "x" * 101},
        {"key_label": "Chit"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
        {},
        *(
            {"callback_url": url}
            for url in ["http://evil.example/", "ftp://localhost/", "//localhost/", "http://[::1]/"]
        ),
        *({"callback_url": url} for url in ["https://", "https://a@localhost/", "http://127.0.0.1/#x", "http://["]),
        *({"callback_url": url} for url in ["https://x.test:99999/", "https://x;y/", "https://x.test/a b", ""]),
    ],
)
async def test_a_sign_in_that_cannot_work_is_refused_on_the_page(caller: Caller, query: dict[str, str]) -> None:
    """A wrong method, challenge, label or callback, or none of them, is an error that leads nowhere, button or not."""
    for method in ("GET", "POST"):
        answer = await open_page(caller, method, **query)
        assert (answer.status, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "url", ["https://x.test/back?a=b", "http://localhost/", "http://localhost:65535/x", "https://x.test:8443"]
)
async def test_where_a_code_may_go(caller: Caller, url: str) -> None:
    """Codes go to https anywhere, and to this machine on any port; what the callback's query held stays in it."""
    answer = await open_page(caller, "POST", callback_url=url)
    joint = "&" if "?" in url else "?"
    assert answer.headers["Location"].startswith(f"{url}{joint}code=auth_code_")
    policy = (await open_page(caller, callback_url=url)).headers["Content-Security-Policy"]
    parts = urlsplit(url)
    assert f"form-action 'self' {parts.scheme}://{parts.netloc};" in policy


async def test_other_pages_cannot_press_the_button(caller: Caller) -> None:
    """A form of another site, or of a sandboxed frame, is refused."""
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert (await open_page(caller, "POST", origin=origin, **ASKED)).status == 403


async def test_a_label_is_text(caller: Caller) -> None:
    """Markup in a label is shown, not obeyed, in the text and in the form."""
    page = await open_page(caller, **HEADLESS | {"key_label": "\"><script>alert('x')</script>"})
    assert b"<script" not in page.body
    assert page.body.count(b"&quot;&gt;&lt;script&gt;") == 2


async def test_the_methods_are_checked_between_the_steps(caller: Caller) -> None:
    """A method that differs is 400 and does not use the code up; `plain` and no method are the same (RFC 7636 §4.3)."""
    code = await get_code(caller)
    for method in ("plain", None, "S512", 5):
        assert refusal(await exchange(caller, code, method)) == (400, "Invalid code_challenge_method")
    assert (await exchange(caller, code)).status == 200
    for begun in ({"code_challenge_method": "plain"}, {}):
        for method in ("plain", None):
            code = await get_code(caller, callback_url=CALLBACK, code_challenge=VERIFIER, **begun)
            assert (await exchange(caller, code, method)).status == 200
    code = await get_code(caller, callback_url=CALLBACK, code_challenge=VERIFIER, code_challenge_method="plain")
    assert refusal(await exchange(caller, code, "S256")) == (400, "Invalid code_challenge_method")


@pytest.mark.parametrize("verifier", ["x" * 43, VERIFIER + "A", CHALLENGE, "", None, 7, "é" * 22])
@pytest.mark.parametrize("method", ["S256", "plain"])
async def test_a_wrong_verifier_is_refused_and_uses_the_code_up(caller: Caller, method: str, verifier: Any) -> None:
    """Neither the challenge itself nor anything but the verifier will do, and there is no second try."""
    challenge = CHALLENGE if method == "S256" else "p" * 43
    code = await get_code(caller, callback_url=CALLBACK, code_challenge=challenge, code_challenge_method=method)
    assert refusal(await exchange(caller, code, method, verifier)) == (403, "Invalid code or code_verifier")
    right = VERIFIER if method == "S256" else challenge
    assert (await exchange(caller, code, method, right)).status == 403


async def test_without_a_challenge_the_code_alone_is_enough(caller: Caller) -> None:
    """A challenge is optional where there is a callback; the documented body then holds the code only."""
    code = await get_code(caller, callback_url=CALLBACK)
    assert (await exchange(caller, code, None, None)).status == 200


async def test_a_code_expires_after_ten_minutes(caller: Caller) -> None:
    """One moment before it works, from then on it is expired, and then unknown."""
    clock = caller.sandbox.codes.clock = Clock()
    early, late = await get_code(caller), await get_code(caller)
    clock.now += LIFETIME - 0.001
    assert (await exchange(caller, early)).status == 200
    clock.now += 0.001
    assert refusal(await exchange(caller, late)) == (403, "Authorization code expired")
    assert refusal(await exchange(caller, late)) == (403, "Invalid code or code_verifier")


async def test_a_code_is_good_once(caller: Caller) -> None:
    """Replayed, it is as wrong as one that never was, and no second key comes of it."""
    code = await get_code(caller)
    assert (await exchange(caller, code)).status == 200
    keys = len(caller.sandbox.account.keys)
    for used in (code, "auth_code_never"):
        assert refusal(await exchange(caller, used)) == (403, "Invalid code or code_verifier")
    assert len(caller.sandbox.account.keys) == keys


async def test_of_fifty_at_once_one_wins(caller: Caller) -> None:
    """Attack case 12: parallel replays of one code yield exactly one key."""
    code = await get_code(caller)
    keys = len(caller.sandbox.account.keys)
    answers = await asyncio.gather(*(exchange(caller, code) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] + [403] * 49
    assert len(caller.sandbox.account.keys) == keys + 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"{}", b'{"code": 7}', b'{"code": null}'])
async def test_a_body_without_a_code_is_refused(caller: Caller, body: bytes) -> None:
    """What is no JSON object with a code is 400."""
    assert refusal(await caller.send("POST", "/auth/keys", data=body)) == (400, "Invalid request parameters")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_post_exchanges(caller: Caller, method: str) -> None:
    """Any other method is 405 in OpenRouter's envelope."""
    assert refusal(await caller.send(method, "/auth/keys")) == (405, "Method Not Allowed")


def test_the_constants_are_those_of_the_standard() -> None:
    """RFC 7636 appendix B, worked out here without Chit's own code."""
    assert urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode() == CHALLENGE
