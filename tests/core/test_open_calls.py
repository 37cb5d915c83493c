"""Calls of tools without an answer."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chit.core.messages import Message, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from chit.core.open_calls import leave_out_open_calls, list_calls

ASK = Message(id="ask", conversation_id="c", source="user", parts=(TextPart("Hi"),))
ON_SERVER = ToolCallPart("s", "", "", {"type": "openrouter:web_search"})


def reply(*parts: Part) -> Message:
    """Of a model."""
    return replace(ASK, id="reply", source="actor", parts=parts)


def call(id: str) -> ToolCallPart:
    """Of a function."""
    return ToolCallPart(id, "look", "{}")


def answer(*ids: str) -> Message:
    """To such calls."""
    return replace(ASK, id="answer", source="client", parts=tuple(ToolResultPart(id, "42") for id in ids))


def test_what_is_answered_stays() -> None:
    """In one message or several, and whatever OpenRouter itself ran."""
    path = [
        ASK,
        reply(ReasoningPart("hm"), call("a"), call("b"), ON_SERVER),
        answer("a"),
        answer("b"),
        reply(TextPart("42")),
    ]
    assert leave_out_open_calls(path) == path
    assert list_calls(path[1]) == [call("a"), call("b")]


def test_what_is_open_goes() -> None:
    """With the thoughts that led to it, and its message if that says nothing else; what comes late is no answer."""
    said = reply(ReasoningPart("hm"), TextPart("Look:"), call("a"), call("b"))
    late = [ASK, said, answer("b"), ASK, answer("a")]
    assert leave_out_open_calls(late)[1] == replace(said, parts=(TextPart("Look:"), call("b")))
    assert leave_out_open_calls([ASK, reply(ReasoningPart("hm"), call("a")), ASK]) == [ASK, ASK]


@given(st.lists(st.sampled_from([ASK, reply(call("a"), call("b")), reply(call("a")), answer("a"), answer("b")])))
def test_no_call_is_left_open(path: list[Message]) -> None:
    """Each call that is told has its answer before anybody else speaks; doing it twice changes nothing."""
    told = leave_out_open_calls(path)
    for place, message in enumerate(told):
        after = told[place + 1 :]
        ends = next((number for number, each in enumerate(after) if each.source != "client"), len(after))
        answered = {
            part.tool_call_id for each in after[:ends] for part in each.parts if isinstance(part, ToolResultPart)
        }
        assert {each.id for each in list_calls(message)} <= answered
    assert leave_out_open_calls(told) == told
