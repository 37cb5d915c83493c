"""One message from a file."""

import re
from typing import Any

import pytest

from chit.core.members import DossierInvalid
from chit.core.message_reading import read_message

GOOD: dict[str, Any] = {
    "id": "b",
    "parent_id": "a",
    "source": "actor",
    "parts": [{"type": "text", "text": "Hi", "more": 1}, {"type": "unheard_of", "x": [1]}, {"no": "type"}],
    "options": {"visible_to_user": True, "visible_to_engine": False},
    "extra": {"OpenRouter": {"wire": {"name": "x"}}, "Other": 1},
    "created_at": 1.0,
}


def read(value: Any) -> Any:
    """After a message `a`."""
    return read_message(value, "c", 2, {"a"}, re.compile("[a-z]"))


def test_a_good_one_is_read() -> None:
    """With parts that nobody knows."""
    message = read(GOOD)
    assert (message.id, message.conversation_id, message.text, len(message.parts)) == ("b", "c", "Hi", 3)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "a"}, "id of message 2 is there twice"),
        ({"id": "../x"}, "id of message 2 cannot be"),
        ({"parent_id": "z"}, "parent_id of message 2 names no message before it"),
        ({"parent_id": "b"}, "parent_id of message 2 names no message before it"),
        ({"source": "robot"}, "source of message 2"),
        ({"new": 1}, "message 2 holds 'new'"),
        ({"options": {**GOOD["options"], "new": 1}}, "the options of message 2 holds 'new'"),
        ({"extra": {"OpenRouter": []}}, "extra of message 2"),
        ({"extra": {"OpenRouter": {"wire": []}}}, "extra of message 2"),
        ({"parts": ["text"]}, "a part of message 2 is not an object"),
        ({"parts": [{"type": "text"}]}, "is no text"),
        ({"parts": [{"type": "text", "text": 1}]}, "is no text"),
        ({"parts": [{"type": "reasoning", "text": "", "details": {}}]}, "is no reasoning"),
        ({"parts": [{"type": "reasoning", "text": "", "details": [], "new": 1}]}, "does not know"),
        ({"parts": [{"type": "tool_call", "id": "", "name": "", "arguments": {}}]}, "is no tool_call"),
        ({"parts": [{"type": "tool_call", "id": "", "name": "", "arguments": "", "extra": []}]}, "is no tool_call"),
        (
            {"parts": [{"type": "tool_call", "id": "", "name": "", "arguments": "", "extra": {"function": 1}}]},
            "is no tool_call",
        ),
        ({"parts": [{"type": "tool_result", "tool_call_id": "x"}]}, "is no tool_result"),
        ({"parts": [{"type": "annotation", "annotation": []}]}, "is no annotation"),
        ({"parts": [{"type": "media", "media": {"type": "image_url"}}]}, "does not know"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], why: str) -> None:
    """A part that would not come out as it went in is refused as well."""
    with pytest.raises(DossierInvalid, match=re.escape(why)):
        read(GOOD | changes)
