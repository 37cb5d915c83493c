"""A disk whose power can fail: what was written and not yet synced is lost, whole, in part or not at all.

What survives is put aside at that moment. The program goes on, as on a disk of its own, since it is not asked any more.

A file system for SQLite, in memory. Without shared memory, so that a database in it is used by one connection alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import apsw

_SECTOR = 512


class _File:
    """What a program sees of a file, and what of that would survive."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.durable = bytearray()
        self.pending: list[tuple[int, bytes | None]] = []
        """Writes in order: where, and what; None truncates."""

    def write(self, data: bytes, offset: int) -> None:
        _apply(self.seen, offset, data)
        self.pending.append((offset, bytes(data)))

    def truncate(self, size: int) -> None:
        _apply(self.seen, size, None)
        self.pending.append((size, None))

    def sync(self) -> None:
        for offset, data in self.pending:
            _apply(self.durable, offset, data)
        self.pending.clear()

    def survive(self, random: Random) -> bytes:
        """What is left: each write that was not synced made it whole, up to some sector, or not."""
        left = bytearray(self.durable)
        for offset, data in self.pending:
            kept = random.choice(("all", "none", "part"))
            if kept == "none":
                continue
            if data is not None and kept == "part":
                data = data[: random.randrange(len(data) + 1) // _SECTOR * _SECTOR]
            _apply(left, offset, data)
        return bytes(left)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    content.extend(bytes(max(0, offset + len(data) - len(content))))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """Registered under `name` while it exists. The power fails before the `fails_at`th write or sync."""

    def __init__(self, name: str, *, fails_at: int, random: Random) -> None:
        super().__init__(name, "")  # time, chance and sleep are the system's; files are not
        self.name = name
        self.files: dict[str, _File] = {}
        self.used = 0
        """Writes and syncs so far."""
        self._fails_at = fails_at
        self._random = random
        self._survived: dict[str, bytes] | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the moment has come."""
        return self._survived is not None

    def use(self) -> None:
        """One write or sync is about to be made."""
        self.used += 1
        if self.used == self._fails_at:
            self._survived = {name: file.survive(self._random) for name, file in self.files.items()}

    def save(self, folder: Path) -> None:
        """Write what survived into real files, for another start."""
        for name, content in (self._survived or {}).items():
            if content:
                (folder / Path(name).name).write_bytes(content)

    def xFullPathname(self, name: str) -> str:
        """Every name is whole."""
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:
        """Whether it exists."""
        return pathname in self.files

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """At once, and for good."""
        self.use()
        self.files.pop(filename, None)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Made where it is missing."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        flags[1] = flags[0]
        return _Handle(self, self.files.setdefault(path, _File()))


class _Handle(apsw.VFSFile):
    """An open file. It inherits nothing: everything is in memory."""

    def __init__(self, disk: Disk, file: _File) -> None:
        self._disk = disk
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        """Fewer bytes at the end."""
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        """Seen at once, durable after a sync."""
        self._disk.use()
        self._file.write(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """The same."""
        self._disk.use()
        self._file.truncate(newsize)

    def xSync(self, flags: int) -> None:
        """All so far is durable."""
        self._disk.use()
        self._file.sync()

    def xFileSize(self) -> int:
        """As seen."""
        return len(self._file.seen)

    def xLock(self, level: int) -> None:
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:
        """Nobody else is there."""
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:
        """Nothing is understood."""
        return False

    def xSectorSize(self) -> int:
        """Bytes that are written whole or not."""
        return _SECTOR

    def xDeviceCharacteristics(self) -> int:
        """Nothing is promised."""
        return 0

    def xClose(self) -> None:
        """Its content stays."""


@contextmanager
def opened_disk(name: str, *, fails_at: int, random: Random) -> Iterator[Disk]:
    """A fresh disk, unregistered at the end."""
    disk = Disk(name, fails_at=fails_at, random=random)
    try:
        yield disk
    finally:
        disk.unregister()
