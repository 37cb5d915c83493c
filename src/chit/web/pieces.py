"""The parts of a message that are not text, as the templates show them. What came from a model may have any shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from markdown_it.common.normalize_url import normalizeLink

from chit.core.generation import read_text
from chit.core.messages import AnnotationPart, MediaPart, Message, ToolCallPart, ToolResultPart
from chit.render.addresses import find_host, leave_address

_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
_WEB = re.compile(r"https://[^\s\\@/?#]+(?:[/?#][!-~]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What the model asked for and, where it is known, what came back."""

    name: str
    arguments: str
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A page that the reply rests on."""

    title: str
    host: str
    href: str
    """Our own page that shows the address first."""


def tool_calls(message: Message) -> list[ToolCall]:
    """In order. Results stand with their calls."""
    results = {part.tool_call_id: part.content for part in message.parts if isinstance(part, ToolResultPart)}
    return [
        ToolCall(name=part.name, arguments=part.arguments, result=_read_result(results.get(part.id)))
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]


def citations(message: Message) -> list[Citation]:
    """Pages on the web, each once, in order; what cannot be opened safely is left out."""
    found: dict[str, Citation] = {}
    for part in message.parts:
        inner = part.annotation.get("url_citation") if isinstance(part, AnnotationPart) else None
        address = inner.get("url") if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping) and is_web_address(address):
            plain = normalizeLink(address)  # letters that pass for others are spelled out, as in the links of a reply
            if host := find_host(plain):
                title = read_text(inner.get("title")) or host
                found.setdefault(plain, Citation(title=title, host=host, href=leave_address(plain)))
    return list(found.values())


def drawable(message: Message) -> list[str]:
    """Pictures as `data:` addresses, of kinds that hold no script."""
    addresses = (_address(part.media) for part in message.parts if isinstance(part, MediaPart))
    return [address for address in addresses if _PICTURE.fullmatch(address)]


def name_media(message: Message) -> list[str]:
    """What else is attached, a few words each."""
    rest = [part.media for part in message.parts if isinstance(part, MediaPart)]
    return [_name(media) for media in rest if not _PICTURE.fullmatch(_address(media))]


def is_web_address(address: Any) -> TypeGuard[str]:
    """Whether it is https, and nothing in it hides where it leads."""
    return isinstance(address, str) and _WEB.fullmatch(address) is not None


def _read_result(content: Any) -> str | None:
    if content is None or isinstance(content, str):
        return content
    texts = [item.get("text") for item in content if isinstance(item, Mapping)] if isinstance(content, list) else []
    return "\n".join(text for text in texts if isinstance(text, str))


def _address(media: Mapping[str, Any]) -> str:
    inner = media.get("image_url")
    address = inner.get("url") if isinstance(inner, Mapping) else inner
    return address if isinstance(address, str) else ""


def _name(media: Mapping[str, Any]) -> str:
    kind = str(media.get("type", "file")).removeprefix("input_").removesuffix("_url").replace("_", " ")
    inner = media.get("file")
    name = read_text(inner.get("filename")) if isinstance(inner, Mapping) else None
    return f"{kind}: {name}" if name else kind
