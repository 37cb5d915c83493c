"""Proof Key for Code Exchange (RFC 7636), and the addresses of OpenRouter's sign-in (field guide §8)."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

VERIFIER_BYTES = 32
"""What RFC 7636 §4.1 advises: 256 bits, 43 characters."""
_MOST_VERIFIER_BYTES = 96
_CODE = re.compile(r"[!-~]{1,512}")

PATH_PREFIX = "/sign-in/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One attempt's secret and what is shown of it. The repr shows the public half only."""

    verifier: str = field(repr=False)
    """43 to 128 characters; goes to OpenRouter with the code, and nowhere else."""
    challenge: str
    """base64url of the verifier's SHA-256, unpadded."""
    method: Literal["S256"] = "S256"
    """OpenRouter takes `plain` too, which protects nothing; Chit never asks for it."""


def make_challenge(random_bytes: bytes) -> Challenge:
    """From 32 to 96 bytes of chance. Other counts are a `ValueError`: the verifier would break RFC 7636 §4.1."""
    if not VERIFIER_BYTES <= len(random_bytes) <= _MOST_VERIFIER_BYTES:
        raise ValueError(f"a verifier is made from {VERIFIER_BYTES} to {_MOST_VERIFIER_BYTES} random bytes")
    verifier = _encode(random_bytes)
    return Challenge(verifier=verifier, challenge=_encode(sha256(verifier.encode()).digest()))


def make_callback_path(random_bytes: bytes) -> str:
    """`/sign-in/<random>`: OpenRouter has no `state`, so a path nobody can guess binds the reply to the attempt."""
    if len(random_bytes) < VERIFIER_BYTES:
        raise ValueError(f"a callback's path is made from at least {VERIFIER_BYTES} random bytes")
    return PATH_PREFIX + _encode(random_bytes)


def find_auth_page(base_url: str) -> str:
    """The page where a person approves: `/auth` at the base URL's origin."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}/auth"


def sign_in_address(auth_page: str, *, callback_url: str | None, challenge: Challenge, key_label: str | None) -> str:
    """What to open in a browser. Without `callback_url` the code is shown on screen, to be pasted (headless)."""
    query = {
        "callback_url": callback_url,
        "key_label": key_label,
        "code_challenge": challenge.challenge,
        "code_challenge_method": challenge.method,
    }
    given = {name: value for name, value in query.items() if value is not None}
    return f"{auth_page}?{urlencode(given, quote_via=quote, safe='')}"


def is_code(text: str) -> bool:
    """Whether `text` can be an authorization code: visible ASCII, at most 512 characters."""
    return _CODE.fullmatch(text) is not None


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
