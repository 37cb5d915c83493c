"""A copy of the database as it stands at one moment, while others go on writing (promise G16).

SQLite's backup API, never a copy of the file: what is still in the log counts, and half a commit does not. An open
transaction holds the moment, since otherwise each commit of a running reply would make the copy begin anew. In WAL mode
it keeps nobody waiting.
"""

import errno
import os
import shutil
from pathlib import Path

import apsw

PAGES = 256
"""In one step: a MiB, so that it can be stopped in between."""


def copy_database(source: apsw.Connection, target: Path) -> None:
    """Into a new file for this user alone that needs no other file beside it, on disk when this returns.

    Raises `apsw.Error` and `OSError`, at once where it cannot fit; what is there of `target` then is the caller's.
    """
    if measure(source) > shutil.disk_usage(target.parent).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    copy = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        copy.pragma("journal_mode", "off")
        copy.pragma("synchronous", 0)  # it is flushed at the end, as a whole
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            with copy.backup("main", source, "main") as steps:
                while not steps.done:
                    steps.step(PAGES)
        finally:
            source.execute("ROLLBACK")
        copy.pragma("journal_mode", "delete")
    finally:
        copy.close()
    sync(target)


def measure(source: apsw.Connection) -> int:
    """The bytes of a copy."""
    pages, size = source.pragma("page_count"), source.pragma("page_size")
    assert isinstance(pages, int)  # noqa: S101 - SQLite defines them as integers
    assert isinstance(size, int)  # noqa: S101
    return pages * size


def sync(path: Path) -> None:
    """A file, or the names in a folder, to the disk. Raises `OSError`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def duplicate(path: Path, target: Path) -> None:
    """A second name for a file; where the file system cannot do that, a copy, on disk when this returns.

    Raises `OSError`.
    """
    try:
        target.hardlink_to(path)
    except OSError:
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with path.open("rb") as source, open(handle, "wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(handle)
