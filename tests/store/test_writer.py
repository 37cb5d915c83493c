"""The one thread that writes."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.upstream import until

from chit.errors import StoreError, StoreUnreadable
from chit.store.connection import open_connection
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.writer import TURNS, Writer


class Bench:
    """A writer on a real file whose commits are counted, and which can be held up."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.create()
        self.commits = 0
        self.outcomes: list[tuple[Any, Exception | None]] = []
        self.writer = Writer(self.connect, self.explain)
        self._gate = threading.Event()
        self._entered = threading.Event()

    def connect(self) -> apsw.Connection:
        """A connection that counts its commits."""
        connection = open_connection(self.home.database)
        connection.set_commit_hook(self._count)
        return connection

    def explain(self, error: Exception, connection: apsw.Connection | None) -> StoreError:
        """As the store does."""
        return explain_store_error(error, self.home.database, connection)

    async def hold(self, done: Callable[[Any, Exception | None], None] = lambda *_: None) -> None:
        """Keep the writer in a transaction until `release`; returns once it is there."""

        def wait(_: apsw.Connection) -> str:
            self._entered.set()
            assert self._gate.wait(50)
            return "held"

        self.writer.submit(wait, done, urgent=True)
        assert await asyncio.to_thread(self._entered.wait, 50)

    def release(self) -> None:
        """Let the writer go on."""
        self._gate.set()

    def put(self, name: str, *, urgent: bool = True) -> None:
        """Queue one insert, its outcome noted in order."""
        self.writer.submit(lambda db: insert(db, name), lambda *outcome: self.outcomes.append(outcome), urgent=urgent)

    def stored(self) -> list[str]:
        """The names that another connection sees."""
        connection = open_connection(self.home.database)
        names = [row[0] for row in connection.execute("SELECT name FROM settings ORDER BY name")]
        connection.close()
        return names

    def _count(self) -> bool:
        self.commits += 1
        return False


def insert(connection: apsw.Connection, name: str) -> str:
    """One row; a name that is there already fails."""
    connection.execute("INSERT INTO settings (name, value) VALUES (?, '')", (name,))
    return name


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench, released and closed at the end."""
    bench = Bench(tmp_path / "home")
    yield bench
    bench.release()
    await bench.writer.close()


async def test_what_queues_up_is_one_commit(bench: Bench) -> None:
    """Twenty operations that come while a commit is under way go into the next one together."""
    await bench.hold()
    for number in range(20):
        bench.put(f"{number:02}", urgent=number % 2 == 0)
    commits: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    bench.writer.submit(lambda db: None, lambda *_: commits.set_result(bench.commits), urgent=True)
    bench.release()
    the_one_under_way = 1
    assert await commits - the_one_under_way == 1
    assert bench.stored() == [f"{number:02}" for number in range(20)]


async def test_callbacks_come_in_order_after_the_commit(bench: Bench) -> None:
    """Each callback runs on the loop's thread, in the order of submitting, when its row is visible to others."""
    seen: list[tuple[int, bool, bool]] = []
    await bench.hold()
    for number in range(10):

        def done(result: Any, error: Exception | None, number: int = number) -> None:
            seen.append((number, f"{number}" in bench.stored(), threading.current_thread() is threading.main_thread()))

        bench.writer.submit(partial(insert, name=f"{number}"), done, urgent=False)
    bench.release()
    await bench.writer.run(lambda db: None)
    assert seen == [(number, True, True) for number in range(10)]


async def test_a_failing_operation_takes_nothing_with_it(bench: Bench) -> None:
    """Of three operations in one transaction the middle one fails: the others are stored, and only it is told."""
    await bench.writer.run(lambda db: insert(db, "b"))
    await bench.hold()
    for name in ("a", "b", "c"):
        bench.put(name)
    bench.release()
    await bench.writer.run(lambda db: None)
    assert bench.stored() == ["a", "b", "c"]
    assert [result for result, error in bench.outcomes if error is None] == ["a", "c"]
    assert isinstance(bench.outcomes[1][1], StoreUnreadable)


async def test_an_operation_is_all_or_nothing(bench: Bench) -> None:
    """An operation that fails half-way leaves none of its rows."""

    def half(connection: apsw.Connection) -> None:
        insert(connection, "half")
        raise ValueError("broke off")

    with pytest.raises(StoreError, match="broke off"):
        await bench.writer.run(half)
    assert bench.stored() == []
    assert await bench.writer.run(lambda db: insert(db, "whole")) == "whole"


async def test_an_operation_that_ends_its_own_transaction_fails_alone(bench: Bench) -> None:
    """Where SQLite rolled back by itself, as it does on a full disk, the writer goes on."""

    def give_up(connection: apsw.Connection) -> None:
        connection.execute("ROLLBACK")
        raise apsw.FullError("database or disk is full")

    with pytest.raises(StoreError, match="full"):
        await bench.writer.run(give_up)
    assert await bench.writer.run(lambda db: insert(db, "next")) == "next"


async def test_who_stops_waiting_stops_nothing(bench: Bench) -> None:
    """An operation whose waiter was cancelled is stored all the same."""
    await bench.hold()
    waiter = asyncio.create_task(bench.writer.run(lambda db: insert(db, "kept")))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    bench.release()
    await bench.writer.run(lambda db: None)
    assert bench.stored() == ["kept"]


async def test_a_callback_that_raises_keeps_nobody_waiting(bench: Bench) -> None:
    """The callbacks behind one that raises still come, and the loop hears of the mistake."""
    heard: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["exception"]))

    def fail(*_: object) -> None:
        raise RuntimeError("a mistake")

    await bench.hold(fail)
    bench.writer.submit(lambda db: insert(db, "a"), fail, urgent=False)
    bench.put("b")
    bench.release()
    await bench.writer.run(lambda db: None)
    assert [result for result, _ in bench.outcomes] == ["b"]
    assert [str(error) for error in heard] == ["a mistake"] * 2


async def test_closing_writes_what_is_queued(bench: Bench) -> None:
    """Everything submitted before close is stored and called back before close returns."""
    await bench.hold()
    bench.put("a", urgent=False)
    bench.put("b")
    bench.release()
    await bench.writer.close()
    assert [result for result, _ in bench.outcomes] == ["a", "b"]
    assert bench.stored() == ["a", "b"]


async def test_closing_in_the_same_turn_writes_it_too(bench: Bench) -> None:
    """What was submitted just before close is stored, although its turn had not come."""
    await opened(bench)
    bench.put("a")
    await bench.writer.close()
    assert (bench.stored(), bench.outcomes) == (["a"], [("a", None)])


async def test_nothing_is_taken_after_closing(bench: Bench) -> None:
    """An operation submitted after close fails, through its callback and through run."""
    await bench.writer.close()
    await bench.writer.close()
    bench.put("late")
    with pytest.raises(StoreError, match="closed"):
        await bench.writer.run(lambda db: insert(db, "later"))
    ((_, error),) = bench.outcomes
    assert isinstance(error, StoreError)
    assert bench.stored() == []


async def test_a_writer_that_cannot_connect_fails_everyone(tmp_path: Path) -> None:
    """When the connection fails, those who wait and those who come later get the same error."""

    def refuse() -> apsw.Connection:
        raise apsw.CantOpenError("unable to open database file")

    writer = Writer(refuse, lambda error, connection: explain_store_error(error, tmp_path / "chit.db", connection))
    tries = [writer.run(lambda db: None) for _ in range(5)]
    errors = await asyncio.gather(*tries, return_exceptions=True)
    await writer.close()
    errors += await asyncio.gather(writer.run(lambda db: None), return_exceptions=True)
    assert {type(error) for error in errors} == {StoreUnreadable}
    assert len({id(error) for error in errors}) == 1


async def test_a_writer_that_dies_fails_everyone(bench: Bench) -> None:
    """When the thread ends in the middle, what it held, what was queued and what comes later all fail."""

    def die(connection: apsw.Connection) -> None:
        insert(connection, "lost")
        raise SystemExit("the end")

    await bench.hold()
    bench.put("with it")
    bench.writer.submit(die, lambda *outcome: bench.outcomes.append(outcome), urgent=True)
    bench.release()
    with pytest.raises(StoreError, match="the end"):
        await bench.writer.run(lambda db: None)
    bench.put("too late")
    await asyncio.sleep(0)
    assert len(bench.outcomes) == 3
    assert all(isinstance(error, StoreError) for _, error in bench.outcomes)
    assert bench.stored() == []


def test_a_loop_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    """When the event loop ends before a commit, what was submitted is stored all the same, and the thread can end."""

    async def begin() -> Bench:
        bench = Bench(tmp_path / "home")
        await bench.hold()
        bench.put("kept")
        return bench

    bench = asyncio.run(begin())
    bench.release()
    asyncio.run(bench.writer.close())
    assert bench.stored() == ["kept"]
    assert bench.outcomes == []


async def test_what_is_done_once_belongs_to_each_transaction(tmp_path: Path) -> None:
    """After its operations and before its commit: where it fails, nothing of them is kept, and each is tried alone."""
    home = Home(tmp_path)
    home.create()
    seen: list[int] = []

    def finish(connection: apsw.Connection) -> None:
        count = connection.execute("SELECT count(*) FROM settings WHERE name LIKE 'once-%'").get
        assert isinstance(count, int)
        seen.append(count)
        if connection.execute("SELECT 1 FROM settings WHERE name = 'once-bad'").get:
            raise apsw.ConstraintError("not this one")

    writer = Writer(
        lambda: open_connection(home.database),
        lambda error, connection: explain_store_error(error, home.database, connection),
        finish,
    )
    outcomes = await asyncio.gather(
        *(writer.run(partial(insert, name=name)) for name in ("once-good", "once-bad", "once-fine")),
        return_exceptions=True,
    )
    await writer.close()
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, True, False]
    assert seen[-1] == 2
    names = open_connection(home.database).execute("SELECT name FROM settings WHERE name LIKE 'once-%' ORDER BY name")
    assert [name for (name,) in names] == ["once-fine", "once-good"]


async def opened(bench: Bench) -> None:
    """Return once the connection is there: until then everything is the thread's."""
    await bench.writer.run(lambda db: None)


async def test_what_is_brief_runs_on_the_loop(bench: Bench) -> None:
    """It shares one commit, which is the thread's, and is called back when others see it."""
    await opened(bench)
    before, threads = bench.commits, []
    seen: list[bool] = []

    def note(connection: apsw.Connection, name: str) -> None:
        threads.append(threading.current_thread())
        insert(connection, name)

    ends = [asyncio.ensure_future(bench.writer.run(partial(note, name=name), brief=True)) for name in ("a", "b")]
    await asyncio.sleep(0)
    bench.writer.submit(
        partial(note, name="c"), lambda *_: seen.append("c" in bench.stored()), urgent=False, brief=True
    )
    await asyncio.gather(*ends)
    assert (seen, bench.stored(), bench.commits - before) == ([True], ["a", "b", "c"], 1)
    assert set(threads) == {threading.main_thread()}


async def test_received_bytes_alone_wait_for_company(bench: Bench) -> None:
    """Two that come one after the other within the pace are one commit, and the loop waits for neither."""
    await opened(bench)
    for name in ("a", "b", "c"):
        before = bench.commits
        done = asyncio.get_running_loop().create_future()
        bench.writer.submit(partial(insert, name=f"{name}1"), lambda *_: None, urgent=False, brief=True)
        if name != "a":  # the first comes after a quiet moment
            await asyncio.sleep(0)
            assert bench.commits == before
        bench.writer.submit(
            partial(insert, name=f"{name}2"), lambda *_, done=done: done.set_result(None), urgent=False, brief=True
        )
        await done
        assert bench.commits - before == 1


async def test_a_brief_one_that_fails_takes_nothing_with_it(bench: Bench) -> None:
    """Nor does one that fails with the commit, as a message without its parent does."""
    await opened(bench)
    orphan = (
        "INSERT INTO messages (id, conversation, parent, source, parts, options, extra, created_at)"
        " VALUES ('m', 'c', 'nobody', 'user', '[]', '{}', '{}', 0)"
    )
    conversation = "INSERT INTO conversations (id, title, origin, created_at) VALUES ('c', '', 'web', 0)"
    await bench.writer.run(lambda db: db.execute(conversation).fetchall(), brief=True)
    for number, bad in enumerate((lambda db: insert(db, "b-0"), lambda db: db.execute(orphan).fetchall())):
        outcomes = await asyncio.gather(
            bench.writer.run(partial(insert, name=f"a-{number}"), brief=True),
            bench.writer.run(partial(insert, name=f"b-{number}"), brief=True),
            bench.writer.run(bad, brief=True),
            return_exceptions=True,
        )
        assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, False, True]
    assert bench.stored() == ["a-0", "a-1", "b-0", "b-1"]


async def test_the_loop_does_not_wait_for_another_writer(bench: Bench) -> None:
    """While another process writes, what is brief waits in the thread."""
    await opened(bench)
    other = open_connection(bench.home.database)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(bench.writer.run(partial(insert, name="a"), brief=True))
    await until(lambda: bench.writer._busy)
    assert bench.stored() == []
    other.execute("COMMIT")
    other.close()
    assert await waiting == "a"


def test_a_program_that_ends_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """What ends the loop from within an operation does not keep the others from being stored."""
    benches: list[Bench] = []
    tries: list[int] = []

    def leave(connection: apsw.Connection) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise SystemExit("enough")
        insert(connection, "last")

    async def begin() -> None:
        benches.append(bench := Bench(tmp_path / "home"))
        await opened(bench)
        bench.writer.submit(partial(insert, name="first"), lambda *_: None, urgent=True, brief=True)
        await bench.writer.run(leave, brief=True)

    with pytest.raises(SystemExit, match="enough"):
        asyncio.run(begin())
    asyncio.run(benches[0].writer.close())
    assert benches[0].stored() == ["first", "last"]


async def commits_of_two(bench: Bench) -> int:
    """Two operations, the second of them a few turns of the loop after the first: in how many commits they went."""
    before = bench.commits
    first = asyncio.ensure_future(bench.writer.run(lambda db: None, brief=True))
    for _ in range(TURNS // 2):
        await asyncio.sleep(0)
    await asyncio.gather(first, bench.writer.run(lambda db: None, brief=True))
    return bench.commits - before


async def test_who_was_not_alone_waits_for_company(bench: Bench) -> None:
    """After a shared transaction the next one waits some turns for others; after one that was not it begins at once."""
    await bench.writer.run(lambda db: None, brief=True)
    assert await commits_of_two(bench) == 2
    await asyncio.gather(*(bench.writer.run(lambda db: None, brief=True) for _ in range(2)))
    assert await commits_of_two(bench) == 1


@pytest.mark.parametrize("brief", [True, False])
async def test_what_is_done_before_the_commit_is_done_in_the_thread(tmp_path: Path, brief: bool) -> None:
    """It is part of each transaction, whoever filled it; where it fails with one operation, the others are stored."""
    home, threads = Home(tmp_path / "home"), set()
    home.create()

    def seal(db: apsw.Connection) -> None:
        threads.add(threading.current_thread().name)
        if db.execute("SELECT EXISTS (SELECT 1 FROM settings WHERE name = 'bad')").get:
            raise ValueError("not this one")

    def explain(error: Exception, connection: apsw.Connection | None) -> StoreError:
        return StoreError(str(error))

    writer = Writer(lambda: open_connection(home.database), explain, finish_in_thread=seal)
    outcomes = await asyncio.gather(
        *(writer.run(partial(insert, name=name), brief=brief) for name in ("a", "bad", "b")), return_exceptions=True
    )
    assert [str(outcome) for outcome in outcomes] == ["a", "not this one", "b"]
    assert threads == {"chit-writer"}
    await writer.close()
    connection = open_connection(home.database)
    assert [row[0] for row in connection.execute("SELECT name FROM settings ORDER BY name")] == ["a", "b"]
    connection.close()
