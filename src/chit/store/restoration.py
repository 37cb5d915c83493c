"""Putting a backup in the place of the history (promise G16).

What makes it safe to kill: the new file is whole and on disk beside the old one before one rename puts it in its place;
attachments are only added before it. The old history is kept, first under a name that tells the next restore whether
the rename came to pass.
"""

import math
import shutil
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from chit.errors import DiskFull, InputError, StoreDamaged, StoreError
from chit.store.backup import find_name, list_blobs
from chit.store.backups import REPLACED, Contents, examine_backup, get_place, read_contents
from chit.store.blobs import Blobs
from chit.store.connection import alone_in, open_unchanged
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.owners import is_in_use, list_living
from chit.store.snapshot import copy_database, duplicate, sync
from chit.store.unfinished import make_folder

_REPLACING = ".replacing-"
_LOGS = ("-wal", "-journal", "-shm")
_PASSING = (apsw.BusyError, apsw.LockedError, apsw.FullError, apsw.IOError, apsw.CantOpenError)
"""What need not be there at the next try; all else that SQLite says of a file is damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What came of it."""

    contents: Contents
    replaced: Path | None
    """The folder with what was there before; None where nothing was."""


def restore(home: Home, path: Path, *, is_incomplete_enough: bool = False) -> Restoration:
    """The backup at `path` becomes the history; what was there is kept as another backup.

    With `is_incomplete_enough` a backup that lacks attachments, or has rows that refer to nothing, will do as well.
    Nothing is changed where it fails. Raises `InputError` and `StoreError`: for a backup that is damaged or of a later
    Chit, and while a process uses this home.
    """
    try:
        place = get_place(home, path)
        _verify(home, path, is_incomplete_enough=is_incomplete_enough)
        home.create()
        home.backups.mkdir(mode=0o700, exist_ok=True)
        _refuse_while_in_use(home)
        finish_replacements(home)
        with make_folder(home, home.folder) as beside, make_folder(home, home.backups) as kept:
            staged = beside / home.database.name
            _stage(home, place, staged)
            contents = read_contents(staged)
            return Restoration(contents=contents, replaced=_exchange(home, place, staged, kept))
    except (apsw.Error, OSError) as error:
        explained = explain_store_error(error, home.database)
        if isinstance(explained, DiskFull):
            hint = "Free some space and try again; the history is as it was."
            explained = DiskFull(f"the disk is full: {path} was not restored", hint=hint)
        raise explained from error


def finish_replacements(home: Home) -> None:
    """What a killed restore kept gets its name, or goes if nothing was replaced. Raises `StoreError`."""
    try:
        with alone_in(home.folder):
            for folder in home.backups.glob(f"{_REPLACING}*"):
                kept = folder / home.database.name
                if kept.exists() and kept.samefile(home.database):
                    shutil.rmtree(folder)
                else:
                    _name_replaced(folder)
    except OSError as error:
        raise explain_store_error(error, home.database) from error


def _verify(home: Home, path: Path, *, is_incomplete_enough: bool) -> None:
    found = examine_backup(home, path, seconds=math.inf)
    if not found.schema:
        raise InputError(f"the backup {path} is empty", hint="Choose another: chit backup --list")
    if not found.integrity.is_sound:
        raise StoreDamaged(
            f"the backup {path} is damaged: {found.integrity.problems[0]}",
            hint="Choose another: chit backup --list. The history is as it was.",
        )
    flaws = (*found.integrity.problems, *found.integrity.lost)
    if flaws and not is_incomplete_enough:
        raise StoreDamaged(
            f"the backup {path} is not complete: {flaws[0]}" + (f"; and {len(flaws) - 1} more" if flaws[1:] else ""),
            hint="Choose another (chit backup --list), or restore what there is: chit restore --incomplete",
        )


def _stage(home: Home, place: Home, staged: Path) -> None:
    """The copy that will be the history. No browser and no program comes back that was shut out since."""
    source = open_unchanged(place.database)
    try:
        copy_database(source, staged)
    finally:
        source.close()
    copy = apsw.Connection(str(staged), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        copy.pragma("secure_delete", 1)
        copy.execute("DELETE FROM sessions")
        copy.executemany("UPDATE local_tokens SET revoked_at = ? WHERE hash = ?", _list_revoked(home))
    finally:
        copy.close()
    sync(staged)


def _list_revoked(home: Home) -> list[tuple[float, str]]:
    """The local tokens that are revoked in the history that goes, if it can still be read."""
    with suppress(StoreError, apsw.Error), closing(open_unchanged(home.database)) as connection:
        rows: list[Any] = connection.execute(
            "SELECT revoked_at, hash FROM local_tokens WHERE revoked_at IS NOT NULL"
        ).fetchall()
        return rows
    return []


def _exchange(home: Home, place: Home, staged: Path, kept: Path) -> Path | None:
    """The folder of what was there comes back; None where nothing was. `kept` is an empty one for it."""
    wanted = list_blobs(staged)
    try:
        with alone_in(home.folder):
            _refuse_while_in_use(home)
            replacing = _keep(home, kept) if home.database.stat().st_size else None
            for name in wanted:
                if not _has_blob(home, place, name):
                    Blobs(place.blobs).share(name, home.blobs)
            sync(home.blobs)
            for log in _LOGS:  # of a damaged file: beside another one it would be worse than nothing
                _beside(home.database, log).unlink(missing_ok=True)
            staged.replace(home.database)
            sync(home.folder)
            if replacing is None:
                return None
            _forget_blobs(home, replacing, wanted)
            return _name_replaced(replacing)
    except BaseException:
        finish_replacements(home)
        raise


def _keep(home: Home, folder: Path) -> Path:
    """What is there, under a second name; it stays where it is as well."""
    _empty_log(home.database)
    (folder / "blobs").mkdir(mode=0o700)
    for log in ("", *_LOGS):
        if (path := _beside(home.database, log)).exists():
            duplicate(path, folder / path.name)
    for blob in home.blobs.iterdir():
        Blobs(home.blobs).share(blob.name, folder / "blobs")
    sync(folder / "blobs")
    sync(folder)
    return folder.rename(find_name(home.backups, _REPLACING))


def _forget_blobs(home: Home, replacing: Path, wanted: Sequence[str]) -> None:
    """Attachments of the old history alone are where it is now, and nothing here would ever remove them."""
    for each in (replacing / "blobs").iterdir():
        if each.name not in wanted:
            (home.blobs / each.name).unlink(missing_ok=True)


def _empty_log(database: Path) -> None:
    """So that the file is whole without others beside it. One that cannot be read is left alone, and kept with them."""
    try:
        for flags, statement in (
            (apsw.SQLITE_OPEN_READONLY, "SELECT count(*) FROM sqlite_schema"),
            (apsw.SQLITE_OPEN_READWRITE, "PRAGMA journal_mode = DELETE"),
        ):
            with closing(apsw.Connection(str(database), flags=flags)) as connection:
                connection.execute(statement).fetchall()
    except _PASSING:
        raise
    except apsw.Error:
        return


def _has_blob(home: Home, place: Home, name: str) -> bool:
    """Whether it is whole here already; the backup's own has been looked at."""
    with suppress(OSError):
        if (home.blobs / name).samefile(place.blobs / name):
            return True
    return Blobs(home.blobs).find_problem(name) is None


def _refuse_while_in_use(home: Home) -> None:
    if list_living(home.run) or is_in_use(home.database):
        raise StoreError(
            f"the history in {home.folder} is in use by another Chit",
            hint="End it first (Ctrl-C where `chit serve` runs), then restore again. Nothing was changed.",
        )


def _name_replaced(folder: Path) -> Path:
    name = folder.name.removeprefix(_REPLACING)
    named = folder.with_name(REPLACED + name)
    return folder.rename(named if not named.exists() else find_name(folder.parent, REPLACED))


def _beside(database: Path, log: str) -> Path:
    return database.with_name(database.name + log)
