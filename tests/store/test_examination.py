"""Looking at a history from outside: what is found, and that nothing is changed by it."""

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.store.contract import claim, run_to_end, settled
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.messages import MediaPart
from chit.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnreadable
from chit.store import examination as examination_module
from chit.store import integrity
from chit.store.connection import open_connection, open_unchanged
from chit.store.examination import Tally, examine, examine_integrity
from chit.store.home import Home
from chit.store.protocol import Integrity
from chit.store.schema import STEPS
from chit.store.sqlite import open_store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Where a history may be."""
    return Home(tmp_path / "a home?#%")


async def fill(home: Home) -> None:
    """Two settled and pending generations, one that was given up, one that may have been billed, an attachment."""
    store = open_store(home.folder)
    await run_to_end(store, "gen-1")
    await claim(store, 1000.0)
    await store.record_settlement(settled("gen-1"))
    await run_to_end(store, "gen-2", now=500.0)
    await run_to_end(store, "gen-3", now=400.0)
    await send(store, state="unknown", owner=None)
    conversation = a_conversation()
    message = a_message(conversation, parts=(MediaPart({"type": "image_url", "url": "A" * 8192}),))
    generation = a_generation(message, None, state="failed")
    await store.record_send(conversation=conversation, messages=[message], generation=generation)
    await store.close()
    database = apsw.Connection(str(home.database))
    database.execute("UPDATE settlements SET state = 'gave_up' WHERE generation_id = 'gen-3'")
    database.close()


def snapshot(home: Home) -> dict[str, tuple[int, bytes]]:
    """Every file below the home, with its time of change."""
    files = (path for path in home.folder.rglob("*") if path.is_file())
    return {str(path.relative_to(home.folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


# --- what is found ---------------------------------------------------------------------------------------------------


def test_no_history_is_none(home: Home) -> None:
    """Where nothing is, nothing is made."""
    assert examine(home) is None
    assert not home.folder.exists()


async def test_a_history_is_counted_and_left_alone(home: Home) -> None:
    """Everything is counted, nothing is wrong, and no file is there afterwards that was not there or is another."""
    await fill(home)
    before = snapshot(home)
    found = examine(home)
    assert found is not None
    assert (found.schema, found.is_current, found.integrity) == (len(STEPS), True, Integrity())
    (lost,) = found.lost
    assert lost.model == "author/slug"
    assert lost.message_id is not None
    assert found.tally == Tally(
        conversations=5, messages=9, generations=5, unknown=1, pending=1, pending_since=500.0, gave_up=1
    )
    assert snapshot(home) == before


async def test_a_history_in_use_is_seen_with_its_log(home: Home) -> None:
    """What another process has committed to the log counts, while it has the file open."""
    store = open_store(home.folder)
    await send(store)
    found = examine(home)
    await store.close()
    assert found is not None
    assert found.tally is not None
    assert (found.tally.conversations, found.integrity) == (1, Integrity())


async def test_orphans_are_not_adopted(home: Home) -> None:
    """The rows of a process that died stay as it left them, log and lock file included."""
    home.create()
    program = (
        "import asyncio, os, pathlib, sys\nfrom chit.store.sqlite import open_store\n"
        "from tests.store.samples import send\n"
        "async def main():\n    await send(open_store(pathlib.Path(sys.argv[1])))\n    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    died = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(home.folder))
    assert await died.wait() == 0
    before = snapshot(home)
    found = examine(home)
    assert found is not None
    assert found.tally is not None
    assert found.tally.generations == 1
    after = snapshot(home)
    assert {name: after[name] for name in before if not name.endswith("-shm")} == {
        name: before[name] for name in before if not name.endswith("-shm")
    }
    store = open_store(home.folder)
    assert await store.has_orphans()
    await store.close()


def test_the_file_of_an_earlier_chit_is_told(home: Home) -> None:
    """It is not migrated, and not counted in tables that it may not have."""
    home.create()
    found = examine(home)
    assert found is not None
    assert (found.schema, found.is_current, found.tally, found.integrity) == (0, False, None, Integrity())
    assert home.database.read_bytes() == b""


# --- what cannot be opened -------------------------------------------------------------------------------------------


def make_foreign(path: Path) -> None:
    """Another program's database."""
    database = apsw.Connection(str(path))
    database.execute("CREATE TABLE places (id)")
    database.close()


def make_newer(path: Path) -> None:
    """One of a later Chit."""
    open_connection(path).close()
    database = apsw.Connection(str(path))
    database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    database.close()


def make_folder(path: Path) -> None:
    """A folder in its place."""
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    """A pipe, which would never end."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: path.write_bytes(b"nonsense" * 1000), StoreDamaged),
        (make_foreign, StoreUnreadable),
        (make_newer, StoreTooNew),
        (make_folder, StoreUnreadable),
        (make_pipe, StoreUnreadable),
    ],
)
def test_what_is_no_history_of_ours_is_an_error(home: Home, make: object, error: type[StoreError]) -> None:
    """Nonsense, another program's file, a later Chit's, a folder and a pipe are told apart, and none is waited for."""
    home.create()
    assert callable(make)
    make(home.database)
    with pytest.raises(error):
        examine(home)
    (problem,) = examine_integrity(home).problems
    assert str(home.database) in problem


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A file in the place of the home folder is told as such."""
    (tmp_path / "home").touch()
    with pytest.raises(StoreUnreadable, match="Not a directory"):
        examine(Home(tmp_path / "home"))


async def test_a_file_that_has_gone_is_a_problem_of_an_open_store(home: Home) -> None:
    """An open store whose file was deleted says so."""
    store = open_store(home.folder)
    home.database.unlink()
    assert (await store.check_integrity()).problems == (f"{home.database} is gone",)
    await store.close()


# --- damage ----------------------------------------------------------------------------------------------------------


async def test_random_damage_is_reported_never_raised(home: Home) -> None:
    """Whatever bytes are overwritten: an error that says so, a problem, or the same contents."""
    await fill(home)
    whole = home.database.read_bytes()
    sound = examine(home)
    chance = random.Random(7)
    reported = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(40):
            data[chance.randrange(100, len(data))] ^= chance.randrange(1, 256)
        home.database.write_bytes(data)
        try:
            found = examine(home)
        except StoreError:
            reported += 1
        else:
            assert found is not None
            assert len(found.integrity.problems) <= integrity.MOST_PROBLEMS + 1
            reported += bool(found.integrity.problems) or found != sound
    assert reported >= 20


async def test_rows_that_refer_to_nothing_are_told(home: Home) -> None:
    """A foreign key that leads nowhere is a problem, with the row's number where it has one."""
    await fill(home)
    database = apsw.Connection(str(home.database))
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("UPDATE messages SET conversation = 'nowhere' WHERE seq = 1")
    database.execute("INSERT INTO rendered VALUES ('nowhere', 1, '')")
    database.execute("CREATE TABLE numberless (message TEXT PRIMARY KEY REFERENCES messages (id)) WITHOUT ROWID")
    database.execute("INSERT INTO numberless VALUES ('nowhere')")
    database.execute("INSERT INTO received_bytes (generation, bytes) VALUES ('nowhere', x'61')")
    database.execute("INSERT INTO blob_uses VALUES ('nowhere', 'nowhere')")
    database.close()
    found = examine(home)
    assert found is not None
    assert set(found.integrity.problems) == {
        "row 1 of messages refers to one of conversations that is not there",
        "row 1 of rendered refers to one of messages that is not there",
        "a row of numberless refers to one of messages that is not there",
        "row 1 of received_bytes refers to one of generations that is not there",
        "a row of blob_uses refers to one of blobs that is not there",
    }
    assert found.integrity.is_sound


async def test_problems_are_bounded(home: Home) -> None:
    """However much is wrong, a screenful is told."""
    await fill(home)
    database = apsw.Connection(str(home.database))
    database.execute("PRAGMA foreign_keys = OFF")
    for number in range(100):
        database.execute("INSERT INTO rendered VALUES (?, 1, '')", (f"nowhere {number}",))
        database.execute("INSERT INTO blobs VALUES (?, 1)", (f"{number:064}",))
    database.close()
    found = examine(home)
    assert found is not None
    assert (len(found.integrity.problems), len(found.integrity.lost)) == (integrity.MOST_PROBLEMS,) * 2


async def test_a_lost_attachment_is_told(home: Home) -> None:
    """The file of an attachment that is gone is told apart from damage of the database."""
    await fill(home)
    (blob,) = home.blobs.iterdir()
    blob.unlink()
    found = examine(home)
    assert found is not None
    assert found.integrity == Integrity(lost=(f"the attachment {blob.name[:8]} is missing",))


async def test_a_table_that_is_missing_is_a_problem(home: Home) -> None:
    """What cannot be counted is not counted, and said."""
    await fill(home)
    database = apsw.Connection(str(home.database))
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DROP TABLE conversations")
    database.execute("DROP TABLE blobs")
    database.close()
    found = examine(home)
    assert found is not None
    assert found.tally is None
    assert not found.integrity.is_sound
    assert any("no such table: conversations" in problem for problem in found.integrity.problems)


async def test_the_check_ends_when_its_time_is_over(home: Home) -> None:
    """A check without time says that it did not come to its end, and counts all the same."""
    await fill(home)
    found = examine(home, seconds=-1)
    assert found is not None
    assert found.tally is not None
    assert not found.integrity.is_complete


def test_a_connection_that_only_reads(home: Home) -> None:
    """Writing through it is refused."""
    home.create()
    open_connection(home.database).close()
    connection = open_unchanged(home.database)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM messages")
    connection.close()


# --- meanwhile -------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Somebody writes during each check that finds a plan left: an error to raise, or None."""
    plans: list[object] = []
    real = examination_module._examine

    def examine_disturbed(place: Home, seconds: float) -> object:
        if not plans:
            return real(place, seconds)
        plan = plans.pop()
        database = open_connection(home.database)
        database.execute("INSERT INTO settings VALUES (?, '')", (f"x{len(plans)}",))
        database.close()
        if isinstance(plan, Exception):
            raise plan
        return plan

    monkeypatch.setattr(examination_module, "_examine", examine_disturbed)
    yield plans
    assert plans == []


async def test_what_was_written_meanwhile_is_looked_at_again(home: Home, busy: list[object]) -> None:
    """A file that changed under a check, whatever came of it, is checked anew."""
    await fill(home)
    busy += ["half a history", StoreDamaged("half a page")]
    found = examine(home)
    assert found is not None
    assert found.integrity == Integrity()


async def test_a_file_that_never_stands_still_is_not_waited_for(home: Home, busy: list[object]) -> None:
    """After a few tries the last outcome counts."""
    await fill(home)
    busy += [StoreDamaged("the last"), "second", "first"]
    with pytest.raises(StoreDamaged, match="the last"):
        examine(home)
