"""SQLite's errors into ours: the one seam where apsw's exceptions are known."""

import os
from pathlib import Path

import apsw

from chit.errors import DiskFull, StoreDamaged, StoreError, StoreUnreadable
from chit.store.home import explain_os_error


def explain_store_error(error: Exception, database: Path, connection: apsw.Connection | None = None) -> StoreError:
    """The typed error for what apsw raised; a `StoreError` passes as it is.

    `connection` is the one it happened on: it knows why the operating system refused (a quota, a full disk).
    """
    match error:
        case StoreError():
            return error
        case OSError():
            return explain_os_error(error, database.parent)
        case apsw.IOError() if connection is not None and (number := connection.system_errno):
            return explain_os_error(OSError(number, os.strerror(number)), database.parent)
        case apsw.FullError():
            return DiskFull(
                f"the disk is full: nothing more can be saved in {database}",
                hint="Free some space; what is saved stays readable.",
            )
        case apsw.CorruptError() | apsw.NotADBError():
            return StoreDamaged(
                f"{database} is damaged or not a Chit database: {error}",
                hint="Move the file aside (keep it: most of it can usually be recovered) or restore a backup.",
            )
        case apsw.BusyError() | apsw.LockedError():
            return StoreError(
                f"{database} is locked by another program",
                hint="Close what else has it open, or try again in a moment.",
            )
        case apsw.ReadOnlyError():
            return StoreUnreadable(
                f"{database} cannot be written to: it, or its folder, is read-only",
                hint="Check owner and permissions, or set CHIT_HOME to another folder; what is saved stays readable.",
            )
        case _:
            return StoreUnreadable(
                f"{database} cannot be read or written: {error}",
                hint="Check the file's owner and permissions, or set CHIT_HOME to another folder.",
            )
