"""`vault.age` on disk: read it, change it under a lock, and never lose it."""

import asyncio
import errno
import fcntl
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from chit.errors import ChitError, DiskFull, VaultDamaged, VaultError
from chit.vault.age_file import open_content, seal_content
from chit.vault.age_header import MOST_BYTES, check_vault
from chit.vault.age_worker import Sealer
from chit.vault.content import Content
from chit.vault.passphrase import Passphrase
from chit.vault.replacement import clear_stale, replace_file, sync_folder

FILE_NAME = "vault.age"
_LOCK_SECONDS = 60.0
_LOCK_PAUSE = 0.05

Stamp = tuple[int, int, int]
"""Inode, time of change and size: another stamp is another file."""


def find_stamp(home: Path) -> Stamp | None:
    """The stamp of the home's vault file; None without one."""
    try:
        found = os.stat(home / FILE_NAME)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class VaultFile:
    """The file `vault.age` of a home folder. Nothing is created before the first `change`."""

    def __init__(self, home: Path, sealer: Sealer, *, lock_seconds: float = _LOCK_SECONDS) -> None:
        """Removes stale temporary files, unless a process is at work there."""
        self.path = home / FILE_NAME
        self._lock_path = home / "run" / "vault.lock"
        self._sealer = sealer
        self._lock_seconds = lock_seconds
        self._clear_stale()

    def exists(self) -> bool:
        """Whether there is one."""
        return os.path.lexists(self.path)

    def find_stamp(self) -> Stamp | None:
        """By which a change of the file is seen; None without a file."""
        return find_stamp(self.path.parent)

    def load_sealed(self) -> bytes:
        """The sealed bytes, checked: what `chit key export` copies. Raises `VaultDamaged`, `VaultTooCostly`."""
        try:
            with open(self.path, "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise VaultDamaged(f"{self.path} is not a file", hint="Move it away; it was not changed.")
                sealed = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise _explain(error, self.path) from error
        check_vault(sealed)
        return sealed

    async def load(self, passphrase: Passphrase) -> Content:
        """What it holds. Raises `WrongPassphrase`, `VaultDamaged`, `VaultTooCostly` or `VaultError`."""
        return await open_content(self.load_sealed(), passphrase, self._sealer)

    async def change(
        self, edit: Callable[[Content], Content], passphrase: Passphrase, *, seal_with: Passphrase | None = None
    ) -> tuple[Content, Stamp | None]:
        """Apply `edit` to what the file holds, or to an empty vault, and keep the result; with its stamp.

        `seal_with` becomes the new passphrase. Two processes that save never lose one another's change. Raises as
        `load` does, and `DiskFull`; the old file is then still there.
        """
        async with self._locked():
            before = await self.load(passphrase) if self.exists() else Content(id=str(uuid4()))
            after = edit(before)
            sealed = await seal_content(after, seal_with or passphrase, self._sealer)
            try:
                await asyncio.to_thread(replace_file, self.path, sealed)
            except OSError as error:
                raise _explain(error, self.path) from error
            return after, self.find_stamp()

    async def remove(self) -> None:
        """Delete the file. Raises `VaultError`."""
        async with self._locked():
            try:
                self.path.unlink(missing_ok=True)
                await asyncio.to_thread(sync_folder, self.path.parent)
            except OSError as error:
                raise _explain(error, self.path) from error

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Alone among the processes that save here; stale temporary files are gone."""
        try:
            for folder in (self.path.parent, self._lock_path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._lock_path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise _explain(error, self.path.parent) from error
        try:
            deadline = time.monotonic() + self._lock_seconds
            while not _try_lock(handle):
                if time.monotonic() > deadline:
                    raise VaultError("another Chit is changing the vault", hint="Try again when it is done.")
                await asyncio.sleep(_LOCK_PAUSE)
            clear_stale(self.path)
            yield
        finally:
            os.close(handle)

    def _clear_stale(self) -> None:
        try:
            handle = os.open(self._lock_path, os.O_RDWR)
        except OSError:
            return  # nothing was ever saved here, or nothing can be
        try:
            if _try_lock(handle):
                clear_stale(self.path)
        finally:
            os.close(handle)


def _open_at_once(path: str, flags: int) -> int:
    """A pipe in the file's place must not hang us."""
    return os.open(path, flags | os.O_NONBLOCK)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _explain(error: OSError, path: Path) -> ChitError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            f"the disk is full: the vault cannot be saved in {path.parent}",
            hint="Free some space; the old vault file is still there.",
        )
    return VaultError(
        f"{path} cannot be used: {error.strerror or error}",
        hint="Check the folder's owner and permissions, or set CHIT_HOME to another folder.",
    )
