"""Local tokens: their text, their terms, and which models those allow."""

import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.local_token import BYTES, Terms, decode_terms, encode_terms, hash_token, write_token
from chit.core.secret import Secret, SecretInvalid

AMOUNTS = st.none() | st.decimals(min_value=0, max_value=10**9, places=12)


@given(st.binary(min_size=BYTES, max_size=BYTES))
def test_tokens_are_of_one_length(chance: bytes) -> None:
    """Whatever chance gives: letters and digits after the prefix, and no key of OpenRouter's."""
    token = write_token(chance)
    assert len(token) == 51
    assert token.startswith("sk-chit-")
    assert token.replace("-", "").isalnum()
    assert token.isascii()
    with pytest.raises(SecretInvalid):
        Secret(token)


def test_no_two_chances_make_one_token() -> None:
    """All 256 bits are in it: changing any of them changes the text."""
    chance = os.urandom(BYTES)
    flipped = [
        bytes(byte ^ (bit if at == place else 0) for at, byte in enumerate(chance))
        for place in range(BYTES)
        for bit in (1, 128)
    ]
    assert len({write_token(each) for each in (chance, *flipped)}) == 2 * BYTES + 1
    with pytest.raises(ValueError, match="32 bytes"):
        write_token(chance[1:])


def test_any_text_has_a_hash() -> None:
    """What a header held may be no text at all."""
    assert len({hash_token(text) for text in ("", "sk-chit-x", "é", "\udcff")}) == 4


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.lists(st.text()), st.booleans())
def test_terms_survive_writing(
    day: Decimal | None, month: Decimal | None, total: Decimal | None, models: list[str], private: bool
) -> None:
    """Every digit of every budget comes back."""
    terms = Terms(day=day, month=month, total=total, models=tuple(models), private=private)
    assert decode_terms(encode_terms(terms)) == terms


@pytest.mark.parametrize("damaged", [{"day": "much"}, {"total": True}, {"models": "openai/*"}, {"models": [1]}])
def test_damaged_terms_are_no_licence(damaged: dict[str, Any]) -> None:
    """A limit that cannot be read is refused, not taken for none."""
    with pytest.raises(ValueError, match=r"budget|models"):
        decode_terms(damaged)


@pytest.mark.parametrize(
    ("patterns", "model", "allowed"),
    [
        ((), "a/b", True),
        ((), "@preset/x", True),
        (("a/b",), "a/b", True),
        (("a/b",), "a/b:nitro", False),
        (("a/b*",), "a/b:nitro", True),
        (("a/*",), "b/a/c", False),
        (("a/*", "c/d"), "c/d", True),
        (("*/b",), "a/b", True),
        (("a/*",), "A/b", False),
        (("a/[bc]",), "a/b", False),
        (("a/[bc]",), "a/[bc]", True),
        (("a/?",), "a/b", False),
        (("a/*",), "a/b@preset/x", False),
        (("a/*@preset/x",), "a/b@preset/x", True),
        (("*",), "a/b@preset/x", True),
        (("@preset/x",), "@preset/x", True),
        (("a/*",), "a/b\nc", True),
        (("a/b",), "a/b\n", False),
    ],
)
def test_models_are_allowed_by_patterns(patterns: tuple[str, ...], model: str, allowed: bool) -> None:
    """`*` is the only wildcard, the whole id must fit, and a preset is not let in by a pattern for models."""
    assert Terms(models=patterns).allows(model) == allowed
