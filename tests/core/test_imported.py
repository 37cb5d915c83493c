"""What every import from another program shares."""

import math
import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.imported import clean, find_imported_model, imported_id, is_imported, read_time, read_title
from chit.core.messages import MediaPart, Message, Options, TextPart


def say(text: str, **members: Any) -> Message:
    """A question."""
    return Message(id="m", conversation_id="c", **({"source": "user", "parts": (TextPart(text),)} | members))


def test_ids_are_the_same_each_time() -> None:
    """UUIDs of version 8 that follow from the names, and only from them."""
    made = imported_id("ChatGPT", "c", "1")
    assert made == imported_id("ChatGPT", "c", "1")
    assert uuid.UUID(made).version == 8
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert re.fullmatch(r"[0-9a-f-]{36}", made)
    assert len({made, imported_id("ChatGPT", "c1"), imported_id("llm", "c", "1"), imported_id("\ud800")}) == 4


def test_the_model_of_an_imported_message() -> None:
    """Whichever program it came from; anything else in its place is none."""
    assert find_imported_model(say("", extra={"ChatGPT": {"model": "gpt-4o"}})) == "gpt-4o"
    assert find_imported_model(say("", extra={"llm": {"model": "m"}})) == "m"
    odd: tuple[dict[str, Any], ...] = (
        {},
        {"llm": 5},
        {"llm": {}},
        {"llm": {"model": ""}},
        {"llm": {"model": 5}},
        {"OpenRouter": {}},
    )
    for extra in odd:
        assert find_imported_model(say("", extra=extra)) is None
    assert is_imported(say("", extra={"ChatGPT": {}}))
    assert not is_imported(say("", extra={"OpenRouter": {}}))


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (0.5, 0.5),
        ("1970-01-01T00:00:01", 1.0),
        ("1970-01-01T01:00:01+01:00", 1.0),
        ("1970-01-01 00:00:02.5", 2.5),
        ("yesterday", 7.0),
        ("0001-01-01T00:00:00+14:00", 7.0),
        (True, 7.0),
        (None, 7.0),
        (-1, 7.0),
        (1e300, 7.0),
        (math.nan, 7.0),
        (10**400, 7.0),
    ],
)
def test_times(value: Any, time: float) -> None:
    """Of UTC where nothing else is said; what is no time that a list could show is another one."""
    assert read_time(value, 7.0) == time


def test_titles() -> None:
    """What it is called, else the first words of its first question that is seen."""
    hidden = say("hidden", options=Options(visible_to_user=False))
    assert read_title("  A \n title ", ()) == "A title"
    assert read_title("x" * 500, ()) == "x" * 200
    picture = say("", parts=(MediaPart({"type": "image_url"}),))
    assert read_title(None, (hidden, say("", source="actor"), picture, say("Why?\nMore"))) == "Why?"
    assert read_title("  ", ()) == ""


@given(st.text(st.characters()))
def test_half_pairs_are_cleaned(text: str) -> None:
    """Whatever is cleaned can be written, and what could be is not changed."""
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned
