"""The folder that holds everything: `prefs.toml chit.db vault.age run/ blobs/ backups/` (design §4)."""

import errno
import os
import shutil
from pathlib import Path

from chit.errors import DiskFull, StoreUnreadable

ROOM_FOR_A_SEND = 50 * 1024 * 1024
"""Bytes that must be free before money is spent (promise G9)."""


class Home:
    """Paths inside the folder. Nothing is created before `create`."""

    def __init__(self, folder: Path, *, database: Path | None = None) -> None:
        """`database` is another file than the folder's own: a copy that relies on the folder's attachments."""
        self.folder = folder
        self.database = database or folder / "chit.db"
        self.run = folder / "run"
        self.blobs = folder / "blobs"
        self.backups = folder / "backups"
        self.staged = folder / "staged"
        """Files that wait to go along with a question; made once there is one."""

    def create(self) -> None:
        """Make the folders that are missing, for this user alone. Raises `StoreUnreadable` or `DiskFull`."""
        try:
            for folder in (self.folder, self.run, self.blobs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.database.exists():
                os.close(os.open(self.database, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise explain_os_error(error, self.folder) from error

    def check_room(self) -> None:
        """Raises `DiskFull` if a reply might not fit, `StoreUnreadable` if the folder is gone."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise explain_os_error(error, self.folder) from error
        if free < ROOM_FOR_A_SEND:
            raise DiskFull(
                f"only {free // 1024 // 1024} MiB are free where Chit keeps its history ({self.folder})",
                hint="Free some space and send again; nothing was sent. Reading works meanwhile.",
            )


def explain_os_error(error: OSError, path: Path) -> DiskFull | StoreUnreadable:
    """An operating system error about our folder, in plain words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            f"the disk is full: nothing more can be saved in {path}",
            hint="Free some space; what is saved stays readable.",
        )
    return StoreUnreadable(
        f"{path} cannot be used: {error.strerror or error}",
        hint="Check the folder's owner and permissions, or set CHIT_HOME to another folder.",
    )
