"""Opening the file: pragmas, migrations, and files that are not ours or not whole."""

import asyncio
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from tests.store.contract import append, claim, run_to_end, settled
from tests.store.samples import send

from chit.core.messages import TextPart
from chit.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnreadable
from chit.store import connection as connection_module
from chit.store.connection import in_memory, open_connection
from chit.store.home import Home
from chit.store.schema import STEPS
from chit.store.sqlite import SqliteStore, open_store

OPEN = """
import asyncio, pathlib, sys
from chit.store.sqlite import open_store
print("ready", flush=True)
sys.stdin.readline()
store = open_store(pathlib.Path(sys.argv[1]))
asyncio.run(store.close())
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with an empty database file."""
    home = Home(tmp_path / "home")
    home.create()
    return home


def pragmas(connection: apsw.Connection) -> dict[str, object]:
    """The settings that promises rest on."""
    names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "trusted_schema", "user_version")
    return {name: connection.pragma(name) for name in names}


DURABLE = {
    "journal_mode": "wal",
    "synchronous": 2,
    "secure_delete": 1,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "user_version": len(STEPS),
}


def test_plans_do_not_depend_on_values(home: Home) -> None:
    """A statement that was prepared once is not planned anew for each value that it is given."""
    connection = open_connection(home.database)
    assert connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1
    connection.close()


async def test_the_writers_connection_is_durable(home: Home) -> None:
    """The connection that the writer commits on is WAL with synchronous FULL, and deletes securely."""
    store = SqliteStore(home)
    assert await store._write(pragmas) == DURABLE
    await store.close()


def test_fullfsync_on_macos(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS a commit also reaches the platter; elsewhere the setting is left alone."""
    for platform, value in (("linux", 0), ("darwin", 1)):
        monkeypatch.setattr(sys, "platform", platform)
        connection = open_connection(home.database)
        assert connection.pragma("fullfsync") == value
        connection.close()


def test_an_older_file_is_brought_up_step_by_step(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of an earlier schema gets the missing steps only, and keeps its rows."""
    connection = open_connection(home.database)
    connection.execute("INSERT INTO settings VALUES ('a', 'b')")
    connection.close()
    monkeypatch.setattr(connection_module, "STEPS", (*STEPS, "CREATE TABLE more (x)", "CREATE TABLE yet_more (x)"))
    connection = open_connection(home.database)
    assert connection.pragma("user_version") == len(STEPS) + 2
    assert connection.execute("SELECT value, (SELECT count(*) FROM more) FROM settings").fetchall() == [("b", 0)]
    connection.close()


def test_a_step_that_breaks_off_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails half-way is undone whole, its number too, and the steps before it stand."""
    monkeypatch.setattr(connection_module, "STEPS", (*STEPS, "CREATE TABLE half (x); CREATE TABLE half (x)"))
    with pytest.raises(StoreUnreadable, match="half"):
        open_connection(home.database)
    monkeypatch.undo()
    connection = open_connection(home.database)
    assert connection.pragma("user_version") == len(STEPS)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").get == 0
    connection.close()


def race(folder: Path, processes: int) -> list[int]:
    """Open one folder from several processes at the same moment; their exit codes."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    return [child.returncode for child in children]


def test_processes_that_open_at_once_all_succeed(tmp_path: Path) -> None:
    """Three processes that meet a folder without a database make it once and all get in."""
    assert race(tmp_path / "home", 3) == [0, 0, 0]
    connection = open_connection(tmp_path / "home" / "chit.db")
    assert connection.pragma("user_version") == len(STEPS)
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


@pytest.mark.long
def test_many_processes_that_open_at_once_all_succeed(tmp_path: Path) -> None:
    """The same, ten times, with eight processes."""
    for number in range(10):
        assert race(tmp_path / str(number), 8) == [0] * 8


def make_later(database: Path) -> None:
    """A file of a schema to come, in rollback mode so that any touch would show."""
    connection = open_connection(database)
    connection.pragma("journal_mode", "delete")
    connection.pragma("user_version", len(STEPS) + 1)
    connection.close()


def make_foreign(database: Path, version: int) -> None:
    """Another program's database."""
    connection = apsw.Connection(str(database))
    connection.execute("CREATE TABLE theirs (x)")
    connection.pragma("user_version", version)
    connection.close()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_later, StoreTooNew),
        (lambda database: make_foreign(database, 0), StoreUnreadable),
        (lambda database: make_foreign(database, 1), StoreUnreadable),
        (lambda database: make_foreign(database, 9), StoreUnreadable),
        (lambda database: make_foreign(database, -5), StoreDamaged),
        (lambda database: database.write_bytes(b"not a database at all" * 100), StoreDamaged),
        (lambda database: database.write_bytes(b"SQLite format 3\0"), StoreDamaged),
    ],
    ids=["a later schema", "foreign", "foreign, ours by number", "foreign, later", "below zero", "garbage", "a head"],
)
def test_what_is_not_ours_is_refused_untouched(
    home: Home, make: Callable[[Path], None], kind: type[StoreError]
) -> None:
    """Another program's file, a later Chit's and garbage are each named for what they are, and not a byte changes."""
    make(home.database)
    before = home.database.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_store(home.folder)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert str(home.database) in caught.value.message
    assert home.database.read_bytes() == before
    assert sorted(path.name for path in home.folder.iterdir()) == ["blobs", "chit.db", "run"]


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    """A directory named chit.db cannot be opened, and the error says so."""
    (tmp_path / "chit.db").mkdir()
    with pytest.raises(StoreUnreadable, match=r"chit\.db"):
        open_store(tmp_path)


def test_a_home_under_a_file_is_told(tmp_path: Path) -> None:
    """A folder that can never be made is a typed error, for root too."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnreadable):
        open_store(tmp_path / "file" / "home")


def test_a_folder_that_vanished_is_told(tmp_path: Path) -> None:
    """Opening a database whose folder is gone is a typed error."""
    with pytest.raises(StoreUnreadable):
        open_connection(tmp_path / "gone" / "chit.db")


def test_a_path_that_is_no_text_is_told(tmp_path: Path) -> None:
    """A folder whose name is not UTF-8, which SQLite cannot open, is a typed error."""
    with pytest.raises(StoreUnreadable):
        open_store(tmp_path / "\udcff")


# damage


async def build(folder: Path) -> tuple[str, str]:
    """A store with a bit of everything; the ids of a conversation and of a generation that runs."""
    store = open_store(folder)
    completion = {"id": "gen-1", "choices": [{"message": {"content": "x" * 3000}}]}
    conversation, answer, ended = await run_to_end(store, "gen-1", completion=completion)
    await store.record_end(ended, replace(answer, parts=(TextPart("Because. " * 200),)), now=100.0)
    await store.record_settlement(settled("gen-1"))
    await run_to_end(store, "gen-2")
    _, _, running = await send(store, request=b'{"messages":["' + b"QUJD" * 1500 + b'"]}')
    await append(store, running, b"some", b"bytes")
    await store.close()
    return conversation.id, running.id


async def use(folder: Path, conversation_id: str, running_id: str) -> None:
    """Read everything and write a little."""
    store = open_store(folder)
    try:
        conversation = await store.get_conversation(conversation_id)
        messages = await store.list_messages(conversation.id)
        for message in messages:
            await store.get_message(message.id)
        await store.list_pending()
        await store.next_settlement_at()
        await store.find(conversation_id[-8:])
        for summary in await store.list_conversations(None, 60):
            await store.sum_conversation(summary.id)
            page = await store.list_messages_page(summary.id, None, None, 30)
            await store.find_rendered([message.id for message in page], 1)
            await store.count_children([message.id for message in page])
        running = await store.get_generation(running_id)
        await store.load_received(running)
        await store.adopt_orphans()
        await claim(store, 200.0)
        deleted, answer, _ = await run_to_end(store, "gen-3")
        await store.record_rendered(answer.id, 1, "<p>x</p>")
        await store.delete_conversation(deleted.id, now=1.0)
        await store.purge_deleted(2.0)
    finally:
        await store.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with a closed store, and two ids in it; to be copied."""
    folder = tmp_path_factory.mktemp("sound") / "home"
    return folder, *asyncio.run(build(folder))


def outcome_of(damage: Callable[[bytearray], None], sound: tuple[Path, str, str], folder: Path) -> StoreError | None:
    """What using a damaged copy raises, if anything; whatever is no StoreError passes through and fails the test."""
    shutil.copytree(sound[0], folder)
    data = bytearray((folder / "chit.db").read_bytes())
    damage(data)
    (folder / "chit.db").write_bytes(data)
    try:
        asyncio.run(use(folder, *sound[1:]))
    except StoreError as error:
        return error
    finally:
        shutil.rmtree(folder)
    return None


def test_a_sound_copy_is_used_without_error(sound: tuple[Path, str, str], tmp_path: Path) -> None:
    """Without damage the same steps all succeed, so that the tests below measure damage."""
    assert outcome_of(lambda _: None, sound, tmp_path / "copy") is None


def test_a_truncated_database_is_told(sound: tuple[Path, str, str], tmp_path: Path) -> None:
    """Cut off anywhere after its first page, the file is reported as damaged, with advice."""
    size = (sound[0] / "chit.db").stat().st_size
    for length in range(4096, size - 1, size // 7):
        error = outcome_of(lambda data, length=length: data.__delitem__(slice(length, None)), sound, tmp_path / "copy")  # type: ignore[misc]
        assert type(error) is StoreDamaged, length
        assert error.hint


def flip(data: bytearray, seed: int) -> None:
    """Change up to 30 bytes in one place, half the time within the file's head."""
    chance = random.Random(seed)
    start = chance.randrange(100 if chance.random() < 0.2 else len(data))
    for position in range(start, min(start + chance.choice([1, 1, 4, 30]), len(data))):
        data[position] ^= chance.randrange(1, 256)


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_flipped_bytes_never_raise_anything_untyped(sound: tuple[Path, str, str], tmp_path: Path, first: int) -> None:
    """Random damage is either noticed with a StoreError or harmless; some of it is noticed."""
    outcomes = [
        outcome_of(lambda data, seed=seed: flip(data, seed), sound, tmp_path / "copy")  # type: ignore[misc]
        for seed in range(first, first + 25)
    ]
    assert any(outcomes)


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 4000, 100))
def test_many_flipped_bytes_never_raise_anything_untyped(
    sound: tuple[Path, str, str], tmp_path: Path, first: int
) -> None:
    """The same, three thousand times."""
    for seed in range(first, first + 100):
        outcome_of(lambda data, seed=seed: flip(data, seed), sound, tmp_path / "copy")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("messages", "parts", "{"),
        ("messages", "parts", "[3]"),
        ("messages", "parts", '[{"type":"text"}]'),
        ("messages", "options", '{"unheard_of":1}'),
        ("messages", "options", "[]"),
        ("messages", "extra", "[]"),
        ("messages", "extra", '{"OpenRouter":[]}'),
        ("generations", "completion", "{"),
        ("generations", "reported_cost", "much"),
        ("settlements", "record", "["),
        ("generations", "request", '"\\u0062lob:sha256:' + "0" * 64 + '"'),
    ],
)
def test_a_row_that_makes_no_sense_is_told(
    sound: tuple[Path, str, str], tmp_path: Path, table: str, column: str, value: str
) -> None:
    """A text that is not what its column holds is StoreDamaged, whatever Python makes of it."""
    folder = tmp_path / "copy"
    shutil.copytree(sound[0], folder)
    connection = apsw.Connection(str(folder / "chit.db"))
    connection.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - names of this test
    connection.close()
    with pytest.raises(StoreDamaged, match="cannot be read"):
        asyncio.run(use(folder, *sound[1:]))


@pytest.mark.parametrize("ends_itself", [False, True])
def test_what_is_written_in_memory_is_seen_there_alone(home: Home, ends_itself: bool) -> None:
    """It is gone afterwards, also where SQLite has rolled back before."""
    connection = open_connection(home.database)
    query = "SELECT count(*) FROM settings"
    with in_memory(connection):
        connection.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')")
        assert connection.execute(query).get == 1
        if ends_itself:
            connection.execute("ROLLBACK")
    assert (connection.execute(query).get, connection.in_transaction) == (0, False)
    connection.close()
