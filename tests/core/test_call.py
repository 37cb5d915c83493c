"""What a program's request says, as turns."""

from typing import Any

import pytest

from chit.core.call import list_wires, read_last_turn, read_turns
from chit.core.messages import MediaPart, TextPart, ToolResultPart


def test_messages_of_a_completion() -> None:
    """Plain ones, and those with more to them."""
    turns = read_turns(
        [
            {"role": "system", "content": "be"},
            {"role": "user", "content": "hi", "name": "me"},
            {"role": "assistant", "content": ""},
            {"role": "developer", "content": "do"},
            {"role": "tool", "content": "42", "tool_call_id": "c"},
        ]
    )
    assert list(turns) == [
        ("system", (TextPart("be"),), {}),
        ("user", (TextPart("hi"),), {"OpenRouter": {"wire": {"name": "me"}}}),
        ("actor", (), {}),
        ("system", (TextPart("do"),), {"OpenRouter": {"wire": {"role": "developer"}}}),
        ("client", (ToolResultPart("c", "42"),), {}),
    ]


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        ({"input": "hi"}, (TextPart("hi"),)),
        ({"input": ["a", "b"]}, (TextPart("a"), TextPart("b"))),
        ({"input": [{"role": "user", "content": "one"}, 5, {"role": "user", "content": "two"}]}, (TextPart("two"),)),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image"}, 5]},
                    {"type": "function_call_output", "output": "x"},
                ]
            },
            (TextPart("hi"), MediaPart({"type": "input_image"})),
        ),
        ({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]}, (TextPart("hi"),)),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, (TextPart("hi"),)),
    ],
)
def test_the_last_question_of_other_dialects(request_: dict[str, Any], parts: tuple[Any, ...]) -> None:
    """A string, items, or messages."""
    assert list(read_last_turn(request_)) == [("user", parts, {})]


@pytest.mark.parametrize("request_", [{}, {"input": 5}, {"input": [1, 2]}, {"messages": [{"role": "user"}]}])
def test_where_nothing_is_asked(request_: dict[str, Any]) -> None:
    """Token numbers, for one, say nothing to a person."""
    assert list(read_last_turn(request_)) == []


def test_what_is_no_list_has_no_messages() -> None:
    """Nor is what is no object one of them."""
    assert list_wires({"messages": "hi"}) == []
    assert list_wires({"messages": [1, {"role": "user"}]}) == [{"role": "user"}]
