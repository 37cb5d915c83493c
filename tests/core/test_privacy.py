"""Private conversations: nothing that was said is in what is written down, and all of it comes back."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.jsontext import encode_json
from chit.core.messages import MediaPart, Message, ReasoningPart, TextPart, ToolCallPart, encode_part
from chit.core.privacy import (
    refill_generation,
    refill_message,
    strip_conversation,
    strip_generation,
    strip_message,
    strip_record,
)

MARK = "zanzibar"
SAID = st.text("ab", max_size=3).map(lambda text: f"{text}{MARK}{text}")
JSON = st.recursive(
    SAID | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SAID, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(SAID, JSON, max_size=4)
PARTS = st.lists(
    st.builds(TextPart, SAID)
    | st.builds(ReasoningPart, SAID)
    | st.builds(MediaPart, OBJECTS)
    | st.builds(ToolCallPart, SAID, SAID, SAID),
    max_size=4,
).map(tuple)
ERRORS = st.none() | st.fixed_dictionaries(
    {"kind": st.just("cut"), "message": SAID, "hint": SAID, "raw": SAID, "actions": JSON, "status": st.just(502) | SAID}
)


def a_message(parts: Any, extra: Any) -> Message:
    """A reply."""
    return Message(id="m", conversation_id="c", source="actor", parts=parts, extra=extra, seq=1)


def a_generation(request: str, completion: Any, error: Any) -> Generation:
    """What wrote it."""
    return Generation(
        id="g",
        message_id="m",
        conversation_id="c",
        origin="web",
        request=request.encode(),
        streamed=True,
        completion=completion,
        error=error,
    )


@given(PARTS, OBJECTS, SAID, OBJECTS, ERRORS)
def test_nothing_that_was_said_is_written_down(
    parts: Any, extra: Any, request: str, completion: Any, error: Any
) -> None:
    """Whatever stands in parts, extra data, requests, replies, errors, titles and parameters."""
    conversation = Conversation(id="c", title=request, origin="web", private=True, parameters=extra)
    stripped = strip_conversation(conversation)
    message = strip_message(a_message(parts, extra))
    generation = strip_generation(a_generation(request, completion, error))
    written = [
        stripped.title,
        stripped.parameters,
        [encode_part(part) for part in message.parts],
        message.extra,
        generation.request.decode(),
        generation.completion,
        generation.error,
    ]
    assert MARK not in encode_json(written).decode()
    assert (generation.error is None) == (error is None)
    assert replace(stripped, title=request, parameters=extra) == conversation


def test_a_record_keeps_what_names_the_run_and_its_figures() -> None:
    """Not who asked, from where, with what, nor members that nobody knows yet."""
    kept: dict[str, Any] = {"id": "gen-1", "model": "a/b", "total_cost": "0.5", "latency": 7.5, "cancelled": False}
    said: dict[str, Any] = {"external_user": MARK, "http_referer": MARK, "new": {"prompt": MARK}, "preset_id": None}
    assert strip_record({**kept, **said}) == kept


@given(PARTS, OBJECTS, SAID, OBJECTS, ERRORS)
def test_all_of_it_comes_back(parts: Any, extra: Any, request: str, completion: Any, error: Any) -> None:
    """And what the store has learnt meanwhile stays: places in the order, settlements, records."""
    message, generation = a_message(parts, {"Other": extra}), a_generation(request, completion, error)
    row = replace(strip_message(message), seq=9)
    assert refill_message(row, message, None) == replace(message, seq=9)
    settlement = Settlement(generation_id="gen-1", state="settled")
    settled = replace(strip_generation(generation), settlement=settlement)
    assert refill_generation(settled, generation) == replace(generation, settlement=settlement)
    assert refill_generation(settled, generation, briefly=True).request == b""
    recorded = replace(row, extra={"OpenRouter": {"completion": None, "generation": {"id": "gen-1"}}})
    refilled = refill_message(recorded, replace(message, extra={"OpenRouter": {"continues": True}}), generation)
    known = {"continues": True, "completion": completion, "generation": {"id": "gen-1"}}
    assert refilled.extra == {"OpenRouter": known}
