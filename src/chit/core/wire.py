"""OpenRouter's chat messages to ours and back (field guide §2.2, §3.1).

Reading accepts whatever came, because a request may be recorded that OpenRouter will refuse. What a role, a name or a
provider's private member adds to a message rests in `extra["OpenRouter"]["wire"]` and returns to the wire unchanged.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chit.core.attachments import wrap_text_file
from chit.core.jsontext import encode_json
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    Source,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    encode_part,
)
from chit.core.open_calls import leave_out_open_calls
from chit.core.reasoning import reasoning_text
from chit.core.surrogates import mend_surrogates

ENGINE = "OpenRouter"
"""The key of our extra data in `Message.extra`."""

_SOURCES: Mapping[str, Source] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "actor",
    "tool": "client",
}
_ROLES: Mapping[Source, str] = {"system": "system", "user": "user", "actor": "assistant", "client": "tool"}
_READ = frozenset(
    {
        "role",
        "content",
        "reasoning",
        "reasoning_details",
        "tool_calls",
        "tool_call_id",
        "images",
        "audio",
        "annotations",
    }
)


def list_messages(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages of a request, with cut emoji joined; what is none is left out."""
    found = mend_surrogates(request.get("messages"))
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def read_source(wire: Mapping[str, Any]) -> Source:
    """From the role; an unknown or missing one is the user's."""
    return _SOURCES.get(str(wire.get("role")), "user")


def read_parts(wire: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts of one wire message, in order of showing: reasoning, content, media, tool calls, annotations."""
    call_id = wire.get("tool_call_id")
    if isinstance(call_id, str) and wire.get("role") == "tool":
        return (ToolResultPart(call_id, wire.get("content")),)
    parts: list[Part] = []
    details = _list(wire.get("reasoning_details"))
    reasoning = _text(wire.get("reasoning")) or _text(wire.get("reasoning_content")) or reasoning_text(details)
    if details or reasoning:
        parts.append(ReasoningPart(reasoning, tuple(details)))
    parts += _content_parts(wire.get("content"))
    parts += [MediaPart(image) for image in _objects(wire.get("images"))]
    if isinstance(wire.get("audio"), Mapping):
        parts.append(MediaPart({"type": "audio", "audio": wire["audio"]}))
    parts += [_tool_call(call) for call in _objects(wire.get("tool_calls"))]
    parts += [AnnotationPart(annotation) for annotation in _objects(wire.get("annotations"))]
    return tuple(parts)


def read_rest(wire: Mapping[str, Any]) -> dict[str, Any]:
    """What `read_parts` and `read_source` do not express, to be kept in the message's extra data."""
    rest = {name: value for name, value in wire.items() if name not in _READ}
    role = wire.get("role")
    if isinstance(role, str) and role != _ROLES[read_source(wire)]:
        rest["role"] = role
    return rest


def write_message(message: Message) -> dict[str, Any]:
    """The wire message that says the same to a model."""
    wire: dict[str, Any] = {"role": _ROLES[message.source]}
    content: list[dict[str, Any]] = []
    for part in message.parts:
        _write_part(message.source, part, wire, content)
    if "tool_call_id" not in wire:
        wire["content"] = _write_content(content)
    kept = message.extra.get(ENGINE, {}).get("wire", {})
    return {**wire, **kept}


def _write_part(source: Source, part: Part, wire: dict[str, Any], content: list[dict[str, Any]]) -> None:
    match part:
        case TextPart():
            content.append(encode_part(part))
        case TextFilePart(name, text):
            content.append({"type": "text", "text": wrap_text_file(name, text)})
        case ReasoningPart(text, details):
            wire |= {"reasoning_details": list(details)} if details else {"reasoning": text}
        case ToolCallPart():
            wire.setdefault("tool_calls", []).append(_write_tool_call(part))
        case ToolResultPart(call_id, result):
            wire |= {"tool_call_id": call_id, "content": result}
        case AnnotationPart(annotation):
            wire.setdefault("annotations", []).append(dict(annotation))
        case _:
            _write_media(source, part.media, wire, content)


def write_history(path: Iterable[Message]) -> list[dict[str, Any]]:
    """The `messages` of the next request: every message on the path that the engine may see and that says something.

    Calls of tools that nobody answered are not told.
    """
    seen = [message for message in path if message.options.visible_to_engine and message.parts]
    return [write_message(message) for message in leave_out_open_calls(seen)]


def _write_media(source: Source, media: Mapping[str, Any], wire: dict[str, Any], content: list[dict[str, Any]]) -> None:
    if source != "actor":
        content.append(dict(media))
    elif media.get("type") == "audio" and isinstance(media.get("audio"), Mapping):
        audio = media["audio"]
        wire["audio"] = {"id": audio["id"]} if "id" in audio else dict(audio)
    else:
        wire.setdefault("images", []).append(dict(media))


def _write_content(content: list[dict[str, Any]]) -> Any:
    if not content:
        return None
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return content[0]["text"]
    return content


def _write_tool_call(part: ToolCallPart) -> dict[str, Any]:
    wire: dict[str, Any] = {"type": "function", **part.extra, "id": part.id}
    if wire["type"] == "function" or part.name:
        wire["function"] = {**part.extra.get("function", {}), "name": part.name, "arguments": part.arguments}
    return wire


def _tool_call(call: Mapping[str, Any]) -> ToolCallPart:
    function = call.get("function")
    named: Mapping[str, Any] = function if isinstance(function, Mapping) else {}
    extra = {name: value for name, value in call.items() if name not in ("id", "function")}
    if extra.get("type") in ("function", None):
        extra.pop("type", None)
    if more := {name: value for name, value in named.items() if name not in ("name", "arguments")}:
        extra["function"] = more
    arguments = named.get("arguments")
    if isinstance(arguments, Mapping):
        arguments = encode_json(arguments).decode()  # some providers send the object itself
    return ToolCallPart(_text(call.get("id")), _text(named.get("name")), _text(arguments), extra)


def _content_parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [TextPart(content)] if content else []
    parts: list[Part] = []
    for item in _list(content):
        if isinstance(item, str):
            parts.append(TextPart(item))
        elif isinstance(item, Mapping) and isinstance(item.get("text"), str) and item.get("type") == "text":
            extra = {name: value for name, value in item.items() if name not in ("type", "text")}
            parts.append(TextPart(item["text"], extra))
        elif isinstance(item, Mapping):
            parts.append(MediaPart(item))
    return parts


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, Mapping)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
