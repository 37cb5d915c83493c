"""By what a call finds the conversation that it goes on with."""

from typing import Any

import pytest

from chit.core.messages import MediaPart, Message, ReasoningPart, TextPart, ToolCallPart
from chit.core.prefix import extend_prefix, hash_prefixes, known_ends

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}


def last(*messages: dict[str, Any], token: str = "t") -> str:  # noqa: S107 - no secret
    """The hash of all of them."""
    return hash_prefixes(token, messages)[-1]


def reply(*parts: Any) -> Message:
    """What a model said."""
    return Message(id="m", conversation_id="c", source="actor", parts=parts)


@pytest.mark.parametrize(
    "same",
    [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "user", "content": [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]},
        {"role": "user", "content": ["hi"]},
        {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": "hi", "name": "me", "tool_calls": None},
    ],
)
def test_the_same_in_other_spellings(same: dict[str, Any]) -> None:
    """Text as a string or in parts, with members that say nothing."""
    assert last(same) == last(USER)


@pytest.mark.parametrize(
    "other",
    [
        {"role": "system", "content": "hi"},
        {"role": "user", "content": "ho"},
        {"role": "user", "content": None},
        {"role": "user", "content": 5},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, 5]},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "user", "content": "hi", "tool_call_id": "c1"},
        {"role": "user", "content": "hi", "tool_calls": [CALL]},
        {"role": "user", "content": "hi", "tool_calls": [5]},
        {"role": "user", "content": "hi", "tool_calls": [{"id": "c1"}]},
    ],
)
def test_what_says_something_else(other: dict[str, Any]) -> None:
    """Who, in which words, with which media and calls."""
    assert last(other) != last(USER)


def test_each_hash_is_over_all_before() -> None:
    """And over the token: of another program nothing is joined."""
    first, second = hash_prefixes("t", [USER, USER])
    assert first == last(USER)
    assert len({first, second, last(USER, token="u")}) == 3
    assert hash_prefixes("t", []) == []


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (reply(TextPart("yes")), {"role": "assistant", "content": "yes"}),
        (reply(TextPart("yes")), {"role": "assistant", "content": [{"type": "text", "text": "yes"}], "refusal": None}),
        (reply(ReasoningPart("hm"), TextPart("yes")), {"role": "assistant", "content": "yes"}),
        (reply(ToolCallPart("c1", "look", '{"a":1}')), {"role": "assistant", "content": None, "tool_calls": [CALL]}),
        (reply(ToolCallPart("c1", "look", '{"a":1}')), {"role": "assistant", "content": "", "tool_calls": [CALL]}),
    ],
)
def test_a_reply_is_found_as_clients_write_it(said: Message, written: dict[str, Any]) -> None:
    """The next turn has it as an assistant's message, with or without its reasoning."""
    assert extend_prefix(last(USER), said) == last(USER, written)


@pytest.mark.parametrize("parts", [(), (ReasoningPart("hm"),), (MediaPart({"type": "x"}),)])
def test_a_reply_that_says_nothing_leads_nowhere(parts: tuple[Any, ...]) -> None:
    """No client could send it back."""
    assert extend_prefix(last(USER), reply(*parts)) is None


def test_where_a_conversation_can_go_on() -> None:
    """After all that was said, or after a reply; the most first, and never after instructions alone."""
    said = {"role": "assistant", "content": "yes"}
    assert known_ends([{"role": "system"}, USER, said, USER, said, USER]) == [6, 5, 3]
    assert known_ends([USER]) == [1]
    assert known_ends([]) == []
