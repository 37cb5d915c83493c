"""What a program asks, as the parts of a message: words, and files that go along."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chit.core.attachment_limits import MOST_FILE, check_together, judge_file, too_large
from chit.core.attachments import Attachment, clean_name, count_bytes, join_parts, make_attachment
from chit.core.messages import MediaPart, Part, TextFilePart, TextPart
from chit.core.surrogates import join_surrogates
from chit.errors import InputError

Prompt = str | Part | Sequence[Part]
File = str | Path | MediaPart | TextFilePart


async def read_prompt(prompt: Prompt, files: Sequence[File]) -> list[Part]:
    """The parts of a question, its words first. Raises `InputError` and its kinds."""
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
    return [prompt] if isinstance(prompt, Part) else [*prompt]


def _read_files(files: Sequence[File]) -> list[Attachment]:
    read = [_read_file(Path(each)) if isinstance(each, str | Path) else each for each in files]
    check_together([count_bytes(each) or 0 for each in read])
    return read


def _read_file(path: Path) -> Attachment:
    """What it is, its bytes tell; what is behind it may be a pipe."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE + 1)
    except OSError as error:
        raise InputError(f"the file {path} cannot be read: {error.strerror}", hint="Check the path.") from error
    try:
        if len(data) > MOST_FILE:
            raise too_large(MOST_FILE)
        kind = judge_file(data, len(data))
    except InputError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
    return make_attachment(data, kind, clean_name(path.name))
