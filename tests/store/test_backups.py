"""Backups that are there: listed, counted, and the newest that is whole."""

import os
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from tests.store.histories import fill, make_first

from chit.errors import InputError, StoreDamaged, StoreError, StoreUnreadable
from chit.store.backup import make_backup
from chit.store.backups import Backup, examine_backup, find_newest_whole, list_backups, read_backup, read_contents
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.protocol import Integrity
from chit.store.sqlite import open_store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a history."""
    home = Home(tmp_path / "home")
    fill(home, "one")
    return home


def date(backup: Backup, seconds: float) -> Path:
    """Let it have been made so long after the beginning of time."""
    database = backup.path / "chit.db" if backup.path.is_dir() else backup.path
    os.utime(database, (seconds, seconds))
    return backup.path


def test_where_there_is_none(tmp_path: Path) -> None:
    """Neither a home nor a folder is made by looking."""
    home = Home(tmp_path / "home")
    assert (list_backups(home), find_newest_whole(home)) == ([], None)
    assert not home.folder.exists()


def test_the_newest_comes_first(home: Home) -> None:
    """By the time of their making; what is no backup, and what is not finished, is left out."""
    older, newer = (date(make_backup(home), at) for at in (100.0, 200.0))
    (home.backups / "notes").mkdir()
    (home.backups / "before-schema-2.txt").touch()
    (home.backups / "notes.db").touch()
    (home.backups / ".chit-unfinished-x").mkdir()
    (home.backups / ".chit-unfinished-x" / "chit.db").touch()
    assert [(each.path, each.made_at) for each in list_backups(home)] == [(newer, 200.0), (older, 100.0)]


def test_a_file_that_was_kept_before_a_migration_is_one(tmp_path: Path) -> None:
    """It relies on the attachments of the home, which a migration leaves as they are."""
    home = Home(tmp_path)
    make_first(home.database)
    open_connection(home.database).close()
    (kept,) = list_backups(home)
    assert kept.contents is not None
    assert (kept.path.suffix, kept.contents.schema, kept.contents.replies) == (".db", 1, 40)
    assert kept.size == kept.path.stat().st_size
    assert examine_backup(home, kept.path).integrity.lost == ("the attachment 00000000 is missing",)
    connection = apsw.Connection(str(kept.path))
    connection.execute("DELETE FROM blobs")
    connection.execute("DELETE FROM blob_uses")
    connection.close()
    found = find_newest_whole(home)
    assert found is not None
    assert found.path == kept.path


def test_damaged_ones_are_passed_by(home: Home) -> None:
    """The newest whole one is found behind one without its attachments, one that is garbage, and one half damaged."""
    whole = date(make_backup(home), 100.0)
    lacking, garbage, damaged = (make_backup(home) for _ in range(3))
    (blob,) = (lacking.path / "blobs").iterdir()
    blob.unlink()
    (garbage.path / "chit.db").write_bytes(b"garbage" * 1000)
    data = bytearray((damaged.path / "chit.db").read_bytes())
    data[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    (damaged.path / "chit.db").write_bytes(data)
    for number, each in enumerate((lacking, garbage, damaged)):
        date(each, 200.0 + number)
    assert len(list_backups(home)) == 4
    assert read_backup(home, garbage.path).contents is None
    found = find_newest_whole(home)
    assert found is not None
    assert found.path == whole
    (whole / "chit.db").write_bytes(b"")
    assert find_newest_whole(home) is None


def test_one_of_a_later_chit_is_passed_by(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be checked is not whole, even where it could be counted."""
    make_backup(home)

    def refuse(home: Home, path: Path) -> None:
        raise StoreError("later")

    monkeypatch.setattr("chit.store.backups.examine_backup", refuse)
    assert find_newest_whole(home) is None


def test_a_backup_is_examined(home: Home, tmp_path: Path) -> None:
    """One that is whole is; what is no backup is an error."""
    made = make_backup(home)
    assert examine_backup(home, made.path).integrity == Integrity()
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="there is no backup at"):
            examine_backup(home, path)


async def test_what_is_counted(home: Home) -> None:
    """Costs that are not known are not zero."""
    assert read_contents(home.database).cost == Decimal(1)
    other = Home(home.folder.parent / "other")
    await open_store(other.folder).close()
    contents = read_contents(other.database)
    assert (contents.conversations, contents.replies, contents.cost) == (0, 0, None)


def test_a_folder_that_cannot_be_read_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's reason is kept."""
    make_backup(home)

    def refuse(home: Home, path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("chit.store.backups.read_backup", refuse)
    with pytest.raises(StoreUnreadable, match="backups cannot be used: Permission denied"):
        list_backups(home)


def test_a_table_that_is_missing_is_told(home: Home) -> None:
    """Contents that cannot be counted are an error."""
    database = apsw.Connection(str(home.database))
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DROP TABLE generations")
    database.close()
    with pytest.raises((StoreUnreadable, StoreDamaged)):
        read_contents(home.database)
