"""Folders in the making: whole once they have their name, and nobody's before (promise G16).

Each is locked while its process lives. What a killed one left is removed by the next that makes one in the same place.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chit.store.connection import alone_in
from chit.store.home import Home

_PREFIX = ".chit-unfinished-"


@contextmanager
def make_folder(home: Home, parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, for this user alone; gone at the end, unless it was renamed. Raises `OSError`."""
    with alone_in(home.folder):
        for place in {parent, home.folder}:
            _sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        lock = os.open(folder, os.O_RDONLY)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
