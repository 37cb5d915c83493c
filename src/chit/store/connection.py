"""Opening the database file: pragmas, and the steps that bring an older file up to date."""

import sys
from pathlib import Path

import apsw

from chit.errors import StoreTooNew, StoreUnreadable
from chit.store.faults import explain_store_error
from chit.store.schema import STEPS

BUSY_MILLISECONDS = 10_000


def open_connection(database: Path) -> apsw.Connection:
    """A connection to an existing file, with its schema current. Raises `StoreError`."""
    try:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        _configure(connection)
        _migrate(connection, database)
    except apsw.Error as error:
        raise explain_store_error(error, database) from error
    return connection


def _configure(connection: apsw.Connection) -> None:
    """Durable to power loss (promise G2): an acknowledged commit is on disk."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":
        connection.execute("PRAGMA fullfsync = 1")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")


def _migrate(connection: apsw.Connection, database: Path) -> None:
    """Each missing step in a transaction of its own, its number included; racing processes do each step once."""
    while (version := _version(connection)) < len(STEPS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) == version:
                _refuse_strangers(connection, version, database)
                connection.execute(STEPS[version])
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    if version > len(STEPS):
        raise StoreTooNew(
            f"{database} was written by a later version of Chit (schema {version}, this one knows {len(STEPS)})",
            hint="Update Chit, or set CHIT_HOME to another folder. Nothing was changed.",
        )


def _version(connection: apsw.Connection) -> int:
    version = connection.pragma("user_version")
    assert isinstance(version, int)  # noqa: S101 - SQLite defines it as an integer
    return version


def _refuse_strangers(connection: apsw.Connection, version: int, database: Path) -> None:
    """A file that has tables but no version is another program's: leave it alone."""
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise StoreUnreadable(
            f"{database} is a database of another program",
            hint="Set CHIT_HOME to a folder of Chit's own. Nothing was changed.",
        )
