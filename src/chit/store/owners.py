"""Which processes are alive: each holds a lock on `run/<id>.lock` and signs its rows with that id.

The lock is the operating system's, so it is free the moment its process is gone, however it went.
"""

import errno
import fcntl
import os
import re
from pathlib import Path

from chit.store.ids import new_id

_SIGNATURE = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHARED_FIRST, _SHARED_SIZE = 0x4000_0002, 510


class Owner:
    """The signature of this process, held until `release`."""

    def __init__(self, folder: Path) -> None:
        """Creates and locks the file. Raises `OSError`."""
        self.id = new_id()
        self._path = _lock_path(folder, self.id)
        self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Remove the file and let the lock go."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def is_alive(folder: Path, owner: str) -> bool:
    """Whether the process that signs as `owner` still holds its lock; clears away the file of one that does not."""
    path = _lock_path(folder, owner)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(handle)


def list_living(folder: Path) -> list[str]:
    """The signatures of all processes that are alive; clears away the files of those that are not."""
    names = [path.stem for path in folder.glob("*.lock") if _SIGNATURE.fullmatch(path.stem)]
    return [name for name in names if is_alive(folder, name)]


def is_in_use(database: Path) -> bool:
    """Whether another process has this file open, signed or not: SQLite keeps a lock on it as long as it does.

    On its bytes for readers, https://www.sqlite.org/src/file/src/os_unix.c; whatever the file holds. Only for a process
    that does not itself have it open: closing a file lets go of all locks that a process has on it. Raises `OSError`.
    """
    with database.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return True
            raise
    return False


def _lock_path(folder: Path, owner: str) -> Path:
    return folder / f"{owner}.lock"
