"""Replacing a small file so that, whatever happens, either the old or the new one is there whole.

A temporary file in the same folder, fsync, `os.replace`, fsync of the folder (security and reliability §1).
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in its place, readable by this user alone. Raises `OSError`; the old one is then still there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb", closefd=True) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in it last. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_stale(path: Path) -> None:
    """Remove what killed processes left beside the file. Only to be called while no other process can be writing."""
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
