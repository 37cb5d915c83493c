"""Proof Key for Code Exchange: RFC 7636, and the addresses of a sign-in."""

import string
from base64 import urlsafe_b64decode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.pkce import Challenge, find_auth_page, is_code, make_callback_path, make_challenge, sign_in_address

APPENDIX_B = bytes.fromhex("7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79")
"""The octets of the example."""
UNRESERVED = set(string.ascii_letters + string.digits + "-._~")
chance = st.binary(min_size=32, max_size=96)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def decode(text: str) -> bytes:
    """The bytes that an unpadded base64url text spells."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_the_standard() -> None:
    """RFC 7636 appendix B: its octets give its verifier and its challenge."""
    challenge = make_challenge(APPENDIX_B)
    assert challenge.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert (challenge.challenge, challenge.method) == ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256")


@given(chance)
def test_the_verifier_keeps_all_chance_and_the_challenge_hides_it(random_bytes: bytes) -> None:
    """A verifier has 43 to 128 unreserved characters and spells the bytes; the challenge is the hash of its text."""
    made = make_challenge(random_bytes)
    assert 43 <= len(made.verifier) <= 128
    assert set(made.verifier) | set(made.challenge) <= UNRESERVED
    assert decode(made.verifier) == random_bytes
    assert decode(made.challenge) == sha256(made.verifier.encode("ascii")).digest()


@given(chance, chance)
def test_different_chance_gives_different_challenges(first: bytes, second: bytes) -> None:
    """Two attempts share verifier and challenge only if they share their chance."""
    one, other = make_challenge(first), make_challenge(second)
    assert (one == other) == (one.challenge == other.challenge) == (first == second)


@pytest.mark.parametrize("count", [0, 31, 97])
def test_too_little_or_too_much_chance_is_refused(count: int) -> None:
    """A verifier that could be guessed, or that the standard forbids, is never made."""
    with pytest.raises(ValueError, match="32 to 96 random bytes"):
        make_challenge(bytes(count))


@given(chance)
def test_the_verifier_is_not_shown(random_bytes: bytes) -> None:
    """The repr of a challenge, and the address made with it, hold the public half only."""
    made = make_challenge(random_bytes)
    address = sign_in_address("https://x.test/auth", callback_url=None, challenge=made, key_label="l")
    assert made.verifier not in repr(made) + address
    assert made.challenge in address


@given(st.binary(min_size=32, max_size=64))
def test_a_callback_path_is_one_segment_of_chance(random_bytes: bytes) -> None:
    """The path spells the bytes behind `/sign-in/`, in characters that no browser rewrites."""
    path = make_callback_path(random_bytes)
    assert decode(path.removeprefix("/sign-in/")) == random_bytes
    assert set(path.removeprefix("/sign-in/")) <= UNRESERVED


def test_a_callback_path_needs_chance() -> None:
    """A path that could be guessed is never made."""
    with pytest.raises(ValueError, match="at least 32 random bytes"):
        make_callback_path(bytes(31))


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/auth"),
        ("http://127.0.0.1:8787/api/v1", "http://127.0.0.1:8787/auth"),
        ("http://[::1]:80/api/v1", "http://[::1]:80/auth"),
        ("https://x.test", "https://x.test/auth"),
    ],
)
def test_the_page_is_at_the_origin_of_the_base_url(base_url: str, page: str) -> None:
    """The person approves at the same host that the code goes to."""
    assert find_auth_page(base_url) == page


def test_the_documented_address() -> None:
    """Field guide §8, step 1: the callback encoded, the challenge, and its method."""
    challenge = Challenge(verifier="v" * 43, challenge="abc")
    address = sign_in_address(
        "https://openrouter.ai/auth", callback_url="http://127.0.0.1:1/sign-in/x", challenge=challenge, key_label=None
    )
    assert address == (
        "https://openrouter.ai/auth?callback_url=http%3A%2F%2F127.0.0.1%3A1%2Fsign-in%2Fx"
        "&code_challenge=abc&code_challenge_method=S256"
    )


@given(callback=st.none() | texts, label=st.none() | texts)
def test_an_address_says_exactly_what_was_given(callback: str | None, label: str | None) -> None:
    """Whatever the callback and the label hold, they come out of the query as they went in, and nothing beside them."""
    address = sign_in_address(
        "https://x.test/auth", callback_url=callback, challenge=make_challenge(APPENDIX_B), key_label=label
    )
    query = parse_qs(urlsplit(address).query, strict_parsing=True, keep_blank_values=True)
    given_values = {"callback_url": callback, "key_label": label} | {
        "code_challenge": make_challenge(APPENDIX_B).challenge,
        "code_challenge_method": "S256",
    }
    assert query == {name: [value] for name, value in given_values.items() if value is not None}


def test_what_can_be_a_code() -> None:
    """Visible ASCII of a bounded length; nothing that could break a line or a header."""
    assert is_code("auth_code_abc123def456")
    assert is_code("x" * 512)
    assert not any(map(is_code, ["", "a b", "a\n", "a\x00", "é", "x" * 513]))
