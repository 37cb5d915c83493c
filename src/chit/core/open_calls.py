"""Calls of tools that have no answer, because the reply broke off, the program ended or nobody ran them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from chit.core.messages import Message, ReasoningPart, ToolCallPart, ToolResultPart


def list_calls(message: Message) -> list[ToolCallPart]:
    """Those that a program has to answer; tools that OpenRouter runs are not among them."""
    parts = (part for part in message.parts if isinstance(part, ToolCallPart))
    return [part for part in parts if part.extra.get("type", "function") == "function"]


def leave_out_open_calls(path: Sequence[Message]) -> list[Message]:
    """`path` without calls that nobody answered before somebody else spoke: providers refuse a request with one.

    The reasoning that led to such a call goes with it, and so does a message that says nothing else.
    """
    kept = []
    for place, message in enumerate(path):
        open_ids = {call.id for call in list_calls(message)} - _list_answered(path[place + 1 :])
        if not open_ids:
            kept.append(message)
            continue
        calls = [call for call in list_calls(message) if call.id in open_ids]
        parts = tuple(part for part in message.parts if not isinstance(part, ReasoningPart) and part not in calls)
        if parts:
            kept.append(replace(message, parts=parts))
    return kept


def _list_answered(after: Sequence[Message]) -> set[str]:
    """The ids of the calls that the messages of programs at the beginning of `after` answer."""
    answers = takewhile(lambda message: message.source == "client", after)
    return {part.tool_call_id for message in answers for part in message.parts if isinstance(part, ToolResultPart)}
