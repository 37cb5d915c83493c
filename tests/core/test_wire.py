"""The wire's messages to ours and back: a model gets back what it needs."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Options,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    decode_part,
    encode_part,
)
from chit.core.wire import ENGINE, read_parts, read_rest, read_source, write_history, write_message

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "high"}}
FILE_ANNOTATION = {"type": "file", "file": {"hash": "h", "name": "a.pdf", "content": [{"type": "text", "text": "x"}]}}


def read(wire: dict[str, Any]) -> Message:
    """One wire message as the engine keeps it: stored and loaded again."""
    rest = read_rest(wire)
    parts = tuple(decode_part(encode_part(part)) for part in read_parts(wire))
    extra = {ENGINE: {"wire": rest}} if rest else {}
    return Message(id="m", conversation_id="c", source=read_source(wire), parts=parts, extra=extra)


def there_and_back(wire: dict[str, Any]) -> dict[str, Any]:
    """What the next request says of a message."""
    return write_message(read(wire))


texts = st.text(min_size=1, max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
private = st.dictionaries(st.sampled_from(["x_a", "x_b"]), scalars | st.lists(scalars, max_size=2), max_size=2)
details = st.lists(
    st.builds(lambda text, more: {"type": "reasoning.text", "text": text, "signature": None} | more, texts, private)
    | st.builds(lambda data: {"type": "reasoning.encrypted", "data": data, "id": "rs"}, texts)
    | scalars,
    min_size=1,
    max_size=4,
)
calls = st.lists(
    st.builds(
        lambda call_id, name, arguments, more, inner: (
            {
                "type": "function",
                "id": call_id,
                "function": {"name": name, "arguments": arguments} | inner,
            }
            | more
        ),
        texts,
        texts,
        st.text(max_size=5),
        private,
        private,
    ),
    min_size=1,
    max_size=3,
)
items = st.builds(lambda text, more: {"type": "text", "text": text} | more, st.text(max_size=3), private) | st.builds(
    lambda kind, more: {"type": kind} | more,
    st.sampled_from(
        ["image_url", "input_audio", "file", "video_url", "tool_result", "annotation", "reasoning", "media"]
    ),
    private,
)
lists_of_items = st.lists(items, min_size=2, max_size=4)
assistants = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": texts | st.none()},
    optional={
        "reasoning_details": details,
        "tool_calls": calls,
        "images": st.lists(st.just(IMAGE), min_size=1, max_size=2),
        "annotations": st.lists(st.just(FILE_ANNOTATION), min_size=1, max_size=2),
        "audio": st.just({"id": "audio_1"}),
        "name": texts,
        "refusal": st.none() | texts,
        "x_private": scalars,
    },
)
others = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "developer", "user", "function", "critic"]),
        "content": texts | st.none() | lists_of_items,
    },
    optional={"name": texts, "x_private": scalars},
)
results = st.fixed_dictionaries(
    {"role": st.just("tool"), "tool_call_id": texts, "content": texts | st.none() | lists_of_items},
    optional={"name": texts, "x_private": scalars},
)


@given(assistants | others | results)
@settings(max_examples=150, deadline=None)
def test_a_message_goes_back_as_it_came(wire: dict[str, Any]) -> None:
    """Reasoning details, calls, results, images, annotations, names, roles and private members go back unmodified."""
    assert there_and_back(wire) == wire


inner_names = st.sampled_from(["type", "text", "id", "function", "name", "arguments", "data"])
anything = st.recursive(
    scalars | st.sampled_from(["text", "function", "audio", "reasoning.text"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(inner_names, inner, max_size=3),
    max_leaves=6,
)
outer_names = st.sampled_from(
    ["content", "reasoning", "reasoning_content", "reasoning_details", "tool_calls", "images", "audio", "annotations"]
)
roles = st.sampled_from([{"role": role} for role in ("user", "assistant", "tool", "system", None, 5, ["user"])])
heads: st.SearchStrategy[dict[str, Any]] = roles | st.just({"role": "tool", "tool_call_id": "c"}) | st.just({})


@given(heads, st.dictionaries(outer_names, anything, max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_message_breaks_the_reading(head: dict[str, Any], members: dict[str, Any]) -> None:
    """Whatever an application sends as a message can be recorded, stored, shown and written, and settles there."""
    message = read(members | head)
    assert isinstance(message.text + message.reasoning, str)
    once = write_message(message)
    settled = once if "tool_call_id" in once else once | {"content": once["content"] or None}  # an empty text is none
    assert there_and_back(once) == settled


@pytest.mark.parametrize(
    ("role", "source"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("user", "user"),
        ("assistant", "actor"),
        ("tool", "client"),
        ("function", "user"),
        (None, "user"),
        (["user"], "user"),
    ],
)
def test_the_source_of_a_role(role: Any, source: str) -> None:
    """Every documented role has its source; an unknown one is the user's."""
    assert read_source({"role": role}) == source
    assert read_source({}) == "user"


def test_parts_come_in_order_of_showing() -> None:
    """Reasoning, content, media, tool calls, annotations."""
    parts = read_parts(
        {
            "role": "assistant",
            "annotations": [FILE_ANNOTATION],
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}],
            "audio": {"id": "a"},
            "images": [IMAGE],
            "content": "hi",
            "reasoning": "hm",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
        }
    )
    assert parts == (
        ReasoningPart("hm", ({"type": "reasoning.encrypted", "data": "x"},)),
        TextPart("hi"),
        MediaPart(IMAGE),
        MediaPart({"type": "audio", "audio": {"id": "a"}}),
        ToolCallPart("c", "f", "{"),
        AnnotationPart(FILE_ANNOTATION),
    )


@pytest.mark.parametrize(
    ("wire", "part"),
    [
        ({"reasoning": "r"}, ReasoningPart("r")),
        ({"reasoning_content": "r"}, ReasoningPart("r")),
        ({"reasoning": [5], "reasoning_content": "r"}, ReasoningPart("r")),
        (
            {"reasoning_details": [{"type": "reasoning.text", "text": "r"}]},
            ReasoningPart("r", ({"type": "reasoning.text", "text": "r"},)),
        ),
        ({"reasoning": 5, "reasoning_details": [1]}, ReasoningPart("", (1,))),
    ],
)
def test_spellings_of_reasoning(wire: dict[str, Any], part: ReasoningPart) -> None:
    """Each spelling is read; what is no text is not shown, and details are kept in any case."""
    assert read_parts({"role": "assistant"} | wire) == (part,)


@pytest.mark.parametrize("wire", [{}, {"content": ""}, {"content": 5}, {"reasoning": 5}, {"audio": "x", "images": {}}])
def test_nothing_said_has_no_parts(wire: dict[str, Any]) -> None:
    """Empty and malformed members make no parts."""
    assert read_parts({"role": "assistant"} | wire) == ()


def test_content_in_pieces() -> None:
    """Bare texts, text parts and media are told apart; what is none of them is passed by."""
    odd = {"type": "text", "text": None}
    content = ["a", {"type": "text", "text": "b", "cache_control": {}}, IMAGE, odd, 5]
    assert read_parts({"role": "user", "content": content}) == (
        TextPart("a"),
        TextPart("b", {"cache_control": {}}),
        MediaPart(IMAGE),
        MediaPart(odd),
    )


def test_reasoning_goes_back_as_text_only_without_details() -> None:
    """A model that gave no details gets its text back; one that gave details gets these alone."""
    assert there_and_back({"role": "assistant", "content": "a", "reasoning": "r"})["reasoning"] == "r"
    both = {"role": "assistant", "content": "a", "reasoning": "r", "reasoning_details": [{"x": 1}]}
    assert there_and_back(both) == {"role": "assistant", "content": "a", "reasoning_details": [{"x": 1}]}


def test_audio_goes_back_by_its_id() -> None:
    """The sound itself is not uploaded again where the provider knows it by an id."""
    heard = {"role": "assistant", "content": None, "audio": {"id": "a", "data": "AAAA", "transcript": "hi"}}
    assert there_and_back(heard)["audio"] == {"id": "a"}
    unnamed = {"role": "assistant", "content": None, "audio": {"data": "AAAA"}}
    assert there_and_back(unnamed)["audio"] == {"data": "AAAA"}


@pytest.mark.parametrize(
    "call",
    [
        {"type": "custom", "id": "c", "custom": {"name": "f", "input": "x"}},
        {"type": "function", "id": "c", "function": {"name": "f", "arguments": "{not json"}},
        {"type": "custom", "id": "c", "function": {"name": "f", "arguments": "{}"}},
        {"type": "function", "id": "c", "function": {"name": "", "arguments": ""}, "name": "n", "arguments": "a"},
    ],
)
def test_odd_calls_go_back(call: dict[str, Any]) -> None:
    """Custom tools, arguments that are no JSON and members in odd places go back unmodified."""
    assert there_and_back({"role": "assistant", "content": None, "tool_calls": [call]})["tool_calls"] == [call]


def test_a_call_is_completed() -> None:
    """A type that is missing or null is a function's, and arguments sent as an object go back as their JSON."""
    bare = {"type": None, "function": {"name": "f", "arguments": {"a": ["\ud83d", 1]}}}
    written = there_and_back({"role": "assistant", "content": None, "tool_calls": [bare, {"id": "c"}, "odd"]})
    assert written["tool_calls"] == [
        {"type": "function", "id": "", "function": {"name": "f", "arguments": '{"a":["\\ud83d",1]}'}},
        {"type": "function", "id": "c", "function": {"name": "", "arguments": ""}},
    ]


def test_a_result_without_its_call_is_text() -> None:
    """A tool message that names no call is read as what it says, and stays a tool message."""
    wire = {"role": "tool", "content": "42"}
    assert read_parts(wire) == (TextPart("42"),)
    assert there_and_back(wire) == wire
    assert read_parts({"role": "tool", "content": None, "tool_call_id": "c"}) == (ToolResultPart("c", None),)


def test_media_of_a_user_stays_content() -> None:
    """A user's picture is content, the model's own stands among its images."""
    user = Message(id="m", conversation_id="c", source="user", parts=(TextPart("see"), MediaPart(IMAGE)))
    assert write_message(user) == {"role": "user", "content": [{"type": "text", "text": "see"}, IMAGE]}
    assert write_message(replace(user, source="actor")) == {"role": "assistant", "content": "see", "images": [IMAGE]}


def test_history_is_what_the_engine_may_see() -> None:
    """Hidden and empty messages are left out, the others keep their order."""
    said = Message(id="a", conversation_id="c", source="user", parts=(TextPart("a"),))
    path = [
        said,
        replace(said, id="h", parts=(TextPart("hidden"),), options=Options(visible_to_engine=False)),
        replace(said, id="e", source="actor", parts=()),
        replace(said, id="b", parts=(TextPart("b"),), options=Options(visible_to_user=False)),
    ]
    assert write_history(path) == [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
