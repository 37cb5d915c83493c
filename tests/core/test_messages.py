"""Messages and parts: what is stored is what is read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.jsontext import decode_json, encode_json
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    decode_part,
    encode_part,
)

names = st.sampled_from(
    ["cache_control", "index", "name", "arguments", "function", "id", "extra", "media", "text", "type"]
)
kinds = st.sampled_from(
    ["text", "reasoning", "tool_call", "tool_result", "annotation", "media", "text_file", "image_url", "file", "x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=5,
)
objects = st.dictionaries(names, values, max_size=4)
typed = st.builds(lambda value, kind: value | {"type": kind}, objects, kinds)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(TextPart, st.text(), st.dictionaries(st.sampled_from(["cache_control", "id", "name"]), values)),
    st.builds(ReasoningPart, st.text(), st.lists(values, max_size=3).map(tuple)),
    st.builds(MediaPart, typed | objects.map(lambda value: {k: v for k, v in value.items() if k != "type"})),
    st.builds(MediaPart, typed, st.text(max_size=4)),
    st.builds(TextFilePart, st.text(), st.text()),
    st.builds(ToolCallPart, st.text(), st.text(), st.text(), objects),
    st.builds(ToolResultPart, st.text(), values),
    st.builds(AnnotationPart, typed),
)


@given(parts)
@settings(max_examples=150, deadline=None)
def test_a_part_comes_back_from_its_json(part: Part) -> None:
    """Every part, whatever types and names the wire used inside it, is itself again after storing."""
    assert decode_part(decode_json(encode_json(encode_part(part)))) == part


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (
            TextPart("a", {"cache_control": {"type": "e"}}),
            {"type": "text", "text": "a", "cache_control": {"type": "e"}},
        ),
        (ReasoningPart("a", ({"x": 1},)), {"type": "reasoning", "text": "a", "details": [{"x": 1}]}),
        (MediaPart({"type": "file", "file": {}}), {"type": "file", "file": {}}),
        (MediaPart({"type": "file"}, "a.pdf"), {"type": "media", "media": {"type": "file"}, "name": "a.pdf"}),
        (TextFilePart("a.md", "x"), {"type": "text_file", "name": "a.md", "text": "x"}),
        (MediaPart({"type": "tool_result", "x": 1}), {"type": "media", "media": {"type": "tool_result", "x": 1}}),
        (ToolCallPart("i", "f", "{}"), {"type": "tool_call", "id": "i", "name": "f", "arguments": "{}"}),
        (
            ToolCallPart("i", "f", "{}", {"index": 0}),
            {"type": "tool_call", "id": "i", "name": "f", "arguments": "{}", "extra": {"index": 0}},
        ),
        (ToolResultPart("i", [1]), {"type": "tool_result", "tool_call_id": "i", "content": [1]}),
        (AnnotationPart({"type": "file"}), {"type": "annotation", "annotation": {"type": "file"}}),
    ],
)
def test_the_json_form_of_each_part(part: Part, value: Any) -> None:
    """The stored form is fixed: rows written by this version must stay readable."""
    assert encode_part(part) == value
    assert decode_part(value) == part


def test_a_message_tells_its_text_and_reasoning() -> None:
    """Text and reasoning are those of their parts, joined, other parts between them left out."""
    parts = (ReasoningPart("r1"), TextPart("a"), MediaPart({}), TextPart("b"), ReasoningPart("r2"))
    message = Message(id="m", conversation_id="c", source="actor", parts=parts)
    assert (message.text, message.reasoning) == ("ab", "r1r2")
    assert Message(id="m", conversation_id="c", source="user").text == ""
