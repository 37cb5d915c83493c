"""`run/server.json`: which process of this home serves the pages, and the secret by which it is known again."""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chit.core.jsontext import JsonInvalid, decode_object, encode_json

_NAME = "server.json"
_MOST_BYTES = 4096
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A server, as its file tells of it. Whether it still runs, only a proof over its socket can tell."""

    port: int
    pid: int
    secret: str = field(repr=False)

    @classmethod
    def make(cls, port: int) -> Self:
        """Of the process that calls, with a secret of 256 bits."""
        return cls(port=port, pid=os.getpid(), secret=secrets.token_hex(32))


def save_instance(folder: Path, instance: Instance) -> None:
    """In one piece, for this user alone. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f"{_NAME}.{instance.pid}.new"
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as file:
        file.write(encode_json({"port": instance.port, "pid": instance.pid, "secret": instance.secret}))
    unfinished.replace(folder / _NAME)


def find_instance(folder: Path) -> Instance | None:
    """None where there is none, or none that this user, and nobody else, can have written and read."""
    try:
        handle = os.open(folder / _NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                return None
            record = decode_object(file.read(_MOST_BYTES))
    except (OSError, JsonInvalid):
        return None
    port, pid, secret = record.get("port"), record.get("pid"), record.get("secret")
    if type(port) is int and 0 < port <= _MOST_PORT and isinstance(pid, int) and isinstance(secret, str):
        return Instance(port=port, pid=pid, secret=secret)
    return None


def remove_instance(folder: Path, instance: Instance) -> None:
    """Unless another server has put itself in its place. Raises `OSError`."""
    if find_instance(folder) == instance:
        (folder / _NAME).unlink(missing_ok=True)
