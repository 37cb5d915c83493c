"""What goes along with a message beside its words: files of a person's, pictures and sounds of a model's.

They are numbered from 0 in order, which is how a page asks for one of them; the words around them do not count.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from chit.core.media_kind import HEAD_BYTES, MediaKind
from chit.core.messages import MediaPart, Message, Part, TextFilePart, TextPart

Attachment = MediaPart | TextFilePart
_DATA_ADDRESS = re.compile(r"data:[\w.+/;=-]{0,200};base64,")
_LONGEST_NAME = 120
_LONGEST_ENDING = 10
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that show nothing or turn the direction of what stands beside them (attack case 26)."""
_UNNAMED = "file"


def list_attachments(message: Message) -> list[Attachment]:
    """In order."""
    return [part for part in message.parts if isinstance(part, MediaPart | TextFilePart)]


def make_attachment(data: bytes, kind: MediaKind | None, name: str) -> Attachment:
    """The part that carries a file; without a kind it is text, which must be UTF-8 (field guide §2.2)."""
    if kind is None:
        return TextFilePart(name, data.decode())
    content = base64.b64encode(data).decode()
    address = f"data:{kind.type};base64,{content}"
    match kind.kind:
        case "image":
            return MediaPart({"type": "image_url", "image_url": {"url": address}}, name)
        case "file":
            return MediaPart({"type": "file", "file": {"filename": name, "file_data": address}}, name)
        case _:
            return MediaPart({"type": "input_audio", "input_audio": {"data": content, "format": kind.format}}, name)


def join_parts(text: str, files: Iterable[Attachment]) -> list[Part]:
    """A question's words, then its text files, then everything else: some models read no further than a picture
    (field guide §2.2).
    """
    words: list[Part] = [TextPart(text)] if text.strip() else []
    return [*words, *sorted(files, key=lambda part: not isinstance(part, TextFilePart))]


def read_content(part: Attachment, most: int | None = None) -> bytes | None:
    """The bytes that an attachment holds, or at most the first `most` of them; None for one that stands elsewhere."""
    if isinstance(part, TextFilePart):
        return part.text.encode()[:most]
    content = _find_base64(part.media)
    if content is None:
        return None
    end = None if most is None else (most + 2) // 3 * 4
    try:
        return base64.b64decode(content[:end], validate=True)[:most]
    except binascii.Error:
        return None


def read_head(part: Attachment) -> bytes:
    """Enough of it to tell its kind; empty for one that stands elsewhere."""
    return read_content(part, HEAD_BYTES) or b""


def count_bytes(part: Attachment) -> int | None:
    """How large it is; None for one that stands elsewhere."""
    if isinstance(part, TextFilePart):
        return len(part.text.encode())
    content = _find_base64(part.media)
    return None if content is None else len(content) // 4 * 3 - content[-2:].count("=")


def wrap_text_file(name: str, text: str) -> str:
    """As models read it; always the same, so that they know it again and prompt caches hit."""
    quoted = name.replace('"', "'")
    return f'<file name="{quoted}">\n{text}{"" if text.endswith(chr(10)) else chr(10)}</file>'


def clean_name(name: str) -> str:
    """A file's name for showing, whatever was sent: its last part, nothing hidden in it, not long.

    No path is ever made of it (attack case 28).
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(each for each in last if unicodedata.category(each) not in _HIDDEN)
    words = " ".join(shown.split()).strip(". ")
    if len(words) > _LONGEST_NAME:
        stem, dot, ending = words.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= _LONGEST_ENDING else ""
        words = f"{words[: _LONGEST_NAME - len(ending) - 1]}…{ending}"
    return words or _UNNAMED


def name_attachment(part: Attachment, number: int, kind: MediaKind | None) -> str:
    """What it is called; one without a name by its kind and number, `picture-1.png`."""
    inner = part.media.get("file") if isinstance(part, MediaPart) else None
    told = part.name or (inner.get("filename") if isinstance(inner, Mapping) else None)
    if isinstance(told, str) and told:
        return clean_name(told)
    stem = {"image": "picture", "audio": "sound", "file": "document"}[kind.kind] if kind else _UNNAMED
    return f"{stem}-{number + 1}{f'.{kind.format}' if kind else ''}"


def _find_base64(media: Mapping[str, Any]) -> str | None:
    """The base64 text of a wire object: of a data address, of a file or of a sound, by a person or a model."""
    for name, member in (("image_url", "url"), ("file", "file_data"), ("input_audio", "data"), ("audio", "data")):
        inner = media.get(name)
        found = inner.get(member) if isinstance(inner, Mapping) else inner
        if isinstance(found, str) and found:
            address = _DATA_ADDRESS.match(found)
            if address is not None:
                return found[address.end() :]
            return found if member == "data" else None
    return None
