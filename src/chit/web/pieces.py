"""The parts of a message that are not text, as the templates show them. What came from a model may have any shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import quote

from markdown_it.common.normalize_url import normalizeLink

from chit.core.attachments import (
    Attachment,
    count_bytes,
    list_attachments,
    name_attachment,
    read_content,
    read_head,
)
from chit.core.generation import read_text
from chit.core.media_kind import find_media_kind
from chit.core.messages import AnnotationPart, Message, ToolCallPart, ToolResultPart
from chit.core.picture_size import HEAD_BYTES as SIZE_BYTES
from chit.core.picture_size import find_picture_size
from chit.render.addresses import find_host, leave_address

_WEB = re.compile(r"https://[^\s\\@/?#]+(?:[/?#][!-~]*)?")

_SOME_SIZE = (400, 300)
"""For a picture that does not tell its own."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One attachment of a message, as pages show it: by its own bytes, whatever it was said to be (attack case 19)."""

    id: str
    """As questions name it: `message:number`."""
    path: str
    """Where its bytes are had from, with a token."""
    name: str
    bytes: int | None
    """None for what is not kept here: it is named, and never fetched from where it stands (attack case 23)."""
    is_picture: bool
    is_sound: bool
    width: int
    """Pixels of a picture, for which room is kept."""
    height: int

    @property
    def room(self) -> str:
        """An address of nothing, of the picture's size: it stands there until the picture does."""
        svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='{self.width}' height='{self.height}'/>"
        return f"data:image/svg+xml,{quote(svg)}"


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


def attached(message: Message) -> list[Shown]:
    """Files, pictures and sounds, in order. Nothing of them is in the page but where to get it."""
    return [_show(message, number, part) for number, part in enumerate(list_attachments(message))]


def is_web_address(address: Any) -> TypeGuard[str]:
    """Whether it is https, and nothing in it hides where it leads."""
    return isinstance(address, str) and _WEB.fullmatch(address) is not None


def _read_result(content: Any) -> str | None:
    if content is None or isinstance(content, str):
        return content
    texts = [item.get("text") for item in content if isinstance(item, Mapping)] if isinstance(content, list) else []
    return "\n".join(text for text in texts if isinstance(text, str))


def _show(message: Message, number: int, part: Attachment) -> Shown:
    kind = find_media_kind(read_head(part))
    is_picture = kind is not None and kind.kind == "image"
    size = (find_picture_size(read_content(part, SIZE_BYTES) or b"") if is_picture else None) or _SOME_SIZE
    return Shown(
        id=f"{message.id}:{number}",
        path=f"/m/{quote(message.id, safe='')}/media/{number}",
        name=name_attachment(part, number, kind),
        bytes=count_bytes(part),
        is_picture=is_picture,
        is_sound=kind is not None and kind.kind == "audio",
        width=size[0],
        height=size[1],
    )
