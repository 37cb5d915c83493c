"""Making a backup: history and attachments, verified, under their name only once they are whole (promise G16)."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apsw

from chit.errors import DiskFull, InputError, StoreDamaged, StoreError
from chit.store.backups import Backup, find_place, read_backup
from chit.store.blobs import Blobs
from chit.store.connection import BUSY_MILLISECONDS, find_schema, open_unchanged, refuse_strangers
from chit.store.examination import examine
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.snapshot import copy_database, sync
from chit.store.unfinished import make_folder

_TRIES = 2
"""An attachment may be purged between the copy and its turn; what is missing again is lost."""


def make_backup(home: Home, target: Path | None = None) -> Backup:
    """In the folder `target`, which must not be there yet; None: below `backups`, named by the time.

    Its `flaws` are what is lost or refers to nothing in the history itself. Nothing is left where it fails. Raises
    `InputError` and `StoreError`: `StoreDamaged` for a history of which no sound copy can be made.
    """
    if not home.database.is_file():
        raise InputError(f"there is no history in {home.folder}", hint="There is nothing to back up yet.")
    try:
        if target is None:
            home.backups.mkdir(mode=0o700, exist_ok=True)
            target = find_name(home.backups)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError(f"{target} is there already", hint="Name a folder that is not there yet.")
        with make_folder(home, target.parent) as folder:
            flaws = _fill(home, folder)
            folder.rename(target)
            sync(target.parent)
        return replace(read_backup(home, target), flaws=flaws)
    except (apsw.Error, OSError) as error:
        raise _explain(error, target or home.backups) from error


def find_name(folder: Path, prefix: str = "") -> Path:
    """A path that nothing has yet: the time, in UTC."""
    name = prefix + time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    number = 1
    path = folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path


def list_blobs(database: Path) -> list[str]:
    """The names of the attachments that a closed file refers to. Raises `StoreError` and `apsw.Error`."""
    connection = open_unchanged(database)
    try:
        return [name for (name,) in connection.execute("SELECT hash FROM blobs")]
    finally:
        connection.close()


def _fill(home: Home, folder: Path) -> tuple[str, ...]:
    """Raises `StoreError`, `apsw.Error` and `OSError`."""
    place = find_place(home, folder)
    place.blobs.mkdir(mode=0o700)
    blobs = Blobs(home.blobs)
    for _ in range(_TRIES):
        place.database.unlink(missing_ok=True)
        _copy(home, place.database)
        if all([blobs.share(name, place.blobs) for name in list_blobs(place.database)]):
            break
    sync(place.blobs)
    sync(folder)
    found = examine(place, seconds=math.inf)
    assert found is not None  # noqa: S101 - it was made just now
    if not found.integrity.is_sound:
        raise StoreDamaged(
            f"{home.database} is damaged, so that no backup can be made of it: {found.integrity.problems[0]}",
            hint="Earlier backups are as they were: `chit doctor` names the newest that is whole.",
        )
    return (*found.integrity.problems, *found.integrity.lost)


def _copy(home: Home, database: Path) -> None:
    with _open_source(home) as source:
        if not find_schema(source):
            raise InputError(f"the history in {home.folder} is empty", hint="There is nothing to back up yet.")
        copy_database(source, database)


@contextmanager
def _open_source(home: Home) -> Iterator[apsw.Connection]:
    """The history as others use it, of whatever schema; as it stands where nothing can be written."""
    try:
        connection = apsw.Connection(str(home.database), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        refuse_strangers(connection, home.database)
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        connection = open_unchanged(home.database)
    try:
        yield connection
    finally:
        connection.close()


def _explain(error: Exception, target: Path) -> StoreError:
    """About the place of the backup, not about the history."""
    explained = explain_store_error(error, target)
    if isinstance(explained, DiskFull):
        hint = "Free some space, or name a folder elsewhere: chit backup FOLDER. Nothing was left behind."
        return DiskFull(f"the disk is full: the backup in {target.parent} was not made", hint=hint)
    if isinstance(error, OSError):
        hint = "Check its owner and permissions, or name another folder: chit backup FOLDER"
        return StoreError(f"no backup can be made in {target.parent}: {error.strerror}", hint=hint, kind=explained.kind)
    return explained
