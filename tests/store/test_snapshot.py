"""Copies of a database at one moment, and second names of files."""

import errno
import os
import threading
from pathlib import Path

import apsw
import pytest

from chit.store import snapshot
from chit.store.snapshot import copy_database, duplicate, measure


@pytest.fixture
def source(tmp_path: Path) -> apsw.Connection:
    """A database with a log, large enough for many steps."""
    connection = apsw.Connection(str(tmp_path / "source.db"))
    connection.pragma("journal_mode", "wal")
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
    with connection:
        connection.executemany("INSERT INTO rows (text) VALUES (?)", [("x" * 1000,)] * 500)
    return connection


def count(path: Path) -> int:
    """The rows of a copy that is whole."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    assert connection.pragma("integrity_check") == "ok"
    rows = connection.execute("SELECT count(*) FROM rows").get
    connection.close()
    assert isinstance(rows, int)
    return rows


def test_the_moment_stands_still(source: apsw.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes all the while is never kept waiting and does not make it begin anew; the copy is of one moment."""
    monkeypatch.setattr(snapshot, "PAGES", 1)
    written, is_over = 500, threading.Event()

    def write() -> None:
        nonlocal written
        writer = apsw.Connection(str(tmp_path / "source.db"))
        while not is_over.is_set():
            writer.execute("INSERT INTO rows (text) VALUES ('later')")  # without a busy timeout: it would raise
            written += 1
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while written == 500:
            is_over.wait(0.001)
        before = written
        copy_database(source, tmp_path / "copy.db")
        after = written
    finally:
        is_over.set()
        thread.join()
    rows = count(tmp_path / "copy.db")
    assert before <= rows <= after + 1
    assert source.execute("SELECT count(*) FROM rows").get == written


def test_a_copy_stands_alone(source: apsw.Connection, tmp_path: Path) -> None:
    """What is still in the log counts; the copy is this user's alone and needs no log of its own."""
    before = os.umask(0)
    try:
        copy_database(source, tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy.db").stat().st_size == measure(source)
    assert count(tmp_path / "copy.db") == 500
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    assert not source.in_transaction


def test_what_cannot_fit_is_not_begun(source: apsw.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is the system's own error, and no file is made."""
    usage = type("Usage", (), {"free": measure(source) - 1})
    monkeypatch.setattr("chit.store.snapshot.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match="No space") as caught:
        copy_database(source, tmp_path / "copy.db")
    assert caught.value.errno == errno.ENOSPC
    assert not (tmp_path / "copy.db").exists()


def test_a_file_in_its_place_is_kept(source: apsw.Connection, tmp_path: Path) -> None:
    """Nothing is ever copied over another file."""
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(FileExistsError):
        copy_database(source, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_second_name_or_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a file system it is the same file; where that cannot be, a copy for this user alone."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    duplicate(path, tmp_path / "second")
    assert (tmp_path / "second").samefile(path)

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    duplicate(path, tmp_path / "copy")
    assert not (tmp_path / "copy").samefile(path)
    assert ((tmp_path / "copy").read_bytes(), (tmp_path / "copy").stat().st_mode & 0o777) == (b"content", 0o600)
