"""What one message of a ChatGPT export says, as our parts.

The format is documented nowhere; it is read as it was met from 2023 to 2026, and what is not known is kept as data.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.messages import AnnotationPart, MediaPart, Part, ReasoningPart, TextFilePart, TextPart

FindFile = Callable[[str, str], Part | None]
"""The attachment with this id of OpenAI's, called so; None where it is not in the export, or of no kind of ours."""

MOST_SOURCES = 100
_MARKS = re.compile("\ue200[^\ue200\ue201]{0,2000}\ue201")
"""Where a citation stood: its names mean nothing outside of ChatGPT."""
_POINTER = re.compile(r"(?:file-service|sediment)://(file[-_][0-9A-Za-z]+)")
_TEXTS = ("text", "output", "result", "summary", "content", "model_set_context")
_ABOUT_PERSON = ("user_profile", "user_instructions")
_ABOUT_PERSON_BESIDE = ("about_user_message", "about_model_message")


def read_content(content: Mapping[str, Any], metadata: Mapping[str, Any], find_file: FindFile) -> list[Part]:
    """The parts, in order; none for what says nothing."""
    match content.get("content_type"):
        case "thoughts":
            text = "\n\n".join(_read_thoughts(content.get("thoughts")))
            return [ReasoningPart(text)] if text else []
        case "reasoning_recap":
            return []
        case "user_editable_context":
            return list(_read_about_person(content, metadata))
        case "code":
            return _read_code(content)
        case "tether_quote":
            quoted = [content.get(name) for name in ("title", "url", "text")]
            return _write_text("\n\n".join(each for each in quoted if isinstance(each, str) and each))
    parts = _list(content.get("parts"))
    if not parts:
        told = (content.get(name) for name in _TEXTS)
        return _write_text(next((each for each in told if isinstance(each, str) and each.strip()), ""))
    return [*_read_pieces(parts, find_file), *_read_files(metadata, parts, find_file)]


def read_sources(metadata: Mapping[str, Any]) -> Iterator[Part]:
    """The pages that a reply cites, each once."""
    seen: set[str] = set()
    for reference in _objects(metadata.get("content_references")):
        for page in (reference, *_objects(reference.get("items")), *_objects(reference.get("sources"))):
            url, title = page.get("url"), page.get("title")
            if isinstance(url, str) and url.startswith(("https://", "http://")) and url not in seen:
                seen.add(url)
                cited = {"url": url, "title": title if isinstance(title, str) else url}
                yield AnnotationPart({"type": "url_citation", "url_citation": cited})
                if len(seen) == MOST_SOURCES:
                    return


def read_call(content: Mapping[str, Any]) -> str:
    """The arguments of a call to one of ChatGPT's tools, as JSON of an object: what is none is its `input`."""
    told = content.get("text")
    text = told if isinstance(told, str) else "\n".join(each for each in _list(content.get("parts")) if _is_text(each))
    try:
        decode_object(text.encode("utf-8", "replace"))
    except JsonInvalid:
        return encode_json({"input": text}).decode()
    return text


def read_plain(parts: Sequence[Part]) -> str:
    """The words of these."""
    return "\n\n".join(part.text for part in parts if isinstance(part, TextPart | TextFilePart))


def _read_pieces(pieces: Sequence[Any], find_file: FindFile) -> Iterator[Part]:
    for piece in pieces:
        if isinstance(piece, str):
            yield from _write_text(piece)
        elif isinstance(piece, Mapping):
            yield from _read_piece(piece, find_file)


def _read_piece(piece: Mapping[str, Any], find_file: FindFile) -> Iterator[Part]:
    pointer = _find_pointer(piece)
    if pointer is not None:
        kind = str(piece.get("content_type", "file")).partition("_")[0]
        found = find_file(pointer, "")
        if found is not None:
            yield found
        elif kind == "image":
            yield TextPart("[An image that is not in the export]")
        return
    text = piece.get("text")
    if isinstance(text, str):
        yield from _write_text(text)


def _find_pointer(piece: Mapping[str, Any]) -> str | None:
    """The id of a picture or of a recording, which stands one level deeper in those of a call."""
    inner = piece.get("audio_asset_pointer")
    for each in (piece, inner if isinstance(inner, Mapping) else {}):
        found = _POINTER.match(str(each.get("asset_pointer", "")))
        if found is not None:
            return found[1]
    return None


def _read_files(metadata: Mapping[str, Any], pieces: Sequence[Any], find_file: FindFile) -> Iterator[Part]:
    """What went along with a question beside pictures in it."""
    shown = {_find_pointer(piece) for piece in pieces if isinstance(piece, Mapping)}
    for attachment in _objects(metadata.get("attachments")):
        id, name = attachment.get("id"), attachment.get("name")
        called = name if isinstance(name, str) else ""
        if isinstance(id, str) and id not in shown:
            yield find_file(id, called) or TextPart(f"[A file that is not in the export: {called or id}]")


def _read_code(content: Mapping[str, Any]) -> list[Part]:
    text, language = content.get("text"), content.get("language")
    if not isinstance(text, str) or not text.strip():
        return []
    named = language if isinstance(language, str) and re.fullmatch(r"[a-z0-9+#-]{1,20}", language) else ""
    fence = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, fence + 1)
    return [TextPart(f"{ticks}{'' if named == 'unknown' else named}\n{text}\n{ticks}")]


def _read_thoughts(thoughts: Any) -> Iterator[str]:
    for thought in _objects(thoughts):
        told = [thought.get(name) for name in ("summary", "content")]
        if text := "\n\n".join(each for each in told if isinstance(each, str) and each.strip()):
            yield text


def _read_about_person(content: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Part]:
    """The custom instructions, which stand in one of two places."""
    beside = metadata.get("user_context_message_data")
    told = [content.get(name) for name in _ABOUT_PERSON]
    if not any(map(_is_text, told)) and isinstance(beside, Mapping):
        told = [beside.get(name) for name in _ABOUT_PERSON_BESIDE]
    yield from _write_text("\n\n".join(str(each) for each in told if _is_text(each)))


def _write_text(text: str) -> list[Part]:
    plain = _MARKS.sub("", text)
    return [TextPart(plain)] if plain.strip() else []


def has_media(parts: Sequence[Part]) -> bool:
    """Whether a picture or a sound is among them."""
    return any(isinstance(part, MediaPart) for part in parts)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
