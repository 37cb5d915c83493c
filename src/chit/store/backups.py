"""Backups that were made: which there are, what is in them, and which one to restore."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from chit.errors import InputError, StoreError
from chit.store.before_migration import PREFIX
from chit.store.connection import find_schema, open_unchanged
from chit.store.examination import Examination, examine
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.integrity import SECONDS
from chit.store.summaries import sum_history

REPLACED = "replaced-"
"""Begins the name of a folder with a history in whose place another was put."""
_COUNT = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages WHERE source = 'actor')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a backup."""

    schema: int
    conversations: int
    replies: int
    cost: Decimal | None
    """US dollars of all generations, exact to the pico-dollar; None where nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One that is there."""

    path: Path
    """A folder that is laid out like a home, or the file of a database alone, whose attachments are the home's."""
    made_at: float
    """Unix seconds."""
    size: int
    """Bytes, with the attachments in it."""
    contents: Contents | None
    """None where it cannot be read."""
    flaws: tuple[str, ...] = field(default=())
    """What was missing or did not hold together already when it was made; only just after that, else empty."""


def find_place(home: Home, path: Path) -> Home:
    """Where the database and the attachments of a backup of this home are."""
    return Home(path) if path.is_dir() else Home(home.folder, database=path)


def get_place(home: Home, path: Path) -> Home:
    """As `find_place`. Raises `InputError` where there is none."""
    place = find_place(home, path)
    if not place.database.is_file():
        raise InputError(f"there is no backup at {path}", hint="See those there are: chit backup --list")
    return place


def list_backups(home: Home) -> list[Backup]:
    """Those in the home folder, the newest first. Raises `StoreError`."""
    try:
        paths = [path for path in home.backups.glob("[!.]*") if _is_backup(path)]
        return sorted((read_backup(home, path) for path in paths), key=lambda each: each.made_at, reverse=True)
    except OSError as error:
        raise explain_store_error(error, home.backups / "backup") from error


def read_backup(home: Home, path: Path) -> Backup:
    """What is in it, without a look at whether it is whole. Raises `OSError`."""
    place = find_place(home, path)
    about = place.database.stat()
    attachments = sum(each.stat().st_size for each in place.blobs.glob("*")) if path.is_dir() else 0
    try:
        contents = read_contents(place.database)
    except StoreError:
        contents = None
    return Backup(path=path, made_at=about.st_mtime, size=about.st_size + attachments, contents=contents)


def read_contents(database: Path) -> Contents:
    """Of a file that nobody writes to. Raises `StoreError`."""
    connection = open_unchanged(database)
    try:
        schema = find_schema(connection)
        counts: list[Any] = connection.execute(_COUNT).fetchall()
        ((conversations, replies),) = counts
        cost = sum_history(connection)
        return Contents(schema=schema, conversations=conversations, replies=replies, cost=cost)
    except (apsw.Error, ValueError) as error:
        raise explain_store_error(error, database, connection) from error
    finally:
        connection.close()


def examine_backup(home: Home, path: Path, *, seconds: float = SECONDS) -> Examination:
    """Whether it is whole. Raises `InputError` where there is none, and as `examine`."""
    found = examine(get_place(home, path), seconds=seconds)
    assert found is not None  # noqa: S101 - it is a file
    return found


def find_newest_whole(home: Home) -> Backup | None:
    """The newest backup in the home folder with nothing wrong in it, looked at now; None if there is none.

    Raises `StoreError` where the folder cannot be read.
    """
    for backup in list_backups(home):
        if backup.contents is not None and _is_whole(home, backup):
            return backup
    return None


def _is_whole(home: Home, backup: Backup) -> bool:
    try:
        integrity = examine_backup(home, backup.path).integrity
    except StoreError:
        return False
    return not integrity.problems and not integrity.lost


def _is_backup(path: Path) -> bool:
    return (path / "chit.db").is_file() or (path.name.startswith(PREFIX) and path.suffix == ".db" and path.is_file())
