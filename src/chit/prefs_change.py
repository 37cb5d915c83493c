"""Changing `prefs.toml`: comments and order stay, and no change is lost to a crash or to another one's."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chit.errors import DiskFull, InputError
from chit.prefs_file import decode_toml, parse_toml, read_bytes
from chit.prefs_text import TextUnchangeable, Way, write_set, write_unset


def set_in_file(path: Path, way: Way, value: Any) -> None:
    """Set one value in the file, which is made if it is not there. What else it says is left alone, right or wrong.

    Raises `InputError` if it is not TOML or cannot be written, and `DiskFull`; then it was not changed.
    """
    _change(path, way, lambda text: write_set(text, way, value))


def unset_in_file(path: Path, way: Way) -> bool:
    """Remove one value, and tell whether it was there. Raises as `set_in_file`."""
    return read_bytes(path) is not None and _change(path, way, lambda text: write_unset(text, way))


def replace_file(path: Path, before: bytes | None, after: bytes) -> None:
    """Put `after` in the place of `before`. Raises `InputError` if the file is no longer that, and as `set_in_file`."""
    with _lock(path) as (target, folder):
        if read_bytes(target) != before:
            raise InputError(f"{path} was changed by another program meanwhile", hint="Look at both and edit again.")
        _replace(target, after, folder)


def _change(path: Path, way: Way, write: Callable[[str], str | None]) -> bool:
    """Whether `write` gave a text."""
    with _lock(path) as (target, folder):
        text = decode_toml(read_bytes(target) or b"", path)
        parse_toml(text, path)
        try:
            after = write(text)
        except TextUnchangeable as error:
            told = f"{path}: {'.'.join(way)} cannot be changed: {error}"
            raise InputError(told, hint="Change it by hand with `chit prefs edit`.") from error
        if after is not None and after != text:
            _replace(target, after.encode(), folder)
        return after is not None


@contextmanager
def _lock(path: Path) -> Iterator[tuple[Path, int]]:
    """The file that `path` leads to, and its folder, which is locked: the file itself is replaced by each change."""
    import fcntl

    with explaining_os_errors(path):
        target = Path(os.path.realpath(path))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield target, folder
        finally:
            os.close(folder)


def _replace(target: Path, data: bytes, folder: int) -> None:
    """At every moment there is the old file or the new one. Only whoever holds the lock may call this."""
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)  # of a process that was killed here
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    os.fsync(folder)


@contextmanager
def explaining_os_errors(path: Path) -> Iterator[None]:
    """What keeps `path` from being written becomes an error of ours, in plain words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            told = f"the disk is full: {path} was not changed"
            raise DiskFull(told, hint="Free some space and try again.") from error
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be written: {reason}", hint="Check the folder's permissions.") from error
