"""The fold: chunks in, one completion out, and nothing lost or invented on the way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.answer import judge_stream
from chit.core.events import AnnotationAdded, Delta, MediaAdded, ReasoningAdded, TextAdded, ToolCallAdded
from chit.core.fold import CompletionFold
from chit.core.jsontext import decode_object, encode_json

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
CITATION = {"type": "url_citation", "url_citation": {"url": "https://example.test"}}


def chunk(delta: Any = None, index: int = 0, **choice: Any) -> dict[str, Any]:
    """One chunk with one choice."""
    return {"id": "gen-1", "object": "chat.completion.chunk", "choices": [{"index": index, "delta": delta, **choice}]}


def fold(*chunks: dict[str, Any]) -> tuple[CompletionFold, list[Delta]]:
    """The state after all chunks, and the deltas, what was held back included."""
    state = CompletionFold()
    deltas = [delta for one in chunks for delta in state.add(one)]
    return state, deltas + state.end()


def message_of(*chunks: dict[str, Any]) -> dict[str, Any]:
    """The folded message of the first choice."""
    message = fold(*chunks)[0].completion()["choices"][0]["message"]
    assert isinstance(message, dict)
    return message


def test_a_stream_becomes_a_unary_reply() -> None:
    """Text, reasoning, finish reason and usage stand where a unary reply has them."""
    state, deltas = fold(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning": "hm"}),
        chunk({"content": "He"}),
        chunk({"content": "llo"}),
        chunk({"content": ""}, finish_reason="stop", native_finish_reason="end_turn"),
        {"id": "gen-1", "object": "chat.completion.chunk", "choices": [], "usage": {"cost": 0.1}},
    )
    assert state.completion() == {
        "id": "gen-1",
        "object": "chat.completion",
        "usage": {"cost": 0.1},
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "native_finish_reason": "end_turn",
                "message": {"role": "assistant", "content": "Hello", "reasoning": "hm"},
            }
        ],
    }
    assert deltas == [ReasoningAdded("hm"), TextAdded("He"), TextAdded("llo")]
    assert (state.generation_id, state.finish_reason, state.complete, state.error) == ("gen-1", "stop", True, None)


def test_nothing_folded_is_nothing_said() -> None:
    """An empty stream has no choices, no id, no reason, and is not complete."""
    state, deltas = fold()
    assert state.completion() == {"object": "chat.completion", "choices": []}
    assert (state.generation_id, state.finish_reason, state.complete, deltas) == (None, None, False, [])


@pytest.mark.parametrize("reason", [None, "", 5, ["stop"]])
def test_only_a_finish_reason_that_says_something_ends_a_stream(reason: Any) -> None:
    """A null, empty or malformed reason is none."""
    state, _ = fold(chunk({"content": "a"}, finish_reason=reason))
    assert (state.finish_reason, state.complete) == (None, False)


def test_done_alone_completes() -> None:
    """`[DONE]` without a finish reason is an end, and still no reason is invented."""
    state, _ = fold(chunk({"content": "a"}))
    assert not state.complete
    state.done = True
    assert (state.complete, state.completion()["choices"][0]["finish_reason"]) == (True, None)


@pytest.mark.parametrize(
    "chunks",
    [
        [{"id": None}, {"id": "gen-1"}, {"id": "gen-2"}, {"id": None}],
        [{"id": ""}, {"id": "gen-1"}, {"id": ""}],
        [{"id": 7}, {"id": "gen-1"}, {"id": 7}],
        [{}, {"id": "gen-1"}, {"id": "gen-2"}],
    ],
)
def test_the_first_id_that_is_one_stays(chunks: list[dict[str, Any]]) -> None:
    """Chunks without an id do not hide it, and later ids do not replace it."""
    state, _ = fold(*chunks)
    assert state.generation_id == state.completion()["id"] == "gen-1"


def test_unknown_fields_are_kept() -> None:
    """Fields nobody told us of stay at every level; the last value that is not null wins."""
    state, _ = fold(
        {"id": "gen-1", "x_top": 1, "provider": "P", "choices": [{"x_choice": 1, "delta": {"x_delta": 1, "y": None}}]},
        {"id": "gen-1", "x_top": None, "choices": [{"x_choice": None, "delta": {"x_delta": None, "y": None}}]},
        {"x_top": {"a": 2}, "z": None, "choices": [{"x_choice": 2, "z": None, "delta": {"x_delta": [2]}}]},
    )
    completion = state.completion()
    choice = completion["choices"][0]
    assert (completion["x_top"], completion["provider"], completion["z"]) == ({"a": 2}, "P", None)
    assert (choice["x_choice"], choice["z"]) == (2, None)
    assert (choice["message"]["x_delta"], choice["message"]["y"]) == ([2], None)


def test_a_unary_body_may_come_as_the_only_chunk() -> None:
    """`message` instead of `delta` is told in the order of showing and folds to itself."""
    message = {"role": "assistant", "content": "Hi", "reasoning": "hm", "images": [IMAGE], "annotations": [CITATION]}
    body = {"id": "gen-1", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    state, deltas = fold(body)
    assert state.completion()["choices"][0]["message"] == message
    assert deltas == [ReasoningAdded("hm"), TextAdded("Hi"), MediaAdded(IMAGE), AnnotationAdded(CITATION)]


def test_content_may_be_a_list_of_parts() -> None:
    """Texts of the parts join the text, other parts stand among the images."""
    parts = [{"type": "text", "text": "a\ud83d"}, IMAGE, {"type": "text", "text": "\ude00"}, "odd"]
    state, deltas = fold(chunk({"content": parts}), chunk({"content": "b"}))
    message = state.completion()["choices"][0]["message"]
    assert (message["content"], message["images"]) == ("a😀b", [IMAGE, "odd"])
    assert deltas == [TextAdded("a"), MediaAdded(IMAGE), TextAdded("😀"), TextAdded("b")]


def test_logprobs_are_put_one_after_the_other() -> None:
    """Lists grow, other members keep their last value, and a null changes nothing."""
    state, _ = fold(
        chunk({}, logprobs={"content": [1], "refusal": None, "m": 1}),
        chunk({}, logprobs=None),
        chunk({}, logprobs={"content": [2, 3], "refusal": [4], "m": None}),
        chunk({}, logprobs={"content": None}),
    )
    expected = {"content": [1, 2, 3], "refusal": [4], "m": 1}
    assert state.completion()["choices"][0]["logprobs"] == expected


def test_audio_grows() -> None:
    """Data and transcript are joined, other members keep their last value, and every piece is told."""
    pieces: list[dict[str, Any]] = [
        {"id": "a", "data": "AA", "transcript": "h"},
        {"id": None, "data": "BB"},
        {"transcript": "i", "data": 5},
    ]
    state, deltas = fold(*(chunk({"audio": piece}) for piece in pieces))
    audio = state.completion()["choices"][0]["message"]["audio"]
    assert audio == {"id": "a", "data": 5, "transcript": "hi"}
    assert deltas == [MediaAdded(piece) for piece in pieces]


def test_images_and_annotations_add_up() -> None:
    """Those of later chunks come after those of earlier ones, and a null in between changes nothing."""
    chunks = [{"images": [IMAGE], "annotations": [CITATION]}, {"images": None}, {"images": [IMAGE, 5]}]
    state, deltas = fold(*map(chunk, chunks))
    message = state.completion()["choices"][0]["message"]
    assert (message["images"], message["annotations"]) == ([IMAGE, IMAGE, 5], [CITATION])
    assert deltas == [MediaAdded(IMAGE), AnnotationAdded(CITATION), MediaAdded(IMAGE)]


def test_tool_calls_are_folded_and_told() -> None:
    """Pieces of a call become one call; what is no object is passed by."""
    pieces: list[Any] = [
        [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}, "odd"],
        [{"index": 0, "function": {"arguments": "}"}}],
    ]
    state, deltas = fold(*(chunk({"tool_calls": piece}) for piece in pieces))
    function = {"name": "f", "arguments": "{}"}
    calls = state.completion()["choices"][0]["message"]["tool_calls"]
    assert calls == [{"index": 0, "type": "function", "id": "c", "function": function}]
    assert deltas == [ToolCallAdded(0, "f", "{"), ToolCallAdded(0, "", "}")]


@pytest.mark.parametrize(
    ("delta", "told"),
    [
        ({"reasoning": "r"}, "r"),
        ({"reasoning_content": "r"}, "r"),
        ({"reasoning_details": [{"type": "reasoning.text", "text": "r"}]}, "r"),
        (
            {
                "reasoning": "r",
                "reasoning_content": "r",
                "reasoning_details": [{"type": "reasoning.text", "text": "r"}],
            },
            "r",
        ),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, None),
        ({"reasoning": {"odd": 1}}, None),
        ({"reasoning": {"odd": 1}, "reasoning_content": "r"}, "r"),
        ({"reasoning": ""}, None),
    ],
)
def test_reasoning_is_told_once(delta: dict[str, Any], told: str | None) -> None:
    """However many spellings of it a chunk carries, reasoning is shown once, and what is opaque not at all."""
    assert fold(chunk(delta))[1] == ([ReasoningAdded(told)] if told else [])


def test_details_and_refusal_are_kept() -> None:
    """Reasoning details grow into what must go back, and a refusal grows like a text."""
    detail = {"type": "reasoning.text", "index": 0}
    message = message_of(
        chunk({"reasoning_details": [detail | {"text": "a"}], "refusal": "No"}),
        chunk({"reasoning_details": [detail | {"text": "b", "signature": "s"}], "refusal": "."}),
    )
    assert message["reasoning_details"] == [detail | {"text": "ab", "signature": "s"}]
    assert (message["refusal"], message["content"]) == ("No.", None)


def test_halves_that_wait_come_with_the_end() -> None:
    """Halves of characters of the first choice that stay alone are told as U+FFFD, reasoning first."""
    _, deltas = fold(chunk({"content": "\ud83d", "reasoning": "\ud83d"}), chunk({"content": "\ud83d"}, index=1))
    assert deltas == [ReasoningAdded("\ufffd"), TextAdded("\ufffd")]


def test_choices_are_kept_apart() -> None:
    """Several choices fold side by side in order of their index, and only the first is told."""
    state, deltas = fold(
        chunk({"content": "b"}, index=1, finish_reason="stop"),
        chunk({"content": "a"}),
        {"choices": [{"delta": {"content": "a"}}, {"index": "x", "delta": {"content": "a"}}, "odd"]},
    )
    completion = state.completion()
    assert [choice["message"]["content"] for choice in completion["choices"]] == ["aaa", "b"]
    assert deltas == [TextAdded("a")] * 3
    assert (state.finish_reason, state.complete) == (None, False)


@pytest.mark.parametrize("code", [502, "server_error"])
def test_the_first_error_is_kept(code: Any) -> None:
    """An error at the top or in a choice, its code a number or a word, is kept whole with its chunk."""
    inside = {"choices": [{"index": 0, "delta": {}, "error": {"code": code, "message": "x"}}]}
    top = {"error": {"code": code, "message": "y"}}
    assert fold(chunk({"content": "a"}), inside, top)[0].error is inside
    assert fold(chunk({"content": "a"}), top, inside)[0].error is top
    assert fold({"error": None, "choices": [{"error": None}]})[0].error is None


@pytest.mark.parametrize(
    ("first", "second", "folded"),
    [
        ({"images": {"odd": 1}}, {"images": [IMAGE]}, {"images": [IMAGE]}),
        ({"annotations": "odd"}, {"annotations": [CITATION]}, {"annotations": [CITATION]}),
        ({"reasoning_details": 5}, {"reasoning_details": [5]}, {"reasoning_details": [5]}),
        ({"tool_calls": "odd"}, {"tool_calls": []}, {"tool_calls": []}),
        ({"audio": "odd"}, {"audio": {"id": "a"}}, {"audio": {"id": "a"}}),
        ({"audio": {"data": 5}}, {"audio": {"data": "A"}}, {"audio": {"data": "5A"}}),
        ({"content": {"odd": 1}}, {"content": "a"}, {"content": "a"}),
    ],
)
def test_an_odd_type_gives_way(first: Any, second: Any, folded: dict[str, Any]) -> None:
    """A member that came in a shape nobody knows does not stand in the way of the one that follows."""
    assert message_of(chunk(first), chunk(second)) == {"role": "assistant", "content": None} | folded


def test_a_choice_goes_by_the_index_it_is_folded_under() -> None:
    """An index that is no number is not passed on."""
    assert fold({"choices": [{"index": None, "delta": {"content": "a"}}]})[0].completion()["choices"][0]["index"] == 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "index", "id", "function", "name", "arguments", "data", "content", "message"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
deltas_of_any_kind = st.dictionaries(
    st.sampled_from(
        ["content", "reasoning", "reasoning_details", "tool_calls", "images", "annotations", "audio", "refusal", "role"]
    ),
    anything | st.lists(anything, max_size=3),
    max_size=4,
)
choices_of_any_kind = st.fixed_dictionaries(
    {}, optional={"index": anything, "delta": deltas_of_any_kind, "logprobs": anything, "finish_reason": anything}
)
chunks_of_any_kind = st.fixed_dictionaries(
    {"choices": st.lists(choices_of_any_kind, max_size=2) | anything},
    optional={"id": anything, "object": anything, "usage": anything, "error": anything},
)


@given(st.lists(chunks_of_any_kind, max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_chunk_breaks_the_fold(chunks: list[dict[str, Any]]) -> None:
    """Whatever JSON an upstream sends, it ends in a stated outcome with a completion that can be written down."""
    state, deltas = fold(*chunks)
    completion = state.completion()
    assert decode_object(encode_json(completion)).keys() == completion.keys()
    assert judge_stream(state, None).state in ("done", "cut", "failed")
    shown = "".join(delta.text for delta in deltas if isinstance(delta, TextAdded))
    content = next((one["message"]["content"] for one in completion["choices"] if one["index"] == 0), None)
    assert shown == (content if isinstance(content, str) else "")
