"""What a program's request says, as turns of a conversation: source, parts, and what else the wire had of each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chit.core.messages import Part, Source, TextPart
from chit.core.surrogates import mend_surrogates
from chit.core.wire import ENGINE, list_messages, read_parts, read_rest, read_source

Turn = tuple[Source, tuple[Part, ...], Mapping[str, Any]]


def read_turns(messages: Iterable[Mapping[str, Any]]) -> Iterator[Turn]:
    """Messages of a completion, each with its extra data."""
    for wire in messages:
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
        yield "user", tuple(TextPart(mend_surrogates(each)) for each in asked), {}
        return
    elif isinstance(asked, list):
        request = {"messages": [_read_item(each) for each in asked if isinstance(each, Mapping)]}
    for wire in reversed(list_messages(request)):
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
