"""Signing in with OpenRouter: an attempt, and the exchange of its code for a key (field guide §8).

async with CallbackListener() as listener:
    attempt = SignIn.begin(prefs.base_url, callback_url=listener.callback_url)
    ...open attempt.address in a browser...
    key = await attempt.exchange(await listener.code())
"""

import re
import secrets
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from chit.about import NAME, VERSION
from chit.core.fault import Fault, read_fault
from chit.core.guidance_sign_in import explain_sign_in
from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.pkce import (
    PATH_PREFIX,
    VERIFIER_BYTES,
    Challenge,
    find_auth_page,
    is_code,
    make_challenge,
    sign_in_address,
)
from chit.core.secret import Secret, SecretInvalid
from chit.errors import InputError
from chit.openrouter.client import Timeouts
from chit.openrouter.faults import read_connection_fault
from chit.openrouter.session import open_session
from chit.prefs import check_base_url

MAX_ANSWER_BYTES = 64 * 1024
_HEADERS = {"X-OpenRouter-Title": NAME, "User-Agent": f"chit/{VERSION}"}
_KEY = re.compile(rb"sk-or-[^\s\"'\\]+")
_AGAIN = "Start a new sign-in."


class SignIn:
    """One attempt, good for one exchange. Keeps its verifier to itself."""

    def __init__(
        self,
        *,
        base_url: str,
        challenge: Challenge,
        callback_url: str | None = None,
        key_label: str | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        """`begin` makes these. Raises `InputError` for a base URL that would send the code in the clear."""
        if callback_url is not None and not urlsplit(callback_url).path.startswith(PATH_PREFIX):
            raise ValueError(f"a callback's path starts with {PATH_PREFIX}")
        if callback_url is None and key_label is None:
            key_label = NAME
        self._base_url = check_base_url(base_url)
        self._challenge = challenge
        self._timeouts = timeouts or Timeouts()
        self._is_used = False
        self.callback_url = callback_url
        """Where OpenRouter sends the browser with the code; None if the person is to paste it."""
        self.address = sign_in_address(
            find_auth_page(self._base_url), callback_url=callback_url, challenge=challenge, key_label=key_label
        )
        """The page to open. It holds no secret, but names the callback: other users should not get to see it."""

    @classmethod
    def begin(
        cls,
        base_url: str,
        *,
        callback_url: str | None = None,
        key_label: str | None = None,
        make_random: Callable[[int], bytes] = secrets.token_bytes,
        timeouts: Timeouts | None = None,
    ) -> Self:
        """A fresh attempt. Without `callback_url` the person pastes the code that OpenRouter shows (headless).

        `key_label` (at most 100 characters) names the key on OpenRouter's page; headless it is "Chit" unless given.
        Raises `InputError` for a base URL that would send the code in the clear.
        """
        return cls(
            base_url=base_url,
            challenge=make_challenge(make_random(VERIFIER_BYTES)),
            callback_url=callback_url,
            key_label=key_label,
            timeouts=timeouts,
        )

    async def exchange(self, code: str) -> Secret:
        """`POST /auth/keys`, once: the key that the person approved.

        Raises `InputError` for what cannot be a code and for an attempt that was used before, else `UpstreamError`.
        Only a failure before anything was sent leaves the attempt usable.
        """
        if not is_code(code):
            raise InputError(
                "that is not a sign-in code", hint="Copy the whole code that OpenRouter shows, and no more."
            )
        if self._is_used:
            raise InputError("this sign-in has been used already", hint=_AGAIN)
        session = open_session(self._base_url, headers=_HEADERS, force_close=True)
        self._is_used = True
        async with session:
            outcome = await self._post(session, code)
        if isinstance(outcome, Secret):
            return outcome
        self._is_used = outcome.phase != "unsent"
        raise explain_sign_in(outcome)

    async def _post(self, session: aiohttp.ClientSession, code: str) -> Secret | Fault:
        """No bearer; redirects are not followed (security and reliability §2). Exceptions end here: their frames and
        contexts must not carry what was read.
        """
        request = {
            "code": code,
            "code_verifier": self._challenge.verifier,
            "code_challenge_method": self._challenge.method,
        }
        limit = aiohttp.ClientTimeout(total=self._timeouts.lookup, connect=self._timeouts.connect)
        try:
            async with session.post(
                f"{self._base_url}/auth/keys", json=request, timeout=limit, allow_redirects=False
            ) as response:
                return self._read(response, await _read_capped(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return read_connection_fault(error, started=False)

    def _read(self, response: aiohttp.ClientResponse, body: bytes) -> Secret | Fault:
        status = response.status
        key = _read_key(body) if status == 200 else None
        if key is not None:
            return key
        if status < 400:
            return Fault(phase="replied", cause="garbled", status=status)
        shown = _KEY.sub("sk-or-…".encode(), body).replace(self._challenge.verifier.encode(), "…".encode())
        headers = {name.lower(): value for name, value in response.headers.items()}
        return read_fault(phase="replied", status=status, headers=headers, body=shown)


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    while len(body) <= MAX_ANSWER_BYTES and (data := await response.content.readany()):
        body += data
    return body[:MAX_ANSWER_BYTES]


def _read_key(body: bytes) -> Secret | None:
    try:
        return Secret(str(decode_object(body).get("key")))
    except (JsonInvalid, SecretInvalid):
        return None
