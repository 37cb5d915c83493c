"""Making backups: whole or not at all, while others write, and killed on the way (promise G16)."""

import errno
import os
import shutil
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from tests.disks import mount_read_only, mount_small
from tests.store.histories import check_whole, fill, make_first
from tests.store.killing import choose_points, run
from tests.store.test_sqlite import STREAM, kill, read_line, start

from chit.errors import DiskFull, InputError, StoreDamaged, StoreError, StoreTooNew
from chit.store import backup as backup_module
from chit.store.backup import find_name, list_blobs, make_backup
from chit.store.backups import list_backups
from chit.store.blobs import Blobs
from chit.store.home import Home
from chit.store.schema import STEPS

BACK_UP = """
from chit.store.backup import make_backup
from chit.store.home import Home
begin()
make_backup(Home(pathlib.Path(arguments[0])))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a history."""
    home = Home(tmp_path / "home")
    fill(home, "one")
    return home


def test_a_backup_is_whole_and_told(home: Home, tmp_path: Path) -> None:
    """History and attachments are in it, for this user alone under any umask; what is in it is counted."""
    before = os.umask(0)
    try:
        made = make_backup(home, tmp_path / "backup")
    finally:
        os.umask(before)
    assert made.path == tmp_path / "backup"
    assert made.contents is not None
    assert (made.contents.schema, made.contents.conversations, made.contents.replies) == (len(STEPS), 4, 3)
    assert (made.contents.cost, made.flaws) == (Decimal(1), ())
    check_whole(Home(made.path))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (made.path, *made.path.rglob("*"))}
    (blob,) = list_blobs(home.database)
    assert modes == {"backup": 0o700, "blobs": 0o700, "chit.db": 0o600, blob: 0o600}
    assert made.size == sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file())
    assert (made.path / "blobs" / blob).samefile(home.blobs / blob)


def test_it_lies_in_the_home_under_the_time(home: Home) -> None:
    """Without a folder it is one below `backups`; two of a second have two names."""
    made = make_backup(home)
    assert made.path.parent == home.backups
    assert home.backups.stat().st_mode & 0o777 == 0o700
    names = {find_name(home.backups).name for _ in range(3)}
    assert all(name.endswith("Z") or name.endswith("-2") for name in names)
    shutil.copytree(made.path, find_name(home.backups))
    assert len(list_backups(home)) == 2


def test_a_name_that_is_taken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of a second is numbered, and so is the third."""
    monkeypatch.setattr("chit.store.backup.time.strftime", lambda form, at: "now")
    home.backups.mkdir()
    made = [make_backup(home).path.name for _ in range(3)]
    assert made == ["now", "now-2", "now-3"]


def test_an_older_schema_is_backed_up_as_it_is(tmp_path: Path) -> None:
    """A backup migrates nothing, and counts what is there; what was lost already is told, not refused."""
    home = Home(tmp_path)
    make_first(home.database)
    made = make_backup(home)
    assert made.contents is not None
    assert (made.contents.schema, made.contents.conversations, made.contents.replies) == (1, 2, 40)
    assert made.contents.cost == Decimal("0.2")
    assert made.flaws == ("the attachment 00000000 is missing",)


@pytest.mark.parametrize("folder", ["full", "file"])
def test_what_is_there_is_never_replaced(home: Home, tmp_path: Path, folder: str) -> None:
    """A folder with something in it, and a file, are refused; an empty folder will do."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is there already"):
        make_backup(home, tmp_path / folder)
    (tmp_path / "empty").mkdir()
    assert make_backup(home, tmp_path / "empty").contents


def test_without_a_history_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    """Neither where nothing is, nor where the file is empty; nothing is made."""
    home = Home(tmp_path / "home")
    with pytest.raises(InputError, match="no history"):
        make_backup(home)
    home.create()
    with pytest.raises(InputError, match="is empty"):
        make_backup(home)
    assert list(home.backups.iterdir()) == []


def test_a_damaged_history_yields_no_backup(home: Home) -> None:
    """Of pages that do not hold together nothing is kept that would look like a backup."""
    database = apsw.Connection(str(home.database))
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'messages_of_parent'")
    database.close()
    with pytest.raises(StoreDamaged, match="no backup can be made") as caught:
        make_backup(home)
    assert "chit doctor" in caught.value.hint
    assert list(home.backups.iterdir()) == []


def test_a_later_chits_history_is_left_alone(home: Home) -> None:
    """Whoever cannot read it cannot check it."""
    database = apsw.Connection(str(home.database))
    database.pragma("user_version", len(STEPS) + 1)
    database.close()
    with pytest.raises(StoreTooNew):
        make_backup(home)


def test_a_lost_attachment_is_told(home: Home) -> None:
    """The rest is backed up, and what is missing or has changed is named."""
    (blob,) = home.blobs.iterdir()
    blob.write_text("changed")
    assert make_backup(home).flaws == (f"the attachment {blob.name[:8]} has changed on disk",)
    blob.unlink()
    assert make_backup(home).flaws == (f"the attachment {blob.name[:8]} is missing",)


def test_an_attachment_purged_meanwhile_is_not_missed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one goes between the copy and its turn, the copy is made once more, of what is there now."""
    share = Blobs.share

    def purge(self: Blobs, name: str, folder: Path) -> bool:
        database = apsw.Connection(str(home.database))
        database.execute("DELETE FROM blob_uses")
        database.execute("DELETE FROM blobs")
        database.close()
        (home.blobs / name).unlink()
        return share(self, name, folder)

    monkeypatch.setattr(Blobs, "share", purge)
    made = make_backup(home)
    assert made.flaws == ()
    assert list((made.path / "blobs").iterdir()) == []


# --- where it cannot be made -----------------------------------------------------------------------------------------


def test_a_place_that_is_not_there(home: Home, tmp_path: Path) -> None:
    """A folder in a folder that is not there is refused in one line: it may be a disk that is not mounted."""
    with pytest.raises(StoreError, match=r"no backup can be made in .*nowhere: No such file") as caught:
        make_backup(home, tmp_path / "nowhere" / "backup")
    assert "chit backup FOLDER" in caught.value.hint
    assert not (tmp_path / "nowhere").exists()


def test_backups_that_are_no_folder(home: Home) -> None:
    """A file in the place of the folder is told."""
    home.backups.touch()
    with pytest.raises(StoreError, match="no backup can be made in"):
        make_backup(home)


@pytest.mark.parametrize("is_foreseen", [True, False])
def test_a_full_disk_leaves_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_foreseen: bool
) -> None:
    """Where it does not fit, or the disk fills on the way: one clear line, and nothing left behind."""
    if not is_foreseen:
        usage = type("Usage", (), {"free": 2**40})
        monkeypatch.setattr("chit.store.snapshot.shutil.disk_usage", lambda folder: usage)
    with mount_small(tmp_path / "disk", "64k") as disk:
        with pytest.raises(DiskFull, match=r"the disk is full: the backup in .* was not made") as caught:
            make_backup(home, disk / "backup")
        assert list(disk.iterdir()) == []
    assert "Nothing was left behind" in caught.value.hint


def test_an_error_of_the_database_is_explained(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever SQLite says is a StoreError."""

    def refuse(source: object, database: Path) -> None:
        raise apsw.BusyError("locked")

    monkeypatch.setattr(backup_module, "copy_database", refuse)
    with pytest.raises(StoreError, match="locked by another program"):
        make_backup(home)


def test_another_file_system_gets_copies(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an attachment cannot be linked it is copied, and the backup is as whole."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = make_backup(home, tmp_path / "backup")
    check_whole(Home(made.path))
    (blob,) = (made.path / "blobs").iterdir()
    assert blob.stat().st_nlink == 1


def test_a_read_only_home_is_backed_up_elsewhere(home: Home, tmp_path: Path) -> None:
    """From a file system that cannot be written to, as it stands."""
    with mount_read_only(home.folder, tmp_path / "seen") as seen:
        made = make_backup(Home(seen), tmp_path / "backup")
        with pytest.raises(StoreError, match=r"no backup can be made in .*: Read-only file system"):
            make_backup(Home(seen))
    check_whole(Home(made.path))
    assert made.contents
    assert made.contents.conversations == 4


# --- while others write, and killed ----------------------------------------------------------------------------------


def back_up_under_load(home: Home, backups: int) -> None:
    """Each backup that is made while three replies stream is whole, and holds a beginning of each of them."""
    child = start(STREAM, home.folder)
    try:
        for number in range(backups):
            for _ in range(10 + 7 * number):
                read_line(child)
            made = make_backup(home)
            check_whole(Home(made.path))
            database = apsw.Connection(f"file:{made.path}/chit.db?immutable=1", flags=apsw.SQLITE_OPEN_URI | 1)
            query = "SELECT group_concat(bytes, '' ORDER BY seq) FROM received_bytes GROUP BY generation"
            for (text,) in database.execute(query).fetchall():
                numbers = [int(each) for each in str(text).split()]
                assert numbers == list(range(len(numbers)))
            database.close()
            read_line(child)
    finally:
        kill(child)


def test_a_backup_while_replies_stream(tmp_path: Path) -> None:
    """Twice, and the replies go on."""
    back_up_under_load(Home(tmp_path), 2)


@pytest.mark.long
def test_many_backups_while_replies_stream(tmp_path: Path) -> None:
    """Forty times."""
    back_up_under_load(Home(tmp_path), 40)


def kill_while_backing_up(home: Home, most: int) -> None:
    """Killed at each of so many points: whatever has a name is whole, and the next backup removes the rest."""
    total = run(BACK_UP, home.folder)
    assert total
    shutil.rmtree(home.backups)
    for point in choose_points(total, most):
        run(BACK_UP, home.folder, kill_at=point)
        for backup in list_backups(home):
            check_whole(Home(backup.path))
        check_whole(home)
        make_backup(home)
        assert all(not path.name.startswith(".") for path in home.backups.iterdir()), point
        shutil.rmtree(home.backups)


def test_a_kill_leaves_a_folder_that_the_next_removes(home: Home) -> None:
    """Killed at a few points, spread over the whole."""
    kill_while_backing_up(home, 2)


@pytest.mark.long
def test_many_kills_leave_nothing(home: Home) -> None:
    """Killed at two hundred points."""
    kill_while_backing_up(home, 200)
