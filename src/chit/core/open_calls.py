"""Calls of tools that have no answer, because the reply broke off, the program ended or nobody ran them."""

from collections.abc import Sequence
from dataclasses import replace

from chit.core.messages import Message, ReasoningPart, ToolCallPart, ToolResultPart


def list_calls(message: Message) -> list[ToolCallPart]:
    """Those that a program has to answer; tools that OpenRouter runs are not among them."""
    parts = (part for part in message.parts if isinstance(part, ToolCallPart))
    return [part for part in parts if part.extra.get("type", "function") == "function"]


def leave_out_open_calls(path: Sequence[Message]) -> list[Message]:
    """`path` without calls that nobody answered before somebody else spoke: providers refuse a request with one.

    The reasoning that led to such a call goes with it, and so does a message that says nothing else.
    """
    kept: list[Message] = []
    answered: set[str] = set()
    for message in reversed(path):
        calls = [call for call in list_calls(message) if call.id not in answered]
        if not calls:
            kept.append(message)
        elif parts := tuple(
            part for part in message.parts if not isinstance(part, ReasoningPart) and part not in calls
        ):
            kept.append(replace(message, parts=parts))
        if message.source == "client":
            answered.update(part.tool_call_id for part in message.parts if isinstance(part, ToolResultPart))
        else:
            answered.clear()
    return kept[::-1]
