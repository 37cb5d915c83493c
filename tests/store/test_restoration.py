"""Putting a backup in the place of a history: all of it or nothing, and nothing is ever lost (promise G16)."""

import errno
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from tests.disks import mount_small
from tests.store.contract import claim
from tests.store.histories import check_whole, fill, make_first, read_mark
from tests.store.killing import choose_points, run
from tests.store.test_backup import BACK_UP
from tests.store.test_sqlite import HOLD, kill, read_line, start

from chit.errors import DiskFull, InputError, StoreDamaged, StoreError, StoreTooNew, StoreUnreadable
from chit.store import restoration
from chit.store.backup import make_backup
from chit.store.backups import list_backups
from chit.store.home import Home
from chit.store.restoration import finish_replacements, restore
from chit.store.schema import STEPS
from chit.store.sqlite import open_store

RESTORE = """
from chit.store.home import Home
from chit.store.restoration import restore
begin()
restore(Home(pathlib.Path(arguments[0])), pathlib.Path(arguments[1]))
"""
HOLD_OPEN = """
import pathlib, sys
from chit.store.sqlite import open_store
store = open_store(pathlib.Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a history."""
    home = Home(tmp_path / "home")
    fill(home, "old")
    return home


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of another history."""
    other = Home(tmp_path / "other")
    fill(other, "restored")
    return make_backup(other, tmp_path / "backup").path


def rows(home: Home) -> list[str]:
    """The names of what lies in the home, the backups in it included."""
    return sorted(str(path.relative_to(home.folder)) for path in home.folder.rglob("*") if path.is_file())


# --- what becomes of it ----------------------------------------------------------------------------------------------


def test_the_backup_becomes_the_history(home: Home, backup: Path) -> None:
    """History and attachments are those of the backup, and those that were there are a backup that can be restored."""
    done = restore(home, backup)
    assert (done.contents.conversations, done.contents.replies) == (4, 3)
    assert read_mark(home) == "restored"
    check_whole(home)
    assert home.database.stat().st_mode & 0o777 == 0o600
    assert done.replaced is not None
    assert done.replaced.name.startswith("replaced-")
    assert done.replaced.stat().st_mode & 0o777 == 0o700
    check_whole(Home(done.replaced))
    assert len(list(home.blobs.iterdir())) == len(list((done.replaced / "blobs").iterdir())) == 1
    back = restore(home, done.replaced)
    assert read_mark(home) == "old"
    check_whole(home)
    assert len(list_backups(home)) == 2
    assert back.replaced is not None
    shutil.rmtree(back.replaced)
    shutil.rmtree(done.replaced)
    assert [name for name in rows(home) if "blobs" not in name] == ["chit.db"]


async def test_what_was_pending_goes_on(home: Home, backup: Path) -> None:
    """A pending cost is looked for, a reply that was running is adopted with its bytes, and nobody is signed in."""
    restore(home, backup)
    store = open_store(home.folder)
    assert await claim(store, 1e6) == ["gen-restored-2"]
    (adopted,) = await store.adopt_orphans()
    assert adopted.generation_id == "gen-restored-3"
    assert await store.load_received(adopted) == b"some restored"
    assert await store.list_sessions() == []
    await store.close()


def test_into_a_home_that_is_not_there(tmp_path: Path, backup: Path) -> None:
    """On another machine, or after the folder was lost, there is nothing to keep."""
    home = Home(tmp_path / "new" / "home")
    before = os.umask(0)
    try:
        assert restore(home, backup).replaced is None
    finally:
        os.umask(before)
    assert read_mark(home) == "restored"
    check_whole(home)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home.folder, *home.folder.iterdir())}
    assert modes == {"home": 0o700, "run": 0o700, "blobs": 0o700, "backups": 0o700, "chit.db": 0o600}
    assert list(home.backups.iterdir()) == []


def test_an_older_backup_is_migrated_when_it_is_opened(home: Home, tmp_path: Path) -> None:
    """It is put in its place as it is, and brought up to date by the next command, which keeps a copy first."""
    other = Home(tmp_path / "other")
    make_first(other.database)
    connection = apsw.Connection(str(other.database))
    connection.execute("DELETE FROM blobs")
    connection.execute("DELETE FROM blob_uses")
    connection.close()
    made = make_backup(other, tmp_path / "backup")
    assert restore(home, made.path).contents.schema == 1
    assert read_mark(home) == "first"
    assert (home.backups / f"before-schema-{len(STEPS)}.db").is_file()
    assert restore(home, home.backups / f"before-schema-{len(STEPS)}.db").contents.schema == 1
    assert read_mark(home) == "first"


def test_an_attachment_that_was_damaged_is_mended(home: Home) -> None:
    """One that is missing or has changed in the home comes back from the backup."""
    made = make_backup(home)
    (blob,) = home.blobs.iterdir()
    name = blob.name
    blob.unlink()
    blob.write_text("changed")
    done = restore(home, made.path)
    check_whole(home)
    assert done.replaced is not None
    assert (done.replaced / "blobs" / name).read_text() == "changed"
    blob.unlink()
    restore(home, made.path)
    check_whole(home)


def test_an_attachment_that_is_whole_is_not_copied(home: Home, backup: Path, tmp_path: Path) -> None:
    """One that the home has as well stays what it is, also where the backup's is another file."""
    made = make_backup(home)
    copy = tmp_path / "copy"
    shutil.copytree(made.path, copy)
    (blob,) = home.blobs.iterdir()
    before = blob.stat().st_ino
    restore(home, copy)
    assert blob.stat().st_ino == before


# --- what is refused -------------------------------------------------------------------------------------------------


def refuse(home: Home, path: Path, kind: type[StoreError | InputError], match: str) -> None:
    """It fails in this way, and every file of the home is as it was."""
    before = {each: each.read_bytes() for each in home.folder.rglob("*") if each.is_file()}
    with pytest.raises(kind, match=match) as caught:
        restore(home, path)
    assert caught.value.hint
    assert {each: each.read_bytes() for each in home.folder.rglob("*") if each.is_file()} == before


def cut(path: Path) -> None:
    """Half of the file is gone."""
    data = (path / "chit.db").read_bytes()
    (path / "chit.db").write_bytes(data[: len(data) // 2])


def make_newer(path: Path) -> None:
    """Of a Chit to come."""
    connection = apsw.Connection(str(path / "chit.db"))
    connection.pragma("user_version", len(STEPS) + 1)
    connection.close()


def lose_index(path: Path) -> None:
    """It can be opened, but an index is not that of its table."""
    connection = apsw.Connection(str(path / "chit.db"))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'messages_of_parent'")
    connection.close()


@pytest.mark.parametrize(
    ("damage", "kind", "match"),
    [
        (cut, StoreDamaged, "damaged"),
        (lambda path: (path / "chit.db").write_bytes(b"garbage" * 1000), StoreDamaged, "damaged"),
        (lose_index, StoreDamaged, "is damaged: "),
        (make_newer, StoreTooNew, "later version"),
        (lambda path: (path / "chit.db").write_bytes(b""), InputError, "is empty"),
        (lambda path: (path / "chit.db").unlink(), InputError, "there is no backup at"),
        (lambda path: shutil.rmtree(path / "blobs"), StoreDamaged, "is not complete: the attachment .* is missing"),
    ],
)
def test_what_is_not_whole_is_refused(
    home: Home, backup: Path, damage: Callable[[Path], None], kind: type[StoreError], match: str
) -> None:
    """Damage, a later schema and what is no backup are told before anything is touched."""
    damage(backup)
    refuse(home, backup, kind, match)


def test_what_is_incomplete_will_do_if_asked_for(home: Home, backup: Path) -> None:
    """Without attachments, and with rows that refer to nothing, it is restored on request only."""
    shutil.rmtree(backup / "blobs")
    connection = apsw.Connection(str(backup / "chit.db"))
    connection.execute("INSERT INTO received_bytes (generation, bytes) VALUES ('nowhere', x'61')")
    connection.close()
    refuse(home, backup, StoreDamaged, "of generations that is not there; and 1 more")
    restore(home, backup, is_incomplete_enough=True)
    assert read_mark(home) == "restored"


@pytest.mark.parametrize("program", [HOLD, HOLD_OPEN])
def test_a_home_in_use_is_left_alone(home: Home, backup: Path, program: str) -> None:
    """While another process has signed rows here, or only has the history open, it is refused; then it works."""
    child = start(program, home.folder)
    assert read_line(child)
    with pytest.raises(StoreError, match="in use by another Chit") as caught:
        restore(home, backup)
    assert "chit serve" in caught.value.hint
    kill(child)
    restore(home, backup)
    assert read_mark(home) == "restored"


def test_a_damaged_history_in_use_is_left_alone(home: Home, backup: Path) -> None:
    """Who opened it before it was damaged is noticed too."""
    child = start(HOLD_OPEN, home.folder)
    assert read_line(child)
    with home.database.open("r+b") as file:
        file.write(b"garbage" * 1000)
    with pytest.raises(StoreError, match="in use by another Chit"):
        restore(home, backup)
    kill(child)
    assert restore(home, backup).replaced is not None
    assert read_mark(home) == "restored"


def test_another_program_that_has_it_open_is_told(home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes between the look and the exchange is noticed by SQLite itself."""
    other = apsw.Connection(str(home.database))
    other.pragma("journal_mode", "wal")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM settings").fetchall()
    monkeypatch.setattr(restoration, "is_in_use", lambda database: False)
    with pytest.raises(StoreError, match="locked by another program"):
        restore(home, backup)
    other.execute("ROLLBACK")
    other.close()
    assert read_mark(home) == "old"
    assert list(home.backups.iterdir()) == []


# --- what was there is damaged ---------------------------------------------------------------------------------------


def test_a_history_that_is_beyond_repair_is_kept_with_its_log(home: Home, backup: Path) -> None:
    """What SQLite cannot open is replaced all the same, and every byte of it, its log included, is kept."""
    home.database.write_bytes(b"garbage" * 1000)
    log = home.folder / "chit.db-wal"
    log.write_bytes(b"the log of another time")
    done = restore(home, backup)
    assert done.replaced is not None
    assert (done.replaced / "chit.db").read_bytes() == b"garbage" * 1000
    assert (done.replaced / "chit.db-wal").read_bytes() == b"the log of another time"
    assert not log.exists()
    assert read_mark(home) == "restored"
    check_whole(home)


@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(8, 200), marks=pytest.mark.long)])
def test_any_damage_can_be_replaced(tmp_path: Path, backup: Path, seeds: range) -> None:
    """Whatever bytes of the history were overwritten or cut off, the backup takes its place."""
    pristine = Home(tmp_path / "pristine")
    fill(pristine, "old")
    whole = pristine.database.read_bytes()
    for seed in seeds:
        home = Home(tmp_path / str(seed))
        home.create()
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.choice([1, 40])):
            data[chance.randrange(chance.choice([100, len(data)]))] ^= chance.randrange(1, 256)
        home.database.write_bytes(data[: chance.choice([len(data), chance.randrange(1, len(data))])])
        assert restore(home, backup).replaced is not None, seed
        assert read_mark(home) == "restored"
        check_whole(home)


# --- where it cannot be done -----------------------------------------------------------------------------------------


def test_a_full_disk_changes_nothing(home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the copy does not fit, that is said, and nothing is left."""
    home.backups.mkdir()
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("chit.store.snapshot.shutil.disk_usage", lambda folder: usage)
    refuse(home, backup, DiskFull, "the disk is full: .* was not restored")


def test_a_failure_on_the_way_changes_nothing(home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the old history was kept and before the new one is in its place: the old one stays, and no second name."""

    def refuse_sync(path: Path) -> None:
        if path == home.blobs:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(restoration, "sync", refuse_sync)
    with pytest.raises(DiskFull):
        restore(home, backup)
    assert list(home.backups.iterdir()) == []
    assert home.database.stat().st_nlink == 1
    assert read_mark(home) == "old"
    check_whole(home)


def test_backups_on_another_disk(home: Home, backup: Path, tmp_path: Path) -> None:
    """Where `backups` leads to another file system, what was there is copied to it."""
    with mount_small(tmp_path / "disk", "8m") as disk:
        home.backups.symlink_to(disk)
        done = restore(home, backup)
        assert done.replaced is not None
        check_whole(Home(done.replaced))
        assert done.replaced.joinpath("chit.db").stat().st_nlink == 1
        assert read_mark(home) == "restored"


def test_what_a_killed_restore_kept_gets_its_name(home: Home) -> None:
    """If the history was replaced, what was there gets its name, another one if that is taken; if not, it goes."""
    home.backups.mkdir()
    same, other = home.backups / ".replacing-1", home.backups / ".replacing-2"
    (home.backups / "replaced-2").mkdir()
    for folder in (same, other):
        folder.mkdir()
    (same / "chit.db").hardlink_to(home.database)
    (other / "chit.db").write_text("old")
    finish_replacements(home)
    assert not same.exists()
    names = sorted(path.name for path in home.backups.iterdir())
    assert names[0] == "replaced-2"
    assert len(names) == 2
    assert (home.backups / names[1] / "chit.db").read_text() == "old"


def test_a_home_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    """The operating system's reason is kept."""
    with pytest.raises(StoreUnreadable, match="No such file"):
        finish_replacements(Home(tmp_path / "nowhere"))


# --- killed ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pristine(home: Home, backup: Path) -> tuple[Home, Path]:
    """A home to be copied, and a backup in it."""
    inside = home.backups / "inside"
    home.backups.mkdir()
    shutil.copytree(backup, inside)
    return home, inside


def kill_while_restoring(pristine: tuple[Home, Path], folder: Path, most: int) -> None:
    """Killed at each of so many points: one of the two histories opens, whole, and neither is ever lost."""
    source, backup = pristine
    shutil.copytree(source.folder, folder)
    total = run(RESTORE, folder, folder / backup.relative_to(source.folder))
    assert total
    shutil.rmtree(folder)
    seen = set()
    for point in choose_points(total, most):
        shutil.copytree(source.folder, folder)
        home = Home(folder)
        inside = folder / backup.relative_to(source.folder)
        run(RESTORE, folder, inside, kill_at=point)
        mark = read_mark(home)
        check_whole(home)
        seen.add(mark)
        restore(home, inside)
        assert read_mark(home) == "restored"
        check_whole(home)
        kept = [each.path for each in list_backups(home) if each.path != inside]
        for each in kept:
            check_whole(Home(each))
        assert {read_only_mark(each) for each in kept} == ({"old"} if mark == "old" else {"old", "restored"}), point
        assert all(not path.name.startswith(".") for path in (*home.backups.iterdir(), *home.folder.iterdir()))
        shutil.rmtree(folder)
    assert seen == {"old", "restored"}


def read_only_mark(path: Path) -> object:
    """By which history is in a backup, unchanged by looking."""
    connection = apsw.Connection(f"{(path / 'chit.db').as_uri()}?immutable=1", flags=apsw.SQLITE_OPEN_URI | 1)
    mark = connection.execute("SELECT value FROM settings WHERE name = 'mark'").get
    connection.close()
    return mark


def test_a_kill_while_restoring_loses_nothing(pristine: tuple[Home, Path], tmp_path: Path) -> None:
    """Killed at a few points, spread over the whole."""
    kill_while_restoring(pristine, tmp_path / "copy", 4)


@pytest.mark.long
def test_many_kills_while_restoring_lose_nothing(pristine: tuple[Home, Path], tmp_path: Path) -> None:
    """Killed at three hundred points."""
    kill_while_restoring(pristine, tmp_path / "copy", 300)


def restore_patiently(home: Home, backup: Path) -> None:
    """As soon as nobody uses the home."""
    while True:
        try:
            restore(home, backup)
            return
        except StoreError as error:
            if not re.search("in use|locked", error.message):
                raise


def test_who_opens_meanwhile_gets_one_of_the_two(pristine: tuple[Home, Path]) -> None:
    """Processes that open the history while it is exchanged find a whole one."""
    home, inside = pristine
    program = (
        "import asyncio, pathlib, sys\nfrom chit.store.sqlite import open_store\n"
        "for _ in range(20):\n    store = open_store(pathlib.Path(sys.argv[1]))\n"
        "    assert store._read(lambda db: db.pragma('integrity_check')) == 'ok'\n    asyncio.run(store.close())\n"
    )
    openers = [subprocess.Popen([sys.executable, "-c", program, str(home.folder)]) for _ in range(2)]
    restore_patiently(home, inside)
    assert [opener.wait() for opener in openers] == [0, 0]
    assert read_mark(home) == "restored"


def test_backups_and_restores_in_turns(home: Home, backup: Path) -> None:
    """While one process backs up and another restores, what is made stays whole."""
    program = "import pathlib, sys\narguments = sys.argv[1:]\ndef begin():\n    pass\n" + BACK_UP
    for _ in range(3):
        other = subprocess.Popen([sys.executable, "-c", program, str(home.folder)])
        restore_patiently(home, backup)
        assert other.wait() == 0
    for each in list_backups(home):
        check_whole(Home(each.path))


def test_a_revoked_token_stays_revoked(home: Home) -> None:
    """What was let in when the backup was made, and shut out since, does not come back with it; the others do."""

    def change(sql: str) -> None:
        database = apsw.Connection(str(home.database))
        database.execute(sql)
        database.close()

    change("INSERT INTO local_tokens (hash, name, terms, created_at) VALUES ('a', 'a', '{}', 1), ('b', 'b', '{}', 1)")
    made = make_backup(home, None).path
    change("UPDATE local_tokens SET revoked_at = 5 WHERE hash = 'a'")
    restore(home, made)
    database = apsw.Connection(str(home.database))
    rows = database.execute("SELECT hash, revoked_at FROM local_tokens ORDER BY hash").fetchall()
    database.close()
    assert rows == [("a", 5.0), ("b", None)]
