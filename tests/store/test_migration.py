"""Bringing an older history up to date: what is kept first, and processes that race or die on the way (promise G11)."""

import asyncio
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest
from tests.store.histories import make_first, read_first
from tests.store.killing import choose_points, run
from tests.store.test_connection import race

from chit.errors import DiskFull, StoreDamaged, StoreError, StoreTooNew, StoreUnreadable
from chit.store import connection as connection_module
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.schema import STEPS
from chit.store.sqlite import open_store

OPEN = """
from chit.store.connection import open_connection
begin()
open_connection(pathlib.Path(arguments[0])).close()
"""
BACKUP = f"before-schema-{len(STEPS)}.db"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a history of the first schema."""
    home = Home(tmp_path / "home")
    make_first(home.database)
    return home


def names(home: Home) -> list[str]:
    """Of what is kept."""
    return sorted(path.name for path in home.backups.iterdir()) if home.backups.exists() else []


def find_version(database: Path) -> object:
    """The schema of a file, unchanged by looking."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    version = connection.pragma("user_version")
    connection.close()
    return version


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_what_was_there_is_kept_first(home: Home) -> None:
    """Before the first step a copy of the old schema is made, for this user alone; the steps lose no row."""
    before = read_first(home.database)
    open_connection(home.database).close()
    kept = home.backups / BACKUP
    assert names(home) == [BACKUP]
    assert (kept.stat().st_mode & 0o777, home.backups.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (find_version(kept), read_first(kept)) == (1, before)
    assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before)


async def test_a_migrated_history_goes_on(home: Home) -> None:
    """What was pending is still pending, what was running is adopted, and everything can be read."""
    store = open_store(home.folder)
    assert [job.generation_id for job in await store.list_pending()] == ["gen-2"]
    (adopted,) = await store.adopt_orphans()
    assert (adopted.id, await store.load_received(adopted)) == ("g9", b"ab")
    assert len(await store.list_messages("c1")) == 80
    assert [each.id for each in await store.list_conversations(None, 10)] == ["c1"]
    await store.close()


def test_only_the_newest_is_kept(home: Home) -> None:
    """A copy from before an earlier migration goes once the new one is whole, and so does a half one."""
    home.backups.mkdir(mode=0o700)
    for name in ("before-schema-0.db", f".new-before-schema-{len(STEPS)}.db", "other"):
        (home.backups / name).write_text("x")
    open_connection(home.database).close()
    assert names(home) == [BACKUP, "other"]


@pytest.mark.parametrize("turns", [0, 1])
def test_an_empty_history_is_not_kept(tmp_path: Path, turns: int) -> None:
    """Of a history without a row there is nothing to keep; one row is enough."""
    database = tmp_path / "chit.db"
    make_first(database, turns)
    if not turns:
        connection = apsw.Connection(str(database))
        for table in ("settings", "conversations", "generations", "blobs", "blob_uses", "received_bytes"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this test
        connection.close()
    open_connection(database).close()
    assert names(Home(tmp_path)) == [BACKUP][:turns]


def test_a_new_history_needs_none(tmp_path: Path) -> None:
    """Making the tables is no migration."""
    asyncio.run(open_store(tmp_path).close())
    assert not (tmp_path / "backups").exists()


# --- what is refused -------------------------------------------------------------------------------------------------


def refuse(home: Home, kind: type[StoreError], match: str) -> StoreError:
    """Opening fails in this way, and no row, no schema and no file is another afterwards."""
    before, kept = read_first(home.database), names(home)
    version = find_version(home.database)
    with pytest.raises(kind, match=match) as caught:
        open_connection(home.database)
    assert "hanged" in caught.value.hint
    assert (find_version(home.database), read_first(home.database), names(home)) == (version, before, kept)
    return caught.value


def test_without_room_nothing_is_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the copy cannot fit, that is said in a line with what it needs, before anything is written."""
    home.backups.mkdir()
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("chit.store.snapshot.shutil.disk_usage", lambda folder: usage)
    assert "1 MiB" in refuse(home, DiskFull, "no room in .*backups").message
    monkeypatch.undo()
    open_connection(home.database).close()


def test_a_folder_that_cannot_be_made_is_told(home: Home) -> None:
    """A file in the place of the backups keeps the history as it is."""
    home.backups.write_text("")
    with pytest.raises(StoreUnreadable, match="backups"):
        open_connection(home.database)
    assert find_version(home.database) == 1


def test_a_damaged_history_is_not_migrated(home: Home) -> None:
    """Of a history whose pages do not hold together no sound copy can be made, so it is left alone."""
    connection = apsw.Connection(str(home.database))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'messages_of_parent'")
    connection.close()
    home.backups.mkdir()
    refuse(home, StoreDamaged, "is damaged, so that it is not brought up to date")


def test_a_later_schema_is_refused_untouched(home: Home) -> None:
    """The file of a later Chit is not backed up, and not a byte of it changes."""
    open_connection(home.database).close()
    connection = apsw.Connection(str(home.database))
    connection.pragma("user_version", len(STEPS) + 1)
    connection.close()
    shutil.rmtree(home.backups)
    before = home.database.read_bytes()
    refuse(home, StoreTooNew, "later version")
    assert home.database.read_bytes() == before


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_that_fails_leaves_the_schema_before_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whichever step breaks off, those before it stand, no row is lost, and the next start goes on from there."""
    before = read_first(home.database)
    broken = (*STEPS[:number], "CREATE TABLE half (x); DELETE FROM settings; CREATE TABLE half (x)", *STEPS[number:])
    monkeypatch.setattr(connection_module, "STEPS", broken)
    with pytest.raises(StoreUnreadable, match="half"):
        open_connection(home.database)
    assert (find_version(home.database), read_first(home.database)) == (number, before)
    monkeypatch.undo()
    open_connection(home.database).close()
    assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before)


def test_a_step_runs_to_its_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements after one that yields rows are executed too."""
    monkeypatch.setattr(connection_module, "STEPS", (*STEPS, "SELECT 1; SELECT 2; CREATE TABLE more (x)"))
    connection = open_connection(home.database)
    assert connection.execute("SELECT count(*) FROM more").get == 0
    connection.close()


# --- processes -------------------------------------------------------------------------------------------------------


def test_processes_that_migrate_at_once_all_succeed(home: Home) -> None:
    """Of three that meet an old history one brings it up to date; all get in, and one copy is kept."""
    before = read_first(home.database)
    assert race(home.folder, 3) == [0] * 3
    assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before)
    assert names(home) == [BACKUP]
    assert read_first(home.backups / BACKUP) == before


@pytest.mark.long
def test_many_processes_that_migrate_at_once_all_succeed(tmp_path: Path) -> None:
    """The same, ten times, with eight processes."""
    for number in range(10):
        home = Home(tmp_path / str(number))
        make_first(home.database)
        before = read_first(home.database)
        assert race(home.folder, 8) == [0] * 8
        assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before)
        assert names(home) == [BACKUP]


@pytest.fixture
def pristine(tmp_path: Path) -> Home:
    """An old history to be copied, with enough in it to take a while."""
    home = Home(tmp_path / "pristine")
    make_first(home.database, 400)
    return home


def kill_while_migrating(pristine: Home, folder: Path, most: int) -> None:
    """Killed at each of so many points: every row is there at every time, and the next start finishes."""
    before = read_first(pristine.database)
    shutil.copytree(pristine.folder, folder)
    total = run(OPEN, folder / "chit.db")
    assert total
    shutil.rmtree(folder)
    for point in choose_points(total, most):
        shutil.copytree(pristine.folder, folder)
        home = Home(folder)
        run(OPEN, home.database, kill_at=point)
        open_connection(home.database).close()
        assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before), point
        assert names(home) in ([BACKUP], []), point
        for kept in home.backups.glob("*"):
            assert read_first(kept) == before
        shutil.rmtree(folder)


def test_a_kill_while_migrating_loses_nothing(pristine: Home, tmp_path: Path) -> None:
    """Killed at a few points, spread over the whole."""
    kill_while_migrating(pristine, tmp_path / "home", 4)


@pytest.mark.long
def test_many_kills_while_migrating_lose_nothing(pristine: Home, tmp_path: Path) -> None:
    """Killed at two hundred points."""
    kill_while_migrating(pristine, tmp_path / "home", 200)


@pytest.mark.long
def test_kills_at_any_time_while_migrating_lose_nothing(pristine: Home, tmp_path: Path) -> None:
    """Killed after a random time, in the middle of whatever the system does, two hundred times over."""
    before = read_first(pristine.database)
    program = (
        "import pathlib, sys\nfrom chit.store.connection import open_connection\nprint('ready', flush=True)\n"
        "sys.stdin.readline()\nopen_connection(pathlib.Path(sys.argv[1])).close()\nprint('done', flush=True)\n"
    )
    chance = random.Random(11)
    longest = 0.2
    for number in range(200):
        home = Home(tmp_path / str(number))
        shutil.copytree(pristine.folder, home.folder)
        with subprocess.Popen(
            [sys.executable, "-c", program, str(home.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            assert child.stdin is not None
            child.stdin.write(b"\n")
            child.stdin.flush()
            time.sleep(chance.uniform(0, longest))
            child.kill()
            child.communicate()
        open_connection(home.database).close()
        assert (find_version(home.database), read_first(home.database)) == (len(STEPS), before)
        shutil.rmtree(home.folder)
