"""The key: it gets out by one door only."""

import contextlib
import copy
import dataclasses
import io
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.secret import Secret, SecretInvalid

bodies = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_", min_size=24, max_size=80)


@dataclasses.dataclass
class Holder:
    """Something with a key in it."""

    key: Secret


def printed(value: object) -> str:
    """What `print` puts out."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print(value)
    return out.getvalue()


LEAKS: dict[str, Callable[[Secret], Any]] = {
    "repr": repr,
    "str": str,
    "print": printed,
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a}",
    "format": lambda secret: format(secret, ">300"),
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the old way is the point
    "container": lambda secret: str([secret, {"key": secret}, Holder(secret)]),
    "pickle": pickle.dumps,
    "pickle 0": lambda secret: pickle.dumps(secret, 0),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "asdict": lambda secret: dataclasses.asdict(Holder(secret)),
    "vars": vars,
    "json": json.dumps,
    "encode": lambda secret: secret.encode(),  # type: ignore[attr-defined]
    "concatenate": lambda secret: "Bearer " + secret,  # type: ignore[operator]
    "iterate": lambda secret: list(secret),  # type: ignore[call-overload]
    "bytes": lambda secret: bytes(secret),  # type: ignore[call-overload]
}


@pytest.mark.parametrize("way", LEAKS)
@given(body=bodies)
@settings(max_examples=10, deadline=None)
def test_the_key_does_not_leak(way: str, body: str) -> None:
    """No ordinary way to turn a value into text, bytes or a second value gives the key away, its error included."""
    secret = Secret(f"sk-or-v1-{body}")
    try:
        shown = str(LEAKS[way](secret))
    except (TypeError, AttributeError):
        shown = traceback.format_exc()
    assert not any(body[start : start + 8] in shown for start in range(len(body) - 8))


def test_only_the_last_four_characters_are_shown() -> None:
    """A long key is told apart by its end, a short one shows nothing at all."""
    assert Secret("sk-or-v1-0123456789abcdef").masked == "sk-or-…cdef"
    assert repr(Secret("sk-or-v1-0123456789abcdef")) == "Secret(sk-or-…cdef)"
    assert Secret("sk-or-abcd").masked == "sk-or-…"


def test_the_key_is_revealed_as_it_was_given() -> None:
    """`reveal` is the text without the white space around it."""
    assert Secret("  sk-or-v1-abc\r\n").reveal() == "sk-or-v1-abc"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-or-",
        "sk-proj-canary",
        "Bearer sk-or-canary",
        "sk-or-can\nary",
        "sk-or-can\r\nX-Evil: ary",
        "sk-or-can ary",
        "sk-or-can\x00ary",
        "sk-or-can\u00a0ary",
        "sk-or-canary\u201d",
        "\u201csk-or-canary\u201d",
        'sk-or-canary"',
        "sk-or-canary'",
        "`sk-or-canary`",
        "sk-or-canaré",
        "sk-or-" + "canary" * 100,
    ],
)
def test_what_cannot_be_a_key_is_refused_without_repeating_it(text: str) -> None:
    """Line breaks, spaces, quotes of any kind and foreign keys are refused, and the refusal holds none of the text."""
    with pytest.raises(SecretInvalid) as caught:
        Secret(text)
    assert "can" not in str(caught.value)
    assert "canary" not in repr(caught.value.args)
    assert caught.value.__context__ is None


def test_keys_are_compared_by_their_text() -> None:
    """Equal texts are equal keys with equal hashes; a text is never equal to a key."""
    key = Secret("sk-or-v1-abc")
    assert key == Secret("sk-or-v1-abc ")
    assert key != Secret("sk-or-v1-abd")
    assert key != "sk-or-v1-abc"
    assert len({key, Secret("sk-or-v1-abc")}) == 1
