"""The store on SQLite among processes that are killed and disks that are full."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from tests.store.contract import append, claim, run_to_end
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.messages import MediaPart, TextPart
from chit.core.search import read_query
from chit.errors import DiskFull, StoreDamaged, StoreError, StoreUnreadable
from chit.store import home as home_module
from chit.store.last_words import has_waiting
from chit.store.sqlite import SqliteStore, open_store

HOLD = """
import asyncio, pathlib, sys
from chit.store.sqlite import open_store
from tests.store.contract import append, claim, run_to_end
from tests.store.samples import send

async def main():
    store = open_store(pathlib.Path(sys.argv[1]))
    _, _, sent = await send(store)
    _, _, streaming = await send(store)
    await store.record_start(streaming, "gen-1")
    await append(store, streaming, b"kept")
    await run_to_end(store, "gen-2")
    assert await claim(store, 102.0, lease=1e9) == ["gen-2"]
    print(sent.id, streaming.id, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""
"""Owns a sent and a streaming row and a lease, and waits to be killed."""

ADOPT = """
import asyncio, pathlib, sys
from chit.store.sqlite import open_store

async def main():
    store = open_store(pathlib.Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(*(generation.id for generation in await store.adopt_orphans()), flush=True)
    sys.stdin.read()
    await store.close()

asyncio.run(main())
"""

STREAM = """
import asyncio, pathlib, sys
from chit.store.sqlite import open_store
from tests.store.contract import append
from tests.store.samples import send

async def main():
    store = open_store(pathlib.Path(sys.argv[1]))
    async def stream():
        _, _, generation = await send(store)
        print(generation.id, -1, flush=True)
        for number in range(10**9):
            piece = f"{number} ".encode()
            assert await append(store, generation, piece) == [None]
            print(generation.id, number, flush=True)
    await asyncio.gather(stream(), stream(), stream())

asyncio.run(main())
"""
"""Three running streams; a line is printed for each piece once it is durable."""


def start(program: str, folder: Path) -> subprocess.Popen[str]:
    """A child that runs this program on this folder."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def read_line(child: subprocess.Popen[str]) -> str:
    """The next line it prints."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.endswith("\n"), "the child ended by itself; its standard error says why"
    return line.strip()


def write_line(child: subprocess.Popen[str]) -> None:
    """Let it go on."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def kill(child: subprocess.Popen[str]) -> str:
    """SIGKILL; what it had printed by then comes back."""
    child.kill()
    assert child.stdout is not None
    rest = child.stdout.read()  # `communicate` would pass by what was read ahead of the last line
    child.communicate()
    return rest


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store, closed at the end."""
    store = open_store(tmp_path / "home")
    yield store
    await store.close()


# processes


async def test_the_rows_of_a_living_process_are_left_alone(tmp_path: Path) -> None:
    """While another process runs its generations and holds its lease, there is nothing to adopt or to claim."""
    child = start(HOLD, tmp_path)
    assert read_line(child)
    store = open_store(tmp_path)
    assert not await store.has_orphans()
    assert await store.adopt_orphans() == []
    assert await claim(store, 103.0, lease=1e9) == []
    kill(child)
    await store.close()


async def test_the_rows_of_a_killed_process_are_adopted(tmp_path: Path) -> None:
    """After SIGKILL its sent and streaming rows are taken over once, with their bytes, and its lease is void."""
    child = start(HOLD, tmp_path)
    sent, streaming = read_line(child).split()
    kill(child)
    store = open_store(tmp_path)
    assert await store.has_orphans()
    assert await claim(store, 103.0, lease=1e9) == ["gen-2"]
    adopted = {generation.id: generation for generation in await store.adopt_orphans()}
    assert {row: (g.state, g.generation_id) for row, g in adopted.items()} == {
        sent: ("sent", None),
        streaming: ("streaming", "gen-1"),
    }
    assert {generation.owner for generation in adopted.values()} == {store.owner}
    assert await store.load_received(adopted[streaming]) == b"kept"
    assert await store.adopt_orphans() == []
    await store.close()
    assert list((tmp_path / "run").iterdir()) == []


def race_to_adopt(folder: Path) -> None:
    """A process dies, two others adopt at the same moment; each row must go to exactly one."""
    dying = start(HOLD, folder)
    rows = read_line(dying).split()
    adopters = [start(ADOPT, folder), start(ADOPT, folder)]
    assert [read_line(child) for child in adopters] == ["ready", "ready"]
    kill(dying)
    for child in adopters:
        write_line(child)
    adopted = [row for child in adopters for row in read_line(child).split()]
    for child in adopters:
        child.communicate()
    assert sorted(adopted) == sorted(rows)


def test_of_two_adopters_one_wins(tmp_path: Path) -> None:
    """Two real processes that see the same process die share its rows without doubling or losing one."""
    race_to_adopt(tmp_path)


@pytest.mark.long
def test_of_two_adopters_one_wins_every_time(tmp_path: Path) -> None:
    """The same, a hundred times."""
    for number in range(100):
        race_to_adopt(tmp_path / str(number))


def kill_while_streaming(folder: Path, lines: int) -> None:
    """Kill a process in the middle of three streams; all it was told to be durable must be there, in order."""
    child = start(STREAM, folder)
    printed = [read_line(child) for _ in range(lines)]
    printed += [line for line in kill(child).splitlines(keepends=True) if line.endswith("\n")]
    acknowledged: dict[str, int] = {}
    for row, number in map(str.split, printed):
        acknowledged[row] = int(number)
    received = asyncio.run(adopt_all(folder))
    for row, last in acknowledged.items():
        numbers = [int(number) for number in received[row].split()]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > last


async def adopt_all(folder: Path) -> dict[str, bytes]:
    """The received bytes of each row that the dead process left; the database is sound."""
    store = open_store(folder)
    received = {g.id: await store.load_received(g) for g in await store.adopt_orphans()}
    for generation in received:
        row = await store.get_generation(generation)
        message = await store.get_message(row.message_id)
        await store.record_end(replace(row, state="unknown", owner=None), message, now=100.0)
    assert not await store.has_orphans()
    await store.close()
    connection = apsw.Connection(str(folder / "chit.db"))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()
    return received


def test_a_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """What a process was told to be durable is there after SIGKILL, complete and in order, three times over."""
    for lines in (3, 20, 61):
        kill_while_streaming(tmp_path, lines)


@pytest.mark.long
def test_a_hundred_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """The same a hundred times on one folder, killed after ever more pieces."""
    for number in range(100):
        kill_while_streaming(tmp_path, 3 + 7 * number)


# what cannot be read


async def test_a_missing_attachment_is_told(store: SqliteStore, tmp_path: Path) -> None:
    """A message whose blob is gone is StoreDamaged when it is read; the messages without it can be read."""
    conversation = a_conversation()
    plain = a_message(conversation)
    message = a_message(conversation, parts=(MediaPart({"type": "file", "data": "QUJD" * 2000}),))
    await store.record_send(
        conversation=conversation, messages=[plain, message], generation=a_generation(message, store.owner)
    )
    assert len(await store.list_messages(conversation.id)) == 2
    (blob,) = (tmp_path / "home" / "blobs").iterdir()
    blob.unlink()
    with pytest.raises(StoreDamaged, match="attachment"):
        await store.list_messages(conversation.id)
    assert (await store.get_message(plain.id)).text == "Why?"


async def test_a_damaged_orphan_does_not_stop_the_others(store: SqliteStore, tmp_path: Path) -> None:
    """A row of a dead process whose attachment is gone is passed over; the next one is adopted all the same."""
    await send(store, owner="gone", request=b'{"image":"' + b"QUJD" * 2000 + b'"}')
    _, _, readable = await send(store, owner="gone")
    (blob,) = (tmp_path / "home" / "blobs").iterdir()
    blob.unlink()
    assert [generation.id for generation in await store.adopt_orphans()] == [readable.id]


async def test_a_lock_file_that_cannot_be_opened_is_told(store: SqliteStore, tmp_path: Path) -> None:
    """When it cannot be seen whether a process lives, that is a typed error and nothing is taken from it."""
    await send(store, owner="somebody")
    (tmp_path / "home" / "run" / "somebody.lock").mkdir()
    with pytest.raises(StoreUnreadable):
        await store.has_orphans()
    with pytest.raises(StoreUnreadable):
        await store.adopt_orphans()


async def test_a_signature_that_is_no_name_is_told(store: SqliteStore) -> None:
    """A damaged signature that cannot be a file's name is a typed error."""
    await send(store, owner="a\0b")
    with pytest.raises(StoreError):
        await store.has_orphans()


async def test_a_run_folder_that_is_gone_is_told(store: SqliteStore, tmp_path: Path) -> None:
    """Without a place for its lock a process cannot sign, and says so."""
    (tmp_path / "home" / "run").rmdir()
    with pytest.raises(StoreUnreadable):
        _ = store.owner


async def test_a_store_that_cannot_write_can_be_read(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the writer cannot connect, every write fails with the reason, bytes in their callback; reading works."""
    conversation, answer, generation = await send(store)
    await store._writer.close()  # type: ignore[union-attr]
    store._writer = None

    def refuse(_: Path) -> apsw.Connection:
        raise apsw.ReadOnlyError("attempt to write a readonly database")

    monkeypatch.setattr("chit.store.sqlite.open_connection", refuse)
    with pytest.raises(StoreUnreadable, match="read-only"):
        await store.record_start(generation, "gen-1")
    (error,) = await append(store, generation, b"lost")
    assert isinstance(error, StoreUnreadable)
    assert (await store.get_message(answer.id)).conversation_id == conversation.id


def test_reading_needs_no_event_loop(tmp_path: Path) -> None:
    """A read completes at its first step, so that `chit show` can do without asyncio."""
    store = open_store(tmp_path)
    with pytest.raises(StopIteration) as caught:
        store.list_pending().send(None)
    assert caught.value.value == []
    with pytest.raises(StopIteration):
        store.close().send(None)


async def test_a_read_that_sqlite_refuses_is_told(store: SqliteStore, tmp_path: Path) -> None:
    """What SQLite itself cannot do for a reader becomes a typed error."""
    connection = apsw.Connection(str(tmp_path / "home" / "chit.db"))
    connection.execute("DROP TABLE settings")
    connection.close()
    with pytest.raises(StoreUnreadable, match="no such table"):
        await store.find_setting("a")


# no room


async def test_room_is_checked_in_the_stores_folder(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before money is spent the store says whether a reply might not fit."""
    monkeypatch.setattr(home_module, "ROOM_FOR_A_SEND", 1)
    store.check_room()
    monkeypatch.setattr(home_module, "ROOM_FOR_A_SEND", 2**62)
    with pytest.raises(DiskFull):
        store.check_room()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small file system; the file size limit below stands in for it")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    path = disk / "fill"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            return path


async def test_a_full_disk_is_told_and_gone_when_room_is_made(small_disk: Path) -> None:
    """On a full disk writes fail as DiskFull, reading works, no half rows stay; with room it goes on as it was."""
    store = open_store(small_disk / "home")
    conversation, answer, _ = await run_to_end(store, "gen-1")
    _, _, running = await send(store)
    filler = fill(small_disk)
    big = b"y" * 200_000
    (lost,) = await append(store, running, big)
    assert isinstance(lost, DiskFull)
    media = "QUJD" * 60_000
    failed = a_conversation()
    message = a_message(failed, parts=(TextPart("z z" * 99_999), MediaPart({"type": "file", "data": media})))
    for parts in (message.parts, message.parts[:1]):
        with pytest.raises(DiskFull, match="disk is full"):
            await store.record_send(
                conversation=failed,
                messages=[replace(message, parts=parts)],
                generation=a_generation(message, store.owner),
            )
    assert [m.id for m in await store.list_messages(conversation.id)][-1] == answer.id
    assert await store.list_messages(failed.id) == []
    assert await store.load_received(running) == b""
    assert list((small_disk / "home" / "blobs").iterdir()) == []
    with pytest.raises(DiskFull):
        store.check_room()
    filler.unlink()
    assert await append(store, running, big) == [None]
    await store.record_send(conversation=failed, messages=[message], generation=a_generation(message, store.owner))
    assert (await store.get_message(message.id)).parts == message.parts
    await store.close()


async def test_on_a_full_disk_everything_is_found(small_disk: Path) -> None:
    """What waits to be indexed is found though it cannot be written, each time anew, and is still there afterwards."""
    store = open_store(small_disk / "home")
    _, answer, _ = await run_to_end(store, "gen-1")
    filler = fill(small_disk)
    for _ in range(2):
        with pytest.raises(DiskFull):
            await store.record_setting("big", "y" * 200_000)
        page = await store.search(read_query("from:model"))
        assert ([each.id for each in page.messages], page.is_complete) == ([answer.id], True)
    assert store._read(has_waiting)
    filler.unlink()
    assert [each.id for each in (await store.search(read_query("from:model"))).messages] == [answer.id]
    assert not store._read(has_waiting)
    await store.close()


async def test_opening_on_a_full_disk_is_told(small_disk: Path) -> None:
    """Where there is no room for SQLite's own small files, opening says that the disk is full."""
    await open_store(small_disk / "home").close()
    fill(small_disk)
    with pytest.raises(DiskFull):
        open_store(small_disk / "home")


LIMITED = """
import asyncio, pathlib, resource, sys
from dataclasses import replace
from chit.errors import DiskFull
from chit.store.sqlite import open_store
from tests.store.contract import append, run_to_end
from tests.store.samples import send

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    store = open_store(pathlib.Path(sys.argv[1]))
    conversation, answer, _ = await run_to_end(store, "gen-1")
    _, _, running = await send(store)
    limit(200_000)
    outcomes = await append(store, running, *[b"y" * 150_000] * 3)
    assert {type(outcome) for outcome in outcomes} == {DiskFull}, outcomes
    assert (await store.list_messages(conversation.id))[-1].id == answer.id
    assert await store.load_received(running) == b""
    limit(resource.RLIM_INFINITY)
    assert await append(store, running, b"a", b"b") == [None, None]
    assert await store.load_received(running) == b"ab"
    await store.close()

asyncio.run(main())
"""


def test_a_size_limit_is_a_full_disk(tmp_path: Path) -> None:
    """Where files may not grow (a quota, a limit) writes fail as DiskFull and recover without opening anew."""
    child = start(LIMITED, tmp_path)
    child.communicate()
    assert child.returncode == 0


def test_files_are_this_users_alone(tmp_path: Path) -> None:
    """Even with an open umask nobody else can read the database, its log, the locks or the blobs."""
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "home")
        asyncio.run(store_an_attachment(store))
        paths = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
        modes = {path.name: path.stat().st_mode for path in paths}
        asyncio.run(store.close())
    finally:
        os.umask(before)
    assert len(modes) == len(["home", "run", "blobs", "chit.db", "chit.db-wal", "chit.db-shm", "a lock", "a blob"])
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


async def store_an_attachment(store: SqliteStore) -> None:
    """Something in each place."""
    conversation = a_conversation()
    message = a_message(conversation, parts=(MediaPart({"type": "file", "data": "QUJD" * 2000}),))
    await store.record_send(
        conversation=conversation, messages=[message], generation=a_generation(message, store.owner)
    )
