"""A request sent once more: only what was asked to change changes, and a continuation says what was said, once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.messages import Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from chit.core.revision import (
    continues,
    find_prefill,
    join_continued,
    join_replies,
    merge_patch,
    prefill_request,
    revise_request,
)
from chit.core.wire import write_history

JSON = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)


def reply(text: str, *more: Any, goes_on: bool = False) -> Message:
    """A model's message."""
    extra = {"OpenRouter": {"continues": True}} if goes_on else {}
    return Message(id=text, conversation_id="c", source="actor", parts=(*more, TextPart(text)), extra=extra)


def test_without_changes_the_bytes_stay() -> None:
    """Not even white space or the order of members changes."""
    body = b'{ "model":"a/b",\n "messages": [] }'
    assert revise_request(body, {}) is body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_tokens": 9}, {"model": "a/b", "max_tokens": 9}),
        ({"models": ["c/d", "e/f"]}, {"models": ["c/d", "e/f"], "max_completion_tokens": 5}),
        ({"models": None}, {"model": "a/b", "max_completion_tokens": 5}),
        ({"model": "c/d", "seed": 1}, {"model": "c/d", "seed": 1, "max_completion_tokens": 5}),
        ({"max_completion_tokens": 7}, {"model": "a/b", "max_completion_tokens": 7}),
    ],
)
def test_a_name_that_answers_the_same_question_goes(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    """A new cap replaces the old one under whatever name; taking something out takes nothing else out."""
    body = json.dumps({"model": "a/b", "max_completion_tokens": 5}).encode()
    assert json.loads(revise_request(body, changes)) == expected


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], {"a": "c"}, {"a": "c"}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_standard(target: Any, patch: dict[str, Any], expected: Any) -> None:
    """RFC 7396, appendix A."""
    assert merge_patch(target, patch) == expected


@given(target=OBJECTS, patch=OBJECTS)
def test_a_patch_applied_twice_changes_nothing_more(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Merging is idempotent, and leaves what it was given as it was."""
    before = json.dumps([target, patch])
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once
    assert json.dumps([target, patch]) == before


def test_a_prefill_is_the_last_message() -> None:
    """Its end is cut of white space; one that is there already is replaced; the rest of the request stays."""
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "seed": 1}).encode()
    first = prefill_request(body, "Hello, \n")
    assert json.loads(first) == {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello,"}],
        "seed": 1,
    }
    second = json.loads(prefill_request(first, "Hello, you"))
    assert [message["content"] for message in second["messages"]] == ["Hi", "Hello, you"]


@pytest.mark.parametrize(
    ("messages", "prefill", "count"),
    [
        ([], "", 1),
        (["odd"], "", 2),
        ([{"role": "user", "content": "Hi"}], "", 2),
        ([{"role": "assistant", "content": None}], "", 2),
        ([{"role": "assistant", "content": "x", "tool_calls": [{"id": "1"}]}], "", 2),
        ([{"role": "assistant", "content": "Once upon"}], "Once upon", 1),
        ([{"role": "assistant", "content": [{"type": "text", "text": "Once"}], "name": "n"}], "Once", 1),
    ],
)
def test_a_prefill_of_the_callers_own_is_replaced(messages: list[Any], prefill: str, count: int) -> None:
    """Only words of the model at the end are a prefill; two in a row would be refused, so the new one takes its place.

    What else it says stays.
    """
    body = json.dumps({"messages": messages}).encode()
    assert find_prefill(body) == prefill
    sent = json.loads(prefill_request(body, "Once upon a time"))["messages"]
    rest = {"name": "n"} if messages and "name" in messages[-1] else {}
    assert sent[-1] == {"role": "assistant", "content": "Once upon a time"} | rest
    assert len(sent) == count


def test_a_body_of_another_shape_has_no_prefill() -> None:
    """Messages that are no list are passed over."""
    assert find_prefill(b'{"messages": "Hi"}') == ""


@pytest.mark.parametrize(
    ("had", "given", "united"),
    [
        (None, [{"id": "b"}], [{"id": "b"}]),
        ("odd", [{"id": "b"}], [{"id": "b"}]),
        ([{"id": "a"}, {"id": "b", "x": 1}, "odd"], [{"id": "b"}], [{"id": "a"}, "odd", {"id": "b"}]),
        ([{"id": "a"}], ["odd"], [{"id": "a"}, "odd"]),
        ([{"id": "a"}], None, None),
        ([{"id": "a"}], "odd", "odd"),
    ],
)
def test_plugins_are_united_by_their_id(had: Any, given: Any, united: Any) -> None:
    """One more leaves the others on, one given anew wins, null still takes all out."""
    body = json.dumps({"model": "a/b"} | ({} if had is None else {"plugins": had})).encode()
    assert json.loads(revise_request(body, {"plugins": given})).get("plugins") == united


@pytest.mark.parametrize(
    ("said", "more", "whole"),
    [
        ("Hello ", " world", "Hello world"),
        ("Hello ", "world", "Hello world"),
        ("Hel", "lo", "Hello"),
        ("a\n\n", "\n\nb", "a\n\nb"),
        ("a", "", "a"),
    ],
)
def test_no_white_space_is_doubled_where_a_reply_goes_on(said: str, more: str, whole: str) -> None:
    """What a prefill was cut by comes once, from one side or the other."""
    assert join_continued(said, more) == whole


def test_a_reply_and_its_continuations_are_one_message_to_the_model() -> None:
    """Text is joined, the reasoning that broke off is left out, what the continuation brought stays."""
    call = ToolCallPart("1", "weather", "{}")
    path = [
        Message(id="u", conversation_id="c", source="user", parts=(TextPart("Hi"),)),
        reply("One ", ReasoningPart("hm")),
        reply("two ", goes_on=True),
        reply("three", call, goes_on=True),
        Message(id="t", conversation_id="c", source="client", parts=(ToolResultPart("1", "sunny"),)),
        Message(id="v", conversation_id="c", source="user", parts=(TextPart("And?"),)),
        reply("x"),
        reply("y"),
    ]
    assert [continues(message) for message in path] == [False, False, True, True, False, False, False, False]
    wire = write_history(join_replies(path))
    assert [message["content"] for message in wire] == ["Hi", "One two three", "sunny", "And?", "x", "y"]
    assert wire[1]["tool_calls"][0]["id"] == "1"
    assert "reasoning" not in wire[1]


def test_a_continuation_without_its_reply_stands_alone() -> None:
    """A path that begins with one is no reason to fail."""
    assert [message.text for message in join_replies([reply("two", goes_on=True)])] == ["two"]
