"""What a program's request says, as turns of a conversation: source, parts, and what else the wire had of each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chit.core.messages import Part, Source, TextPart
from chit.core.wire import ENGINE, read_parts, read_rest, read_source

_PLAIN = {"role", "content"}
_ROLES = frozenset({"system", "user", "assistant"})
_NOTHING: Mapping[str, Any] = {}

Turn = tuple[Source, tuple[Part, ...], Mapping[str, Any]]


def list_wires(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages of a request without cut emoji; what is none is left out."""
    found = request.get("messages")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def read_turns(messages: Iterable[Mapping[str, Any]]) -> Iterator[Turn]:
    """Messages of a completion, each with its extra data."""
    for wire in messages:
        content = wire.get("content")
        if (
            isinstance(content, str) and content and wire.keys() == _PLAIN and wire["role"] in _ROLES
        ):  # nearly all of them
            yield read_source(wire), (TextPart(content),), _NOTHING
            continue
        rest = read_rest(wire)
        yield read_source(wire), read_parts(wire), {ENGINE: {"wire": rest}} if rest else {}


def read_last_turn(request: Mapping[str, Any]) -> Iterator[Turn]:
    """Of the other dialects only what was asked last: they repeat everything each time, and are not joined.

    The whole request is kept beside it.
    """
    asked = request.get("input")
    if isinstance(asked, str):
        request = {"messages": [{"role": "user", "content": asked}]}
    elif isinstance(asked, list) and all(isinstance(each, str) for each in asked):
        yield "user", tuple(TextPart(each) for each in asked), {}
        return
    elif isinstance(asked, list):
        request = {"messages": [_read_item(each) for each in asked if isinstance(each, Mapping)]}
    for wire in reversed(list_wires(request)):
        parts = read_parts(wire)
        if wire.get("role") == "user" and parts:
            yield "user", parts, {}
            return


def _read_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An input item of Responses as a message: its texts have a type of their own."""
    content = item.get("content")
    if isinstance(content, list):
        content = [
            {**part, "type": "text"} if isinstance(part, Mapping) and part.get("type") == "input_text" else part
            for part in content
        ]
    return {"role": item.get("role"), "content": content}
