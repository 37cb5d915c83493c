"""Replies that are data: JSON that was asked for by a schema, and pictures and sounds."""

from pathlib import Path
from typing import Any

from chit.cli.output import Output, OutputFile
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


def write_media(message: Message, output: OutputFile) -> ChitError | None:
    """The first picture or sound of a reply into the file, further ones beside it; returned is why there is none."""
    contents = [(number, each, read_content(each)) for number, each in enumerate(list_attachments(message))]
    found = [(number, each, data) for number, each, data in contents if data]
    if not found:
        return ChitError(
            f"the reply holds nothing that {output.name} could hold",
            hint="Ask a model that makes pictures or sound, or name a text file.",
            kind="output_failed",
        )
    output.write_bytes(found[0][2])
    place = Path(output.name)
    for at, (number, each, data) in enumerate(found):
        kind = find_media_kind(data[:HEAD_BYTES])
        name = output.name
        if at:
            name = str(place.with_name(f"{place.stem}-{at + 1}{place.suffix}"))
            further = OutputFile(name, overwrite=False)
            further.write_bytes(data)
            further.keep()
        told = name_attachment(each, number, kind)
        write_err(neutralise(f"→ {told} is in {name}\n"))
    return None
