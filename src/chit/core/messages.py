"""Messages and their parts: the one shape that core, store, engine and every face use.

A part is a typed piece of a message. Media parts keep the wire's own object (`image_url`, `input_audio`, `file`, …), so
that nothing a provider sent is lost on the way back to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["system", "user", "actor", "client"]
"""`actor` is the model; `client` a program, which also answers tool calls."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """Plain or Markdown text."""

    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Members beside `type` and `text`, such as `cache_control`."""


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """What the model thought. `details` goes back to it unmodified (field guide §2.6)."""

    text: str
    details: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaPart:
    """An image, file, audio or video, or a kind of part we do not know, as the wire's object with its `type`."""

    media: Mapping[str, Any]
    name: str = ""
    """What the person's file is called, for showing only; the wire has no room for it."""


@dataclass(frozen=True, slots=True)
class TextFilePart:
    """A text file that goes along with a question: no words of its own. Models read it as text with its name around."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """The model asks for a tool. `arguments` is JSON text as it came, valid or not."""

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the wire's object holds; `function` in it is what else the inner one holds."""


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """The answer to a tool call: text, or a list of wire parts."""

    tool_call_id: str
    content: Any


@dataclass(frozen=True, slots=True)
class AnnotationPart:
    """A citation or a parsed file; file annotations go back so that parsing is not paid twice (field guide §3.1)."""

    annotation: Mapping[str, Any]


Part = TextPart | ReasoningPart | MediaPart | TextFilePart | ToolCallPart | ToolResultPart | AnnotationPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Who sees a message: the person, and the engine when it builds the next request."""

    visible_to_user: bool = True
    visible_to_engine: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. `extra` is keyed by engine name: `{"OpenRouter": {"completion": …, "generation": …}}`."""

    id: str
    conversation_id: str
    parent_id: str | None = None
    source: Source
    parts: tuple[Part, ...] = ()
    options: Options = field(default_factory=Options)
    extra: Mapping[str, Any] = field(default_factory=dict)
    created_at: float = 0.0
    """Unix seconds, for showing; order comes from `seq`."""
    seq: int = 0
    """Position in the store's one order; 0 before it is stored."""

    @property
    def text(self) -> str:
        """All text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def reasoning(self) -> str:
        """All reasoning parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, ReasoningPart))


_OURS = ("text", "reasoning", "tool_call", "tool_result", "annotation", "media", "text_file")
"""Types of our own JSON form. Media that has one of them on the wire is wrapped, so that it is not taken for it; so is
media with a name."""


def encode_part(part: Part) -> dict[str, Any]:
    """JSON form, as stored and as in `chit ask --json`."""
    match part:
        case TextPart(text, extra):
            return {**extra, "type": "text", "text": text}
        case ReasoningPart(text, details):
            return {"type": "reasoning", "text": text, "details": list(details)}
        case ToolCallPart(call_id, name, arguments, extra):
            call = {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
            return {**call, "extra": dict(extra)} if extra else call
        case ToolResultPart(call_id, content):
            return {"type": "tool_result", "tool_call_id": call_id, "content": content}
        case AnnotationPart(annotation):
            return {"type": "annotation", "annotation": dict(annotation)}
        case TextFilePart(name, text):
            return {"type": "text_file", "name": name, "text": text}
        case _:
            return _encode_media(part)


def decode_part(value: Mapping[str, Any]) -> Part:
    """The inverse of `encode_part`; a type that is not ours is media."""
    rest = dict(value)
    kind = rest.pop("type", None)
    match kind:
        case "text":
            return TextPart(rest.pop("text"), rest)
        case "reasoning":
            return ReasoningPart(rest["text"], tuple(rest["details"]))
        case "tool_call":
            return ToolCallPart(rest["id"], rest["name"], rest["arguments"], rest.get("extra", {}))
        case "tool_result":
            return ToolResultPart(rest["tool_call_id"], rest["content"])
        case "annotation":
            return AnnotationPart(rest["annotation"])
        case "text_file":
            return TextFilePart(rest["name"], rest["text"])
        case "media":
            return MediaPart(rest["media"], rest.get("name", ""))
        case _:
            return MediaPart(dict(value))


def _encode_media(part: MediaPart) -> dict[str, Any]:
    if not part.name and part.media.get("type") not in _OURS:
        return dict(part.media)
    wrapped = {"type": "media", "media": dict(part.media)}
    return {**wrapped, "name": part.name} if part.name else wrapped
