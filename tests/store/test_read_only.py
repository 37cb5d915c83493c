"""A home that cannot be written to: what is saved can be read, and whatever would write says why it cannot."""

import os
from pathlib import Path

import apsw
import pytest
from tests.disks import mount_read_only
from tests.store.histories import fill
from tests.store.samples import send

from chit.errors import StoreUnreadable
from chit.store.home import Home
from chit.store.schema import STEPS
from chit.store.sqlite import SqliteStore, open_store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a history."""
    home = Home(tmp_path / "home")
    fill(home, "one")
    return home


def refuse() -> apsw.Connection:
    """What opening for writing comes to where nothing can be written."""
    raise StoreUnreadable("read-only")


async def read(store: SqliteStore) -> None:
    """Everything that a person may look at is there, and nothing can be added."""
    (*_, first) = await store.list_conversations(None, 10)
    messages = await store.list_messages(first.id)
    assert [message.text for message in messages] == ["Why?", ""]
    with pytest.raises(StoreUnreadable):
        await send(store, owner=None)
    await store.close()


async def test_a_file_system_that_is_read_only(home: Home, tmp_path: Path) -> None:
    """The history is read from it, and not a byte changes."""
    with mount_read_only(home.folder, tmp_path / "seen") as seen:
        await read(open_store(seen))


@pytest.fixture
def closed(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The same for who is not root: nothing can be written, as the system says."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    return home


class Closed(SqliteStore):
    """A store whose file cannot be opened for writing."""

    def __init__(self, home: Home) -> None:
        super(SqliteStore, self).__init__(home, refuse)


async def test_a_folder_that_is_read_only(closed: Home) -> None:
    """The history is read from it."""
    await read(Closed(closed))


def test_a_folder_that_can_be_written_has_another_problem(home: Home) -> None:
    """Then the error is told as it is."""
    with pytest.raises(StoreUnreadable, match="read-only"):
        Closed(home)


def test_an_older_schema_cannot_be_read_so(closed: Home) -> None:
    """It would have to be brought up to date first, so that the first error stands."""
    connection = apsw.Connection(str(closed.database))
    connection.pragma("user_version", len(STEPS) - 1)
    connection.close()
    with pytest.raises(StoreUnreadable, match="read-only"):
        Closed(closed)
