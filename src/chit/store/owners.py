"""Which processes are alive: each holds a lock on `run/<id>.lock` and signs its rows with that id.

The lock is the operating system's, so it is free the moment its process is gone, however it went.
"""

import fcntl
import os
from pathlib import Path

from chit.store.ids import new_id


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


def _lock_path(folder: Path, owner: str) -> Path:
    return folder / f"{owner}.lock"
