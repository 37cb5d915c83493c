"""What a program asks, as the parts of a message: words, and files that go along."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chit.core.attachments import clean_name, make_attachment
from chit.core.media_kind import HEAD_BYTES, find_media_kind, is_text
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Part,
    ReasoningPart,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.surrogates import join_surrogates
from chit.errors import InputError, KindNotTaken

Prompt = str | Part | Sequence[Part]
File = str | Path | MediaPart | TextFilePart
_PARTS = (TextPart, ReasoningPart, MediaPart, TextFilePart, ToolCallPart, ToolResultPart, AnnotationPart)
_TAKEN = "Pictures (PNG, JPEG, GIF, WebP), PDFs, sound (WAV, MP3, FLAC, OGG, M4A, AAC, AIFF) and text are taken."


async def read_prompt(prompt: Prompt, files: Sequence[File]) -> list[Part]:
    """The parts of a question, its files first. Raises `InputError`."""
    if isinstance(files, str | Path):
        raise TypeError("files is a list of them")
    attached = [await asyncio.to_thread(_read_file, each) for each in files]
    asked = list(_read_words(prompt))
    if not attached and not any(not isinstance(each, TextPart) or each.text.strip() for each in asked):
        raise InputError("the question is empty", hint="Ask something.")
    return [*attached, *asked]


def _read_words(prompt: Prompt) -> Sequence[Part]:
    if isinstance(prompt, str):
        return [TextPart(join_surrogates(prompt))] if prompt else []
    return [prompt] if isinstance(prompt, _PARTS) else prompt


def _read_file(file: File) -> Part:
    """What it is, its bytes tell. Raises `InputError`, `KindNotTaken`."""
    if not isinstance(file, str | Path):
        return file
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the file {path} cannot be read: {error.strerror}", hint="Check the path.") from error
    if not data:
        raise InputError(f"the file {path} is empty", hint="There is nothing to send of it.")
    kind = find_media_kind(data[:HEAD_BYTES])
    if kind is None and not is_text(data):
        raise KindNotTaken(f"models do not read files of the kind of {path}", hint=_TAKEN)
    return make_attachment(data, kind, clean_name(path.name))
