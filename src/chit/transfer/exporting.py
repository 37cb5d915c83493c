"""What leaves Chit: one conversation or all, as JSON that comes back or as Markdown for reading (docs/export.md).

One conversation is in memory at a time. No key is in it: every text goes through `scrub`.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from chit.adoption import judge_kept
from chit.core.answer import apply_answer
from chit.core.dossier import Dossier, interrupt, scrub_dossier, withhold
from chit.core.dossier_json import Scrub, encode_dossier
from chit.core.generation import RUNNING
from chit.errors import NotFound, StoreError
from chit.store.protocol import Store
from chit.transfer.pictures import PictureFiles, Place
from chit.transfer.transcript import write_transcript
from chit.transfer.zip_writing import ZipStream

Form = Literal["json", "markdown"]
PROBLEMS = "problems.txt"
"""The file in a zip that tells what is missing from it."""
_ENDINGS = {"json": "json", "markdown": "md"}
_SLUG_LENGTH = 40


async def export_one(store: Store, conversation_id: str, form: Form, scrub: Scrub) -> tuple[str, bytes]:
    """Name and content of a file. Pictures in Markdown stand in the text itself. Raises `NotFound`, `StoreError`."""
    dossier = prepare(await store.load_dossier(conversation_id))
    if dossier.conversation is None:
        raise NotFound(f"the conversation {conversation_id} was deleted", hint="For a while it can be brought back.")
    return name_file(dossier, form, scrub), await asyncio.to_thread(_write, dossier, form, scrub)


async def export_all(store: Store, form: Form, scrub: Scrub, ids: Sequence[str] | None = None) -> AsyncIterator[bytes]:
    """A zip of a file for each conversation, or for those with these ids. One that cannot be read is named in
    `problems.txt`. Raises `StoreError`.

    Markdown leaves out deleted conversations, of which nothing is left but what they cost.
    """
    packed, pictures = ZipStream(), PictureFiles()
    problems: list[str] = []
    for number, conversation_id in enumerate(await store.list_dossiers() if ids is None else ids, 1):
        try:
            dossier = prepare(await store.load_dossier(conversation_id))
        except NotFound:  # deleted since
            continue
        except StoreError as error:
            problems.append(f"{conversation_id}: {error.message}\n")
            continue
        if form == "json" or dossier.conversation is not None:
            yield await asyncio.to_thread(_pack, packed, pictures, number, dossier, form, scrub)
    if problems:
        yield packed.add(PROBLEMS, "".join(problems).encode("utf-8", "replace"))
    yield packed.end()


def name_file(dossier: Dossier, form: Form, scrub: Scrub, number: int | None = None) -> str:
    """Of letters, digits and hyphens: what any system takes, and nothing that a title could turn into a path."""
    conversation = dossier.conversation
    title = scrub(conversation.title) if conversation else "deleted"
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:_SLUG_LENGTH].strip("-")
    end = re.sub(r"[^0-9A-Za-z]", "", dossier.id)[-8:]
    pieces = ("" if number is None else f"{number:06}", slug or "conversation", end)
    return f"{'-'.join(filter(None, pieces))}.{_ENDINGS[form]}"


def prepare(dossier: Dossier) -> Dossier:
    """As it may leave: what still runs as far as it came, and what is private or deleted without its content."""
    texts = {}
    generations = []
    for generation in dossier.generations:
        if generation.state in RUNNING:
            answer = judge_kept(dossier.received.get(generation.id, b""), generation)
            texts[generation.message_id] = answer.parts
            generation = replace(apply_answer(generation, answer, None), state="streaming")
        generations.append(generation)
    messages = (replace(each, parts=texts.get(each.id, each.parts)) for each in dossier.messages)
    return withhold(interrupt(replace(dossier, messages=tuple(messages), generations=tuple(generations))))


def _write(dossier: Dossier, form: Form, scrub: Scrub) -> bytes:
    if form == "json":
        return encode_dossier(dossier, scrub)
    return _write_transcript(dossier, lambda address: address, scrub)


def _write_transcript(dossier: Dossier, place: Place, scrub: Scrub) -> bytes:
    """Scrubbed twice: before marks of Markdown stand between the letters of a key, and with everything together."""
    return scrub(write_transcript(scrub_dossier(dossier, scrub), place)).encode("utf-8", "replace")


def _pack(packed: ZipStream, pictures: PictureFiles, number: int, dossier: Dossier, form: Form, scrub: Scrub) -> bytes:
    return b"".join(_add(packed, pictures, number, dossier, form, scrub))


def _add(
    packed: ZipStream, pictures: PictureFiles, number: int, dossier: Dossier, form: Form, scrub: Scrub
) -> Iterator[bytes]:
    name = name_file(dossier, form, scrub, number)
    if form == "json":
        yield packed.add(name, encode_dossier(dossier, scrub))
        return
    yield packed.add(name, _write_transcript(dossier, pictures.place, scrub))
    while pictures.fresh:
        yield packed.add(*pictures.fresh.popitem())
