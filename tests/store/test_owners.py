"""Who is alive."""

import subprocess
import sys
from pathlib import Path

import pytest

from chit.store.owners import Owner, is_alive

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
