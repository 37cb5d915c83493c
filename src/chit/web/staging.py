"""Files that wait to go along with a question: on disk under names of our own, apart from the store, for a day.

They belong to drafts: to what a page is writing in one conversation. A draft's name is only ever hashed, and what a
person calls a file is the first line of ours: no path is made of either (attack case 28).
"""

import asyncio
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chit.core.attachment_limits import MIB, MOST_FILE, MOST_TEXT, check_together, judge_file, too_large
from chit.core.attachments import clean_name
from chit.core.media_kind import HEAD_BYTES, MediaKind, find_media_kind
from chit.errors import NotFound, TooLarge
from chit.store.home import explain_os_error

MOST_THUMBNAIL = 8 * MIB
"""A browser keeps a picture as it came, however small it is drawn, and letting go of 20 MB halts a page for 0.1 s."""
MOST_STAGED = 512 * MIB
"""Bytes of all drafts together."""
MOST_FILES = 200
KEPT_SECONDS = 24 * 3600.0
_CHECK_EVERY = MIB
"""Bytes after which the folder is looked at again: several files may be coming in."""
_DIGITS = 16
_ID = re.compile(r"[0-9a-f]{48}")
"""The draft's hash and chance."""
_PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One file that is whole."""

    id: str
    name: str
    """Cleaned, for showing."""
    kind: MediaKind | None
    """None is text."""
    size: int
    """Bytes."""

    @property
    def has_thumbnail(self) -> bool:
        """Whether it is drawn while it waits."""
        return self.kind is not None and self.kind.kind == "image" and self.size <= MOST_THUMBNAIL


class Staging:
    """Of one home. It remembers nothing itself, so that any number of them, in any process, are one."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives unix seconds, as files are dated by."""
        self._folder = folder
        self._clock = clock

    async def add(self, draft: str, name: str, pieces: AsyncIterator[bytes]) -> Staged:
        """Keep what comes, if it is of a kind that is taken; else, or if it breaks off, nothing is left of it.

        Raises `TooLarge`, `KindNotTaken`, `InputError` for nothing at all, `DiskFull`, `StoreError`.
        """
        id = _prefix(draft) + secrets.token_hex(16)
        part = self._folder / f"{id}{_PART}"
        shown = clean_name(name)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self.sweep()
            with _create(part) as file:
                file.write(f"{shown}\n".encode())
                size = await self._receive(file, pieces)
            kind = self._judge(part, size)
            self._check_draft(draft, size)
            part.rename(self._folder / id)
        except OSError as error:
            raise explain_os_error(error, self._folder) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return Staged(id=id, name=shown, kind=kind, size=size)

    def list_draft(self, draft: str) -> list[Staged]:
        """In the order in which they came. Raises `NotFound` for one that goes in this moment."""
        try:
            found = sorted(self._folder.glob(f"{_prefix(draft)}*"), key=lambda path: path.stat().st_mtime_ns)
        except OSError:
            return []
        return [self.find(path.name) for path in found if path.suffix != _PART]

    def find(self, id: str) -> Staged:
        """Raises `NotFound`."""
        with self._open(id) as file:
            name = _read_name(file)
            size = os.fstat(file.fileno()).st_size - file.tell()
            return Staged(id=id, name=name, kind=find_media_kind(file.read(HEAD_BYTES)), size=size)

    async def load(self, id: str) -> bytes:
        """All of it. Raises `NotFound`."""
        return await asyncio.to_thread(self._load, id)

    def remove(self, id: str) -> None:
        """Raises `NotFound`."""
        self._open(id).close()
        with suppress(OSError):
            (self._folder / id).unlink()

    def sweep(self) -> None:
        """Remove what nobody sent for a day, and what broke off with its process."""
        now = self._clock()
        with suppress(OSError):  # there may be no such folder yet; another sweep may be faster
            for entry in list(os.scandir(self._folder)):
                if now - entry.stat(follow_symlinks=False).st_mtime > KEPT_SECONDS:
                    Path(entry.path).unlink(missing_ok=True)

    async def _receive(self, file: BinaryIO, pieces: AsyncIterator[bytes]) -> int:
        size, unchecked = 0, _CHECK_EVERY
        async for piece in pieces:
            size, unchecked = size + len(piece), unchecked + len(piece)
            if size > MOST_FILE:
                raise too_large(MOST_FILE)
            if unchecked >= _CHECK_EVERY:
                self._check_room()
                unchecked = 0
            file.write(piece)
        return size

    def _check_room(self) -> None:
        sizes = [entry.stat(follow_symlinks=False).st_size for entry in os.scandir(self._folder)]
        if len(sizes) > MOST_FILES or sum(sizes) > MOST_STAGED - _CHECK_EVERY:
            raise TooLarge(
                "too many files wait to be sent", hint="Send or remove some; what nobody sends goes after a day."
            )

    def _check_draft(self, draft: str, size: int) -> None:
        """Nothing else can come between this and the file's taking its place."""
        check_together([*(each.size for each in self.list_draft(draft)), size])

    def _judge(self, path: Path, size: int) -> MediaKind | None:
        """Its kind, by its bytes alone; None is text."""
        with path.open("rb") as file:
            _read_name(file)
            return judge_file(file.read(MOST_TEXT), size)

    def _load(self, id: str) -> bytes:
        with self._open(id) as file:
            _read_name(file)
            return file.read()

    def _open(self, id: str) -> BinaryIO:
        if _ID.fullmatch(id):
            with suppress(OSError):
                return open(os.open(self._folder / id, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        raise NotFound("a file is no longer there", hint="Files wait for a day. Attach it again.")


def _prefix(draft: str) -> str:
    return hashlib.sha256(draft.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def _create(path: Path) -> BinaryIO:
    """A new file for this user alone, never one that is there already, behind a link or not."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _read_name(file: BinaryIO) -> str:
    return file.readline().decode().removesuffix("\n")
