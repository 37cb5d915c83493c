"""The Unix socket `run/agent.sock` inside the home folder: made for one user, by one process at a time."""

import fcntl
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from chit.errors import VaultError

MOST_LINE = 64 * 1024
"""Bytes of a request or an answer, each of which is a line of JSON."""
_MOST_PATH = 103
"""What every system takes: macOS has room for 104 bytes with the zero at the end, Linux for 108."""


def find_path(home: Path) -> Path:
    """Where the socket is, if it is."""
    return home / "run" / "agent.sock"


def is_ours(path: Path) -> bool:
    """Whether there is a socket of this user that can be connected to."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() and len(os.fsencode(path)) <= _MOST_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """The listening socket, with the lock that says that somebody listens."""

    socket: socket.socket
    path: Path
    lock: int
    """Descriptor of the lock file."""

    def close(self) -> None:
        """Remove the socket and let the lock go."""
        self.path.unlink(missing_ok=True)
        self.socket.close()
        os.close(self.lock)


def open_listener(home: Path) -> Listener:
    """Listen; a socket that a dead process left is replaced. Raises `VaultError`, also if somebody listens already."""
    path = find_path(home)
    if len(os.fsencode(path)) > _MOST_PATH:
        raise VaultError(
            f"the path {path} is too long for a socket, so unlocking cannot be shared",
            hint="Set CHIT_HOME to a shorter path; until then each command asks for the passphrase.",
        )
    lock = None
    try:
        for folder in (home, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(path.parent)
        lock = os.open(path.with_name("agent.lock"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Listener(socket=_bind(path), path=path, lock=lock)
    except BlockingIOError:
        reason, hint = "a running Chit already keeps the vault unlocked for others", "End it with `chit key lock`."
    except OSError as error:
        reason = f"{path} cannot be used: {error.strerror or error}"
        hint = "Check the folder's owner and permissions, or set CHIT_HOME to another folder."
    if lock is not None:
        os.close(lock)
    raise VaultError(reason, hint=hint)


def _check_folder(folder: Path) -> None:
    """Another user's folder, or one that others may write to, is no place for it."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OSError(0, "its folder belongs to another user")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _bind(path: Path) -> socket.socket:
    """It comes into its place with its permissions, by a rename: nobody meets it half made."""
    unfinished = path.with_name("agent.new")
    unfinished.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(os.fspath(unfinished))
        unfinished.chmod(0o600)
        listening.listen()
        unfinished.replace(path)
    except OSError:
        listening.close()
        raise
    return listening
