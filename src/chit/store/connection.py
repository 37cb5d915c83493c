"""Opening the database file: pragmas, and the steps that bring an older file up to date."""

import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import apsw

from chit.errors import StoreDamaged, StoreTooNew, StoreUnreadable
from chit.store.before_migration import keep_before
from chit.store.faults import explain_store_error
from chit.store.schema import STEPS
from chit.store.search_index import add_functions

BUSY_MILLISECONDS = 10_000


def open_connection(database: Path) -> apsw.Connection:
    """A connection to an existing file, with its schema current. Raises `StoreError`."""
    with ExitStack() as undo:
        connection = None
        try:
            with alone_in(database.parent):
                connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
                undo.callback(connection.close)
                connection.set_busy_timeout(BUSY_MILLISECONDS)
                refuse_strangers(connection, database)
                _configure(connection)
                add_functions(connection)
                _migrate(connection, database)
        except (apsw.Error, OSError, UnicodeError) as error:
            raise explain_store_error(error, database, connection) from error
        undo.pop_all()
    return connection


def open_unchanged(database: Path) -> apsw.Connection:
    """A connection that only reads: nothing is migrated, recovered or left beside the file. Raises `StoreError`.

    Without a log nobody has the file open, and SQLite is told that it stands still, lest it makes a log for reading;
    who reads for long asks afterwards whether that held.
    """
    log = database.with_name(f"{database.name}-wal")
    with ExitStack() as undo:
        connection = None
        try:
            if not stat.S_ISREG(database.stat().st_mode):  # opening a pipe would wait for ever
                raise StoreUnreadable(f"{database} is not a file", hint="Move it away, or set CHIT_HOME elsewhere.")
            name = f"{database.absolute().as_uri()}?{'' if log.exists() else 'immutable=1'}"
            connection = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
            undo.callback(connection.close)
            connection.set_busy_timeout(BUSY_MILLISECONDS)
            refuse_strangers(connection, database)
        except (apsw.Error, OSError, UnicodeError) as error:
            raise explain_store_error(error, database, connection) from error
        undo.pop_all()
    return connection


def find_schema(connection: apsw.Connection) -> int:
    """How many of the steps the file has been through."""
    version = connection.pragma("user_version")
    assert isinstance(version, int)  # noqa: S101 - SQLite defines it as an integer
    return version


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One process opens at a time: SQLite does not wait for another that turns the same new file to WAL.

    And nobody opens while the file is exchanged for a backup. Raises `OSError`.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _configure(connection: apsw.Connection) -> None:
    """Durable to power loss (promise G2): an acknowledged commit is on disk."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":
        connection.execute("PRAGMA fullfsync = 1")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # else many statements are planned anew for each new value


def _migrate(connection: apsw.Connection, database: Path) -> None:
    """Each missing step in a transaction of its own, its number included; what breaks off is rolled back.

    What was there before is kept first.
    """
    version = find_schema(connection)
    if 0 < version < len(STEPS):
        keep_before(connection, database, len(STEPS))
    for number in range(version, len(STEPS)):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(STEPS[number]).fetchall()  # all of its statements, also after one that yields rows
        connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")


@contextmanager
def in_memory(connection: apsw.Connection) -> Iterator[None]:
    """What is written within is seen by this connection alone, and is gone afterwards: for a disk that is full."""
    connection.execute("PRAGMA cache_spill = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        if connection.in_transaction:  # else SQLite has rolled back by itself
            connection.execute("ROLLBACK")


def refuse_strangers(connection: apsw.Connection, database: Path) -> None:
    """Another program's file, and one of a later Chit, are left as they are: asked before anything is configured."""
    version = find_schema(connection)
    if version < 0:
        raise StoreDamaged(f"{database} is damaged: schema {version}", hint="Restore a backup. Nothing was changed.")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if ("settlements" not in tables) if version else tables:
        raise StoreUnreadable(
            f"{database} is a database of another program",
            hint="Set CHIT_HOME to a folder of Chit's own. Nothing was changed.",
        )
    if version > len(STEPS):
        raise StoreTooNew(
            f"{database} was written by a later version of Chit (schema {version}, this one knows {len(STEPS)})",
            hint="Update Chit, or set CHIT_HOME to another folder. Nothing was changed.",
        )
