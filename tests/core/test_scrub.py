"""Hiding keys in any text (attack case 35)."""

import base64
import binascii
import html
import json
import re
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.core.scrub import Scrubber
from chit.core.secret import Secret

KEY = "sk-or-v1-Canary0000example+/&<x>\\y1111"
KNOWN = Scrubber([Secret(KEY), Secret("sk-or-abc")])
UNKNOWN = Scrubber(())
FOREIGN = "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "URL-quoted": lambda text: urllib.parse.quote(text, safe=""),
    "URL-quoted, lower": lambda text: urllib.parse.quote(text, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "form": urllib.parse.quote_plus,
    "JSON": json.dumps,
    "repr": repr,
    "HTML": html.escape,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64, quoted": lambda text: urllib.parse.quote(base64.b64encode(text.encode()).decode(), safe=""),
    "quoted-printable": lambda text: binascii.b2a_qp(text.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_key_is_hidden_in_every_form(form: str) -> None:
    """Whatever stands around it, the key is replaced by its mask with the last four characters."""
    shown = KNOWN.scrub(f"before {FORMS[form](KEY)} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "sk-or-…1111" in shown
    assert "anary" not in shown


@given(before=st.binary(max_size=20), after=st.binary(max_size=20))
@example(before=b"sk-or-\x00", after=b"")
def test_base64_of_anything_around_a_key_is_hidden(before: bytes, after: bytes) -> None:
    """At each of the three alignments no six bytes of the key can be read out of what is left."""
    shown = KNOWN.scrub(base64.b64encode(before + KEY.encode() + after).decode())
    assert "sk-or-…" in shown
    for piece in re.split(r"sk-or-…\S{0,4}", shown):
        for start in range(4):
            text = piece[start:].rstrip("=")
            decoded = base64.b64decode(text[: len(text) // 4 * 4])
            assert not any(KEY.encode()[at : at + 6] in decoded for at in range(9, len(KEY) - 6))


@pytest.mark.parametrize("form", ["as it is", "URL-quoted", "JSON", "repr", "hex", "HEX", "base64", "base64, URL"])
def test_what_looks_like_a_key_is_hidden_too(form: str) -> None:
    """A key that nobody told us of is found by its beginning."""
    shown = UNKNOWN.scrub(f"before {FORMS[form](FOREIGN)} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "sk-or-…" in shown
    assert "0123" not in shown
    assert "30313233" not in shown


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_a_header_in_base64_is_hidden(before: str) -> None:
    """An unknown key inside base64 of something longer is found at each alignment."""
    encoded = base64.b64encode(f"{before}{FOREIGN}".encode()).decode()
    shown = UNKNOWN.scrub(encoded)
    assert "sk-or-…" in shown
    assert len(shown) < 12


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk-or-v1-ab", "sk-or-…"),
        ("sk-or-v1-0123456789abcdef", "sk-or-…cdef"),
        ("Bearer sk-or-v1-0123456789abcdef, and", "Bearer sk-or-…cdef, and"),
        ("sk-or-other_kind-of-Key1", "sk-or-…Key1"),
        ("key=sk%2dor%2dv1%2d0123456789abcdef&x=1", "key=sk-or-…&x=1"),
        ("an OpenRouter key starts with sk-or- and has no spaces", None),
        ("Secret(sk-or-…1111)", None),
        ("sk-or-…", None),
        ("sk-proj-0123456789", None),
        ("c2tlbGV0b24gb2YgYSB0ZXN0", None),
        ("", None),
    ],
)
def test_only_keys_are_hidden(text: str, shown: str | None) -> None:
    """Short ones show nothing of themselves, and what is no key, a mask included, stays as it is."""
    assert UNKNOWN.scrub(text) == (text if shown is None else shown)


@given(text=st.text())
def test_other_text_stays(text: str) -> None:
    """Text without a key is not touched, and scrubbing twice is scrubbing once."""
    assert UNKNOWN.scrub(text) == text
    mixed = KNOWN.scrub(f"{text}{KEY}{text}")
    assert KNOWN.scrub(mixed) == mixed


def test_bytes_are_scrubbed_whatever_their_encoding() -> None:
    """Half characters and other encodings around a key stay byte for byte; the mask is UTF-8."""
    data = b"\xff\xfe " + KEY.encode() + " ä … ".encode() + b"\x80"
    assert KNOWN.scrub_bytes(data) == b"\xff\xfe sk-or-\xe2\x80\xa61111" + " ä … ".encode() + b"\x80"


def test_a_short_key_is_hidden_where_it_stands() -> None:
    """A key that is too short for the pattern is hidden when it is known."""
    assert KNOWN.scrub("x sk-or-abc y") == "x sk-or-… y"
