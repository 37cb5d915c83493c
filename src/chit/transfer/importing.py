"""What comes in from a file: conversations that Chit exported, ChatGPT's or llm's, each wholly or not at all.

A file twice is the same as once, and one that was broken off is completed by a second time (attack case 42).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import IO, Any, TypeVar

from chit.core.chatgpt import is_chatgpt
from chit.core.dossier import Dossier, interrupt
from chit.core.dossier_json import Scrub
from chit.core.dossier_reading import decode_dossier, read_dossier
from chit.core.jsontext import JsonInvalid
from chit.core.members import DossierInvalid
from chit.core.strict_json import decode_strictly
from chit.errors import InputError
from chit.store.protocol import Store
from chit.transfer.chatgpt_export import holds_chatgpt, open_chatgpt_array, open_chatgpt_one, open_chatgpt_zip
from chit.transfer.import_report import Report, Source, count, finish, refuse
from chit.transfer.json_items import begins_array
from chit.transfer.llm_database import open_llm_database
from chit.transfer.zip_reading import MOST_DOCUMENT, AnyZip, BoundedZip, refuse_file

T = TypeVar("T")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SQLITE = b"SQLite format 3\0"
_HEAD = 4096


async def import_file(
    store: Store,
    file: IO[bytes],
    *,
    scrub: Scrub,
    clock: Callable[[], float],
    tell: Callable[[Report], None],
    path: Path | None = None,
    folder: Path | None = None,
) -> Report:
    """Add what is missing here; `tell` hears of each step, `clock` gives unix seconds.

    `path` is where the file lies: without one no database can be read. What must be unpacked rests in `folder`, under
    no name. Raises `InputError` for a file of no kind that Chit reads, and `StoreError`; what came before stays.
    """
    stop = Event()
    with ExitStack() as closing:
        source = await _in_thread(lambda: _open(file, path, folder, closing, stop), stop)
        report = Report(total=source.total)
        if source.total != 1:
            tell(report)
        while (outcome := await _in_thread(lambda: next(source.outcomes, None), stop)) is not None:
            name, found = outcome
            if isinstance(found, Dossier):
                report = count(report, name, await store.add_dossier(interrupt(found), scrub=scrub, now=clock()))
            else:
                report = refuse(report, f"{name}: {found}")
            tell(report)
        return finish(report)


async def _in_thread(work: Callable[[], T], stop: Event) -> T:
    """What `work` makes. Cancelled, it sets `stop` and ends once the thread has: nothing is closed under its hands."""
    working = asyncio.get_running_loop().run_in_executor(None, work)  # no task: a second Ctrl-C cancels all of those
    try:
        await asyncio.wait([working])
    except asyncio.CancelledError:
        stop.set()
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        working.exception()  # nobody asks for it any more
        raise
    return await working


def _open(file: IO[bytes], path: Path | None, folder: Path | None, closing: ExitStack, stop: Event) -> Source:
    """Told by its bytes, whatever it is called. Raises `InputError`."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(_ZIP):
        packed = AnyZip(file, size)
        return open_chatgpt_zip(packed, folder, closing) if holds_chatgpt(packed) else _open_zip(BoundedZip(packed))
    if head.startswith(_SQLITE):
        if path is None:
            raise InputError("a database cannot be imported here", hint="Import it in a terminal: chit import FILE")
        return open_llm_database(path, closing, stop)
    if begins_array(head):
        return open_chatgpt_array(file, size, closing)
    return _open_document(file, size)


def _open_zip(packed: BoundedZip) -> Source:
    def read() -> Iterator[tuple[str, Dossier | str]]:
        for name, data in packed.read():
            try:
                yield name, decode_dossier(data) if isinstance(data, bytes) else str(data)
            except DossierInvalid as error:
                yield name, str(error)

    return Source(total=len(packed), outcomes=read())


def _open_document(file: IO[bytes], size: int) -> Source:
    """One conversation, of ours or of ChatGPT's. Raises `InputError`."""
    if size > MOST_DOCUMENT:
        raise InputError(
            f"a conversation of more than {MOST_DOCUMENT // 1024**2} MiB cannot be imported", hint="Nothing was."
        )
    try:
        value: dict[str, Any] = decode_strictly(file.read())
        if is_chatgpt(value):
            return open_chatgpt_one(value)
        dossier = read_dossier(value)
    except (JsonInvalid, DossierInvalid) as error:
        raise refuse_file(str(error)) from None
    title = dossier.conversation.title if dossier.conversation else ""
    return Source(total=1, outcomes=iter([(title or dossier.id, dossier)]))
