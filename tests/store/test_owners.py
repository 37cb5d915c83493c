"""Who is alive."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chit.store.owners import Owner, is_alive, is_in_use, list_living

HOLD = """
import sys, pathlib
from chit.store.owners import Owner
owner = Owner(pathlib.Path(sys.argv[1]))
print(owner.id, flush=True)
sys.stdin.read()
"""


def test_an_owner_is_alive_until_it_lets_go(tmp_path: Path) -> None:
    """The lock says alive while it is held, and its file is gone once it is released."""
    owner = Owner(tmp_path)
    assert is_alive(tmp_path, owner.id)
    assert is_alive(tmp_path, owner.id)
    owner.release()
    assert not is_alive(tmp_path, owner.id)
    assert list(tmp_path.iterdir()) == []


def test_the_lock_file_is_this_users_alone(tmp_path: Path) -> None:
    """Nobody else can read or lock it."""
    owner = Owner(tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    owner.release()


def test_who_was_never_there_is_not_alive(tmp_path: Path) -> None:
    """A signature without a file belongs to nobody."""
    assert not is_alive(tmp_path, "nobody")


def test_a_killed_process_is_not_alive(tmp_path: Path) -> None:
    """The lock is free the moment its process is killed, and what it left is cleared away."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        owner = child.stdout.readline().strip()
        assert is_alive(tmp_path, owner)
        child.kill()
        child.wait()
        assert (tmp_path / f"{owner}.lock").exists()
        assert not is_alive(tmp_path, owner)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    """Nothing is created beside the lock itself."""
    with pytest.raises(FileNotFoundError):
        Owner(tmp_path / "missing")


def test_the_living_are_listed(tmp_path: Path) -> None:
    """Those whose lock is held; files that are no signature are left alone, those of the dead are cleared away."""
    owner = Owner(tmp_path)
    dead = Owner(tmp_path)
    os.close(dead._handle)
    (tmp_path / "agent.lock").touch()
    assert list_living(tmp_path) == [owner.id]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["agent.lock", f"{owner.id}.lock"])
    owner.release()
    assert list_living(tmp_path) == []


def test_who_has_a_database_open_is_noticed(tmp_path: Path) -> None:
    """Another process that only has it open; nobody; and a file that cannot be looked at, which is an error."""
    program = (
        "import sys, apsw\nconnection = apsw.Connection(sys.argv[1])\nconnection.pragma('journal_mode', 'wal')\n"
        "connection.execute('CREATE TABLE x (x)')\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    database = tmp_path / "chit.db"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        assert is_in_use(database)
        child.communicate("")
    assert not is_in_use(database)
    with pytest.raises(FileNotFoundError):
        is_in_use(tmp_path / "missing")


def test_a_file_system_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be known, nothing is said."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (tmp_path / "chit.db").touch()
    monkeypatch.setattr(fcntl, "lockf", refuse)
    with pytest.raises(OSError, match="No locks"):
        is_in_use(tmp_path / "chit.db")
