"""Replies that are data: JSON that was asked for by a schema, and pictures and sounds."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from chit.cli.output import FileTaken, Output, OutputFile
from chit.cli.terminal import neutralise, write_err
from chit.core.attachments import list_attachments, name_attachment, read_content
from chit.core.json_layout import lay_out
from chit.core.json_verdict import judge_json
from chit.core.media_kind import HEAD_BYTES, find_media_kind
from chit.core.messages import Message
from chit.core.sentence import sentence
from chit.errors import ChitError, OutputInvalid
from chit.store.ids import short_id


def write_json_reply(
    message: Message, finish_reason: str | None, schema: Any, output: Output | None
) -> ChitError | None:
    """The reply without the fence that some models put around JSON, laid out for a person; without an `output` it is
    only judged. What is wrong with it is returned.
    """
    verdict = judge_json(message.text, schema, finish_reason)
    if output is not None and message.text:
        shown = verdict.shown if verdict.is_json else message.text
        if output.is_terminal:
            shown = neutralise(lay_out(shown) if verdict.is_json else shown)
        output.write(shown if shown.endswith("\n") else f"{shown}\n")
    if verdict.kind == "breaks":
        return OutputInvalid(
            f"the reply does not match the schema: {verdict.told}",
            hint=f"Ask again: chit regenerate {short_id(message.id)}",
            text=message.text,
        )
    if verdict.told:
        write_err(neutralise(f"chit: {sentence(verdict.told)}\n"))
    return None


def write_media(message: Message, output: OutputFile, *, overwrite: bool) -> ChitError | None:
    """The first picture or sound of a reply into the file, further ones beside it, each of them kept by itself.

    Returned is why there is none, or why the first that could not be written could not; the others are there then.
    """
    contents = [(number, each, read_content(each)) for number, each in enumerate(list_attachments(message))]
    found = [(number, each, data) for number, each, data in contents if data]
    if not found:
        return ChitError(
            f"the reply holds nothing that {output.name} could hold",
            hint="Ask a model that makes pictures or sound, or name a text file.",
            kind="output_failed",
        )
    numbers, failures = count(2), list[ChitError]()
    for at, (number, each, data) in enumerate(found):
        try:
            file = _open_beside(output.name, numbers, overwrite=overwrite) if at else output
            _keep(file, data)
        except ChitError as error:
            failures.append(error)
        else:
            told = name_attachment(each, number, find_media_kind(data[:HEAD_BYTES]))
            write_err(neutralise(f"→ {told} is in {file.name}\n"))
    return failures[0] if failures else None


def _open_beside(name: str, numbers: Iterator[int], *, overwrite: bool) -> OutputFile:
    """Under the next number that is free, or that a file has which may be overwritten. Raises `InputError`."""
    place = Path(name)
    while True:
        path = place.with_name(f"{place.stem}-{next(numbers)}{place.suffix}")
        if (overwrite and path.is_file()) or not path.exists():
            with suppress(FileTaken):
                return OutputFile(str(path), overwrite=overwrite)


def _keep(file: OutputFile, data: bytes) -> None:
    """Raises as `OutputFile.write`."""
    try:
        file.write_bytes(data)
        file.keep()
    finally:
        file.discard()
