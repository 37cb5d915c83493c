"""Streams of Messages and Responses, folded."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core import sse
from chit.core.answer import Answer
from chit.core.events import ReasoningAdded, TextAdded
from chit.core.fault import Fault
from chit.core.messages import ReasoningPart, TextPart, ToolCallPart
from chit.core.typed_stream import TypedStream, is_typed


def event(value: dict[str, Any]) -> bytes:
    """As both dialects write them."""
    return f"event: {value.get('type')}\ndata: {json.dumps(value)}\n\n".encode()


def block(index: Any, **delta: Any) -> bytes:
    """More of a content block."""
    return event({"type": "content_block_delta", "index": index, "delta": delta})


MESSAGE = b"".join(
    [
        event({"type": "message_start", "message": {"id": "gen-1", "model": "a/b", "usage": {"input_tokens": 3}}}),
        b": PING\n\n",
        event({"type": "ping"}),
        event({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        block(0, type="thinking_delta", thinking="hm"),
        block(0, type="signature_delta", signature="s"),
        event({"type": "content_block_stop", "index": 0}),
        event({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        block(1, type="text_delta", text="ye"),
        block(1, type="text_delta", text="s"),
        block(1, type="citations_delta", citation={}),
        event(
            {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "c", "name": "f"}}
        ),
        block(2, type="input_json_delta", partial_json='{"a":'),
        block(2, type="input_json_delta", partial_json="1}"),
        block("x", type="text_delta", text="lost"),
        event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": "tool_use"},
                "usage": {"output_tokens": 4, "cost": 0.25, "input_tokens": None},
            }
        ),
        event({"type": "message_stop"}),
    ]
)
RESPONSE = b"".join(
    [
        event({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}),
        event({"type": "response.output_text.delta", "delta": "ye"}),
        event({"type": "response.output_text.delta", "delta": "s"}),
        event({"type": "response.function_call_arguments.delta", "delta": "{"}),
        event(
            {
                "type": "response.completed",
                "response": {
                    "id": "resp_1",
                    "status": "completed",
                    "output": [{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}],
                    "usage": {"input_tokens": 1, "output_tokens": 2, "cost": 0.5},
                },
            }
        ),
        b"data: [DONE]\n\n",
    ]
)


def fold(data: bytes, broken: Fault | None = None, *, stopped: bool = False) -> Answer:
    """The answer of these bytes."""
    stream = TypedStream()
    stream.feed(data)
    stream.close()
    return stream.judge(broken, stopped=stopped)


def test_a_message_is_folded() -> None:
    """Blocks, id, model, usage of both ends, and how it ended."""
    answer = fold(MESSAGE)
    assert (answer.state, answer.fault, answer.finish_reason) == ("done", None, "tool_use")
    assert (answer.generation_id, answer.model) == ("gen-1", "a/b")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 4)
    assert answer.usage.cost == Decimal("0.25")
    assert answer.parts == (ReasoningPart("hm"), TextPart("yes"), ToolCallPart("c", "f", '{"a":1}'))


def test_a_response_is_folded() -> None:
    """Its last event carries all of it."""
    answer = fold(RESPONSE)
    assert (answer.state, answer.generation_id, answer.finish_reason) == ("done", None, "completed")
    assert (answer.parts, answer.usage.cost) == ((TextPart("yes"),), Decimal("0.5"))


@given(st.sampled_from([MESSAGE, RESPONSE, MESSAGE[:700], RESPONSE[:200]]), st.lists(st.integers(0, 2000)))
def test_any_cut_gives_the_same(data: bytes, cuts: list[int]) -> None:
    """Wherever the bytes are cut."""
    stream, last = TypedStream(), 0
    for cut in [*sorted(cuts), len(data)]:
        stream.feed(data[last:cut])
        last = max(last, cut)
    stream.close()
    assert stream.judge(None) == fold(data)


def test_the_words_are_told_as_they_come() -> None:
    """Texts and thoughts, for measuring when the first came."""
    stream = TypedStream()
    assert list(stream.feed(MESSAGE)) == [ReasoningAdded("hm"), TextAdded("ye"), TextAdded("s"), TextAdded("lost")]
    assert stream.over
    assert stream.generation_id == "gen-1"
    assert list(TypedStream().feed(RESPONSE)) == [TextAdded("ye"), TextAdded("s")]


def test_a_response_is_over_with_its_last_word() -> None:
    """`[DONE]` may follow its last event: that alone says that nothing more comes."""
    stream = TypedStream()
    stream.feed(RESPONSE.removesuffix(b"data: [DONE]\n\n"))
    assert not stream.over
    assert stream.judge(None).state == "done"
    stream.feed(b"data: [DONE]\n\n")
    assert stream.over


@pytest.mark.parametrize(
    "failure",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
        {"type": "error", "code": "server_error", "message": "busy"},
        {"type": "response.failed", "response": {"status": "failed", "error": {"code": "x", "message": "busy"}}},
    ],
)
def test_an_error_in_the_middle(failure: dict[str, Any]) -> None:
    """It failed, what had come is kept, and the first error counts."""
    stream = TypedStream()
    stream.feed(RESPONSE[: RESPONSE.index(b"event: response.function")])
    assert not stream.failed
    stream.feed(event(failure) + event({"type": "error", "error": {"message": "second"}}))
    assert stream.failed
    assert stream.over
    answer = stream.judge(None)
    assert answer.state == "failed"
    assert answer.fault is not None
    assert answer.fault.text == "busy"
    assert answer.parts == (TextPart("yes"),)


def test_a_stream_that_ends_early() -> None:
    """What had come is kept: cut off by a break or by none that was told, or stopped."""
    data = MESSAGE[: MESSAGE.index(b"event: message_delta")]
    broken = Fault(phase="streaming", cause="stalled", text="still")
    answer = fold(data, broken)
    assert (answer.state, answer.fault and answer.fault.cause) == ("cut", "stalled")
    assert fold(data).fault is not None
    assert (fold(data, stopped=True).state, fold(data, stopped=True).fault) == ("stopped", None)
    assert fold(MESSAGE, stopped=True).state == "done"
    answer = fold(RESPONSE[: RESPONSE.index(b"event: response.completed")])
    assert (answer.state, answer.parts) == ("cut", (TextPart("yes"),))


def test_a_tool_call_that_broke_off() -> None:
    """Its arguments are kept as far as they came; a block that never began is a text."""
    start = event({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "c"}})
    data = start + block(0, type="input_json_delta", partial_json='{"a') + block(1, type="text_delta", text="x")
    assert fold(data).parts == (ToolCallPart("c", "", '"{\\"a"'), TextPart("x"))


def test_oddities_are_passed_over() -> None:
    """Data that is no object, and members of a shape that nobody expects."""
    stream = TypedStream()
    stream.feed(b"data: <html>\n\n")
    assert stream.failed
    for odd in (
        {"type": 5},
        {"type": "message_start", "message": 5},
        {"type": "message_delta", "delta": 5, "usage": 5},
        {"type": "message_delta", "usage": {"output_tokens": 1}},
        {"type": "message_delta", "usage": {"output_tokens": 2}},
        {"type": "content_block_start", "index": 0, "content_block": 5},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 5}},
        {"type": "response.output_text.delta", "delta": 5},
    ):
        assert not stream.feed(event(odd))
    answer = stream.judge(None)
    assert (answer.state, answer.usage.completion_tokens, answer.parts) == ("cut", None, ())


def test_an_event_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack case 44: beyond the cap nothing is read any more."""
    monkeypatch.setattr(sse.SseParser.__init__, "__kwdefaults__", {"max_event_bytes": 1000})
    stream = TypedStream()
    stream.feed(event({"type": "message_start", "message": {"id": "gen-1"}}) + b"data: " + bytes(2000))
    assert stream.over
    assert stream.fault is not None
    assert not stream.feed(MESSAGE)
    assert stream.generation_id == "gen-1"


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (MESSAGE, True),
        (RESPONSE, True),
        (b": comment\n\n" + MESSAGE, True),
        (b"data: x\n\n" + MESSAGE, True),
        (b'data: {"id":"gen-1","choices":[]}\n\n', False),
        (b'data: {"type":"x","choices":[]}\n\n', False),
        (b"", False),
    ],
)
def test_bytes_that_were_kept_say_what_they_are(received: bytes, expected: bool) -> None:
    """For whoever adopts them."""
    assert is_typed(received) is expected
