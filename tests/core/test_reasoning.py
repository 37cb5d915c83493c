"""Reasoning details: put together again as one reply would have held them."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.reasoning import add_reasoning_details, reasoning_text

SIGNED = {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", "id": None}


def text(value: str, **more: Any) -> dict[str, Any]:
    """One piece of a readable detail."""
    return {"type": "reasoning.text", "text": value, "index": 0} | more


@given(st.text(), st.lists(st.integers(0, 100), max_size=6))
@settings(max_examples=50, deadline=None)
def test_any_cut_of_a_detail_gives_the_detail(whole: str, places: list[int]) -> None:
    """A text detail sent in pieces, its signature last, is what a unary reply would have held."""
    marks = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    details: list[Any] = []
    for start, end in itertools.pairwise(marks):
        details = add_reasoning_details(details, [SIGNED | {"text": whole[start:end]}])
    details = add_reasoning_details(details, [SIGNED | {"signature": "s"}])
    assert details == [SIGNED | {"text": whole, "signature": "s"}]
    assert reasoning_text(details) == whole


@pytest.mark.parametrize(
    "second",
    [
        text("b", index=1),
        text("b", id="2"),
        {"type": "reasoning.summary", "summary": "b", "index": 0},
        {"type": "reasoning.encrypted", "data": "b", "index": 0},
        {"text": "b"},
        {"type": ["reasoning.text"], "text": "b"},
        "b",
        None,
    ],
)
def test_what_does_not_continue_stands_by_itself(second: Any) -> None:
    """Another index, id, type or shape is a detail of its own, kept as it came."""
    first = text("a", id="1")
    assert add_reasoning_details([first], [second]) == [first, second]
    assert add_reasoning_details([second], [first]) == [second, first]


def test_encrypted_details_are_never_put_together() -> None:
    """Two opaque blobs of the same index stay two."""
    blob = {"type": "reasoning.encrypted", "data": "xyz", "index": 0}
    assert add_reasoning_details([blob], [blob]) == [blob, blob]


def test_summaries_grow() -> None:
    """Pieces of a summary are put together like those of a text."""
    pieces = [{"type": "reasoning.summary", "summary": piece} for piece in ("a", "b")]
    assert add_reasoning_details([], pieces) == [{"type": "reasoning.summary", "summary": "ab"}]


def test_a_signature_ends_its_detail() -> None:
    """Text after a signature begins anew, because the signature is of what came before."""
    details = add_reasoning_details([], [text("a", signature="s"), text("b")])
    assert details == [text("a", signature="s"), text("b")]


def test_members_keep_their_last_value() -> None:
    """A null does not erase, a new member is kept, and a text where there was none begins there."""
    details = add_reasoning_details([text("a", format="x")], [text("b", format=None, signature=None)])
    assert details == [text("ab", format="x", signature=None)]
    odd = add_reasoning_details([{"type": "reasoning.text", "text": 5}], [{"type": "reasoning.text", "text": "b"}])
    assert odd == [{"type": "reasoning.text", "text": "5b"}]


def test_arguments_are_not_changed() -> None:
    """The details given stay as they were."""
    before = [text("a")]
    add_reasoning_details(before, [text("b")])
    assert before == [text("a")]


@pytest.mark.parametrize(
    ("details", "readable"),
    [
        (None, ""),
        ("text", ""),
        ([], ""),
        ([text("a"), {"type": "reasoning.encrypted", "data": "x"}, text("b")], "ab"),
        ([{"type": "reasoning.summary", "summary": "s"}, 5, {"type": "reasoning.text", "text": None}], "s"),
    ],
)
def test_the_readable_part(details: Any, readable: str) -> None:
    """Texts and summaries are read in order, opaque and malformed details say nothing."""
    assert reasoning_text(details) == readable
