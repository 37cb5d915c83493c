"""Searches beside the event loop: one at a time, limited, and given up when nobody wants them any more."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from chit.errors import StoreError
from chit.store import searcher as searcher_module
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.searcher import Searcher

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def count_for_ever(connection: apsw.Connection) -> Any:
    """What never ends by itself."""
    return connection.execute(ENDLESS).get


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty one."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
async def searcher(home: Home) -> AsyncIterator[Searcher]:
    """On an empty database."""
    searcher = Searcher(lambda: open_connection(home.database))
    yield searcher
    await searcher.close()


async def test_it_reads_in_a_thread(searcher: Searcher) -> None:
    """What is asked runs elsewhere, on one connection that cannot write, and its answer comes back."""

    def look(connection: apsw.Connection) -> tuple[str, Any]:
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute("INSERT INTO settings VALUES ('a', 'b')")
        return threading.current_thread().name, connection

    name, connection = await searcher.run(look, 5.0) or ("", None)
    assert name.startswith("chit-search")
    assert await searcher.run(lambda db: db is connection, 5.0) is True


async def test_its_time_is_limited(searcher: Searcher) -> None:
    """What takes too long is interrupted and may still say what it found; the next search is not kept waiting."""

    def look(connection: apsw.Connection) -> str:
        with pytest.raises(apsw.InterruptError):
            count_for_ever(connection)
        return "as far as it came"

    assert await searcher.run(look, 0.05) == "as far as it came"
    assert await searcher.run(lambda db: db.execute("SELECT 1").get, 5.0) == 1


async def test_an_error_comes_back(searcher: Searcher) -> None:
    """What goes wrong is raised where it was asked for."""
    with pytest.raises(apsw.SQLError):
        await searcher.run(lambda db: db.execute("SELECT nothing"), 5.0)


async def test_who_leaves_ends_it(searcher: Searcher) -> None:
    """When the one who asked is gone its search ends at once, and the next one begins."""
    began = threading.Event()

    def look(connection: apsw.Connection) -> None:
        began.set()
        count_for_ever(connection)

    asking = asyncio.create_task(searcher.run(look, 1e6))
    await asyncio.to_thread(began.wait)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await searcher.run(lambda db: db.execute("SELECT 1").get, 1e6) == 1


async def test_what_cannot_be_interrupted_keeps_nobody_waiting(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one step of SQLite nothing stops it: who asked gets None in time, and so does who asks meanwhile."""
    monkeypatch.setattr(searcher_module, "_GRACE", 0.01)
    release = threading.Event()

    def look(_connection: apsw.Connection) -> int:
        release.wait()
        raise ValueError("nobody hears this")

    assert await searcher.run(look, 0.01) is None
    assert await searcher.run(lambda db: 1, 0.01) is None
    release.set()
    assert await searcher.run(lambda db: 2, 1e6) == 2


async def test_closing_ends_what_runs(home: Home) -> None:
    """A search under way is interrupted, one that waits is not begun; closing twice is closing once."""
    searcher = Searcher(lambda: open_connection(home.database))
    await searcher.close()
    began = threading.Event()

    def look(connection: apsw.Connection) -> None:
        began.set()
        count_for_ever(connection)

    first = asyncio.create_task(searcher.run(look, 1e6))
    await asyncio.to_thread(began.wait)
    await searcher.close()
    with pytest.raises(apsw.InterruptError):
        await first
    await searcher.close()


async def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """The error of opening is raised by each search, and closing has nothing to close."""
    searcher = Searcher(lambda: open_connection(tmp_path / "gone" / "chit.db"))
    for _ in range(2):
        with pytest.raises(StoreError):
            await searcher.run(count_for_ever, 5.0)
    await searcher.close()
