"""The passphrase: it gets out by one door only."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from chit.errors import InputError
from chit.vault.passphrase import Passphrase

TEXT = "canary pass phrase"


@pytest.mark.parametrize(
    "leak",
    [repr, str, lambda it: f"{it} {it!r} {[it]}", pickle.dumps, copy.copy, copy.deepcopy, vars, json.dumps],
)
def test_the_passphrase_does_not_leak(leak: Callable[[Any], Any]) -> None:
    """No ordinary way to turn it into text, bytes or a second value gives it away, the error included."""
    try:
        shown = str(leak(Passphrase(TEXT)))
    except TypeError as error:
        shown = str(error)
    assert "canary" not in shown


def test_it_is_used_byte_for_byte() -> None:
    """Nothing is stripped or normalised: the age program must get the same bytes."""
    assert Passphrase("  ä\u0308 \t").reveal() == "  ä\u0308 \t".encode()


@pytest.mark.parametrize("text", ["", "x" * 4097, "a\nb", "a\rb", "a\0b", "a\udc80b"])
def test_what_cannot_be_typed_is_refused_without_repeating_it(text: str) -> None:
    """Nothing, too much, line breaks, zeros and half characters are refused."""
    with pytest.raises(InputError) as caught:
        Passphrase(text)
    assert caught.value.hint
    assert not text or text not in caught.value.message
