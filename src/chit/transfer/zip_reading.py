"""A zip that anybody may have made, read within limits (attack case 29).

Nothing is ever written under a name from it.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from chit.errors import InputError
from chit.transfer.exporting import PROBLEMS

MOST_ENTRIES = 100_000
MOST_DIRECTORY = 8 * 1024 * 1024
"""Bytes of the list of files: it is read as a whole, and takes some ten times as much in memory."""
MOST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of one file in it, unpacked."""
MOST_AT_FIRST = 1024**3
MOST_RATIO = 100
"""All files together may unpack to a gigabyte, and to so many times the size of the zip."""
CHOOSE = "Choose a file that Chit exported as JSON, ChatGPT's export, or llm's database."
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,150}\.json", re.ASCII)
_PIECE = 64 * 1024
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OverflowError)


class EntryBroken(ValueError):
    """A file in the zip cannot be read. `str()` of it says why."""


class AnyZip:
    """Whatever is in it, read only as it is asked for. Raises `InputError` at once for a file that is no whole zip."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """`size` is that of the file, in bytes."""
        try:
            self._zip = zipfile.ZipFile(_Bounded(file, size))
            self.entries = self._zip.infolist()
        except _BROKEN:
            raise refuse_file("it is not a zip, or not whole") from None
        if len(self.entries) > MOST_ENTRIES:
            raise refuse_file(f"it holds more than {MOST_ENTRIES:,} files")
        self._room = max(MOST_AT_FIRST, MOST_RATIO * size)

    def unpack(self, entry: zipfile.ZipInfo) -> bytes:
        """Raises as `pieces`."""
        return b"".join(self.pieces(entry, MOST_DOCUMENT))

    def pieces(self, entry: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
        """The content, of at most so many bytes. Raises `EntryBroken`, and `InputError` once all that was read of the
        zip is too much.
        """
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise EntryBroken("it is encrypted, or packed in a way that Chit does not read")
        size = 0
        try:
            with self._zip.open(entry) as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    self._room -= len(piece)
                    if self._room < 0:
                        raise InputError(
                            "this zip unpacks to far more than it is", hint="What came before that point is imported."
                        )
                    if size > most:
                        raise EntryBroken(f"it is larger than {most // 1024**2} MiB")
                    yield piece
        except EntryBroken:
            raise
        except _BROKEN:
            raise EntryBroken("it cannot be unpacked") from None


class BoundedZip:
    """An export of ours. Raises `InputError` at once for a zip that is none."""

    def __init__(self, packed: AnyZip) -> None:
        for entry in packed.entries:
            _check(entry)
        self._zip = packed
        self._entries = [entry for entry in packed.entries if entry.filename != PROBLEMS]

    def __len__(self) -> int:
        return len(self._entries)

    def read(self) -> Iterator[tuple[str, bytes | EntryBroken]]:
        """Name and content of each file, or why there is none.

        Raises `InputError` once all together unpack to too much; what came before is good.
        """
        for entry in self._entries:
            try:
                yield entry.filename, self._zip.unpack(entry)
            except EntryBroken as error:
                yield entry.filename, error


class _Bounded:
    """A file that is read in small pieces only, but for the list of files."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self.seekable = file.seekable

    def read(self, count: int = -1) -> bytes:
        """Raises `BadZipFile` where more is wanted than any list of ours has."""
        wanted = self._size - self._file.tell() if count < 0 else count
        if wanted > MOST_DIRECTORY:
            raise zipfile.BadZipFile("the list of files is too long")
        return self._file.read(wanted)


def _check(entry: zipfile.ZipInfo) -> None:
    """One file beside the others, with a name like ours, and a plain one."""
    name = entry.filename
    is_ours = _NAME.fullmatch(name) or name == PROBLEMS
    mode = entry.external_attr >> 16
    is_plain = not stat.S_IFMT(mode) or stat.S_ISREG(mode)
    if not is_ours or not is_plain or entry.orig_filename != name:
        raise refuse_file("it holds something else than exported conversations")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise refuse_file("it is encrypted, or packed in a way that Chit does not read")


def refuse_file(why: str) -> InputError:
    """For a file of which nothing can be imported."""
    return InputError(f"this file cannot be imported: {why}", hint=CHOOSE)
