"""Authorization codes of the sandbox: each is bound to a challenge, good for ten minutes and for one exchange."""

import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from chit.sandbox.failures import Failure, fail

LIFETIME = 600.0
"""Seconds (field guide §8)."""
METHODS = ("S256", "plain")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LONGEST_LABEL = 100

BAD_REQUEST = fail(400, "Invalid request parameters", about="no JSON object, or without a code")
WRONG_METHOD = fail(400, "Invalid code_challenge_method", about="not the method the sign-in began with")
WRONG_CODE = fail(403, "Invalid code or code_verifier", about="unknown or used code, or another verifier")
EXPIRED = fail(403, "Authorization code expired", about="older than ten minutes")
NOT_POST = fail(405, "Method Not Allowed", about="not POST")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """What a program asks a person to approve."""

    callback_url: str | None
    """None shows the code on screen."""
    challenge: str | None
    method: str
    key_label: str | None = None

    @property
    def callback_origin(self) -> str | None:
        """Scheme, host and port of the callback."""
        if self.callback_url is None:
            return None
        parts = urlsplit(self.callback_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def title(self) -> str:
        """What the page and the key are called: the label, else the host and port of the callback."""
        return self.key_label or (self.callback_origin or "").partition("//")[2]


@dataclass(slots=True, kw_only=True)
class _Issued:
    request: SignInRequest
    at: float


@dataclass(slots=True)
class Codes:
    """All codes that were given and not yet exchanged."""

    clock: Callable[[], float] = time.time
    """Unix seconds; a test may put its own here."""
    _open: dict[str, _Issued] = field(default_factory=dict)

    def issue(self, request: SignInRequest) -> str:
        """A fresh code for an approved request."""
        code = f"auth_code_{secrets.token_hex(12)}"
        self._open[code] = _Issued(request=request, at=self.clock())
        return code

    def redeem(self, body: Any) -> SignInRequest | Failure:
        """The request a code was given for, once; `body` is that of `POST /auth/keys`.

        A wrong verifier uses the code up as well: OpenRouter's documents leave it open, and a client must not count on
        a second try.
        """
        if not isinstance(body, Mapping) or not isinstance(body.get("code"), str):
            return BAD_REQUEST
        issued = self._open.get(body["code"])
        if issued is None:
            return WRONG_CODE
        request = issued.request
        if request.challenge is not None and (body.get("code_challenge_method") or "plain") != request.method:
            return WRONG_METHOD
        del self._open[body["code"]]
        if self.clock() >= issued.at + LIFETIME:
            return EXPIRED
        return request if _is_verified(request, body.get("code_verifier")) else WRONG_CODE

    def clear(self) -> None:
        """Forget every code."""
        self._open.clear()


def read_request(query: Mapping[str, str]) -> SignInRequest | str:
    """The request in the query of `/auth`, or what is wrong with it."""
    request = SignInRequest(
        callback_url=query.get("callback_url"),
        challenge=query.get("code_challenge"),
        method=query.get("code_challenge_method") or "plain",  # RFC 7636 §4.3
        key_label=query.get("key_label"),
    )
    if request.method not in METHODS:
        return "Invalid code_challenge_method"
    if request.challenge is not None and not _CHALLENGE.fullmatch(request.challenge):
        return "Invalid code_challenge"
    if len(request.key_label or "") > _LONGEST_LABEL:
        return "Invalid key_label"
    if request.callback_url is None:
        headless = request.challenge is not None and request.key_label
        return request if headless else "Without callback_url, both key_label and code_challenge are needed"
    return request if _may_call_back(request.callback_url) else "Invalid callback_url"


def _may_call_back(url: str) -> bool:
    """An https address, or an http one of this machine, any port (field guide §8)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not re.fullmatch(r"[!-~]+", url) or set("@#") & set(url) or not re.fullmatch(r"[a-z0-9.-]+", host or ""):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1"))


def _is_verified(request: SignInRequest, verifier: Any) -> bool:
    if request.challenge is None:
        return True
    if not isinstance(verifier, str):
        return False
    shown = verifier.encode()
    if request.method == "S256":
        shown = urlsafe_b64encode(sha256(shown).digest()).rstrip(b"=")
    return compare_digest(shown, request.challenge.encode())
