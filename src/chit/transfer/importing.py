"""What comes back: a file of Chit's own JSON, one conversation after the other, each wholly or not at all.

A file twice is the same as once, and one that was broken off is completed by a second time (attack case 42).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO

from chit.core.dossier import Dossier, interrupt
from chit.core.dossier_json import Scrub
from chit.core.dossier_reading import decode_dossier
from chit.core.members import DossierInvalid
from chit.errors import InputError
from chit.store.dossier_protocol import Added
from chit.store.protocol import Store
from chit.transfer.zip_reading import MOST_DOCUMENT, BoundedZip, EntryBroken

MOST_PROBLEMS = 50
"""That are told one by one."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far an import came."""

    total: int
    """Conversations in the file."""
    done: int = 0
    added: int = 0
    """Conversations that were not here."""
    completed: int = 0
    """Conversations that were here in part."""
    messages: int = 0
    """Added to either."""
    here: int = 0
    """Conversations that were here already."""
    problems: tuple[str, ...] = ()
    """A line each, of the first few."""
    refused: int = 0
    """Conversations of which nothing was imported; there is a problem for each of the first."""


async def import_file(
    store: Store,
    file: IO[bytes],
    *,
    scrub: Scrub,
    clock: Callable[[], float],
    tell: Callable[[Report], None],
) -> Report:
    """Add what is missing here; `tell` hears of each step, `clock` gives unix seconds.

    Raises `InputError` for a file that is no export of ours, and `StoreError`; what came before stays.
    """
    size = await asyncio.to_thread(file.seek, 0, 2)
    await asyncio.to_thread(file.seek, 0)
    is_zip = await asyncio.to_thread(file.read, 4) in _ZIP
    await asyncio.to_thread(file.seek, 0)
    if not is_zip:
        return await _import_document(store, await _read_document(file, size), scrub=scrub, now=clock())
    packed = await asyncio.to_thread(BoundedZip, file, size)
    report = Report(total=len(packed))
    tell(report)
    async for name, outcome in _read_all(packed.read()):
        if isinstance(outcome, Dossier):
            report = _count(report, name, await store.add_dossier(interrupt(outcome), scrub=scrub, now=clock()))
        else:
            report = _refuse(report, f"{name}: {outcome}")
        tell(report)
    return report


async def _read_document(file: IO[bytes], size: int) -> Dossier:
    if size > MOST_DOCUMENT:
        raise InputError(
            f"a conversation of more than {MOST_DOCUMENT // 1024**2} MiB cannot be imported", hint="Nothing was."
        )
    try:
        return await asyncio.to_thread(lambda: decode_dossier(file.read()))
    except DossierInvalid as error:
        raise InputError(
            f"this file cannot be imported: {error}", hint="Choose a file that Chit exported as JSON."
        ) from None


async def _import_document(store: Store, dossier: Dossier, *, scrub: Scrub, now: float) -> Report:
    added = await store.add_dossier(interrupt(dossier), scrub=scrub, now=now)
    title = dossier.conversation.title if dossier.conversation else ""
    return _count(Report(total=1), title or dossier.id, added)


async def _read_all(entries: Iterator[tuple[str, bytes | EntryBroken]]) -> AsyncIterator[tuple[str, Dossier | str]]:
    """Unpacked and checked in a thread."""

    def read_next() -> tuple[str, Dossier | str] | None:
        entry = next(entries, None)
        if entry is None:
            return None
        name, data = entry
        try:
            return name, str(data) if isinstance(data, EntryBroken) else decode_dossier(data)
        except DossierInvalid as error:
            return name, str(error)

    while (outcome := await asyncio.to_thread(read_next)) is not None:
        yield outcome


def _count(report: Report, name: str, added: Added) -> Report:
    if added.conflict is not None:
        return _refuse(report, f"{name}: {added.conflict}")
    return replace(
        report,
        done=report.done + 1,
        added=report.added + added.is_new,
        completed=report.completed + (added.changed and not added.is_new),
        messages=report.messages + added.messages,
        here=report.here + (not added.changed),
    )


def _refuse(report: Report, line: str) -> Report:
    problems = (*report.problems, line)[:MOST_PROBLEMS]
    return replace(report, done=report.done + 1, refused=report.refused + 1, problems=problems)
