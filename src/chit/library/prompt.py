"""What a program asks, as the parts of a message: words, and files that go along."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chit.attaching import check_files, read_attachment
from chit.core.attachments import Attachment, join_parts
from chit.core.messages import MediaPart, Part, TextFilePart, TextPart
from chit.core.surrogates import join_surrogates
from chit.errors import InputError

Prompt = str | Part | Sequence[Part]
File = str | Path | MediaPart | TextFilePart


async def read_prompt(prompt: Prompt, files: Sequence[File]) -> list[Part]:
    """The parts of a question, its words first. Raises `TypeError`, and `InputError` and its kinds."""
    if isinstance(files, str | Path):
        raise TypeError("files is a list of them")
    attached = await asyncio.to_thread(_read_files, files)
    asked = _read_words(prompt)
    if not attached and not any(not isinstance(each, TextPart) or each.text.strip() for each in asked):
        raise InputError("the question is empty", hint="Ask something.")
    return [*asked, *join_parts("", attached)]


def _read_words(prompt: Prompt) -> list[Part]:
    if isinstance(prompt, str):
        return [TextPart(join_surrogates(prompt))] if prompt.strip() else []
    parts = [prompt] if isinstance(prompt, Part) else [*prompt]
    if wrong := [part for part in parts if not isinstance(part, Part)]:
        raise TypeError(f"a question is text, or parts such as chit.TextPart, not {wrong[0]!r}")
    return parts


def _read_files(files: Sequence[File]) -> list[Attachment]:
    if wrong := [each for each in files if not isinstance(each, File)]:
        raise TypeError(f"a file is a path, a chit.MediaPart or a chit.TextFilePart, not {wrong[0]!r}")
    read = [read_attachment(str(each)) if isinstance(each, str | Path) else each for each in files]
    check_files(read)
    return read
