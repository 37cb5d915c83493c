"""Replacing a small file: the old or the new one, never a piece."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chit.vault.replacement import clear_stale, replace_file

KILLS = """
import os, signal, sys
from pathlib import Path
from chit.vault.replacement import clear_stale, replace_file

path, kills = Path(sys.argv[1]), int(sys.argv[2])
contents = [bytes([letter]) * 300_000 for letter in b"ab"]
replace_file(path, contents[0])
stale = met = 0
for number in range(kills):
    child = os.fork()
    if not child:
        while True:
            for content in contents:
                replace_file(path, content)
    turns = number % 7
    while turns >= 0:  # wait for as many writes to begin
        while not any(name.endswith(".tmp") for name in os.listdir(path.parent)):
            pass
        turns -= 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert path.read_bytes() in contents
    stale += len(list(path.parent.iterdir())) - 1
    clear_stale(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
print(stale)
"""


def kill_writers(folder: Path, kills: int) -> int:
    """Kill that many processes while they write; how many were met half-way. The file is whole each time."""
    command = [sys.executable, "-c", KILLS, str(folder / "file"), str(kills)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_a_killed_write_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    """Fifteen kills in the write phase: the file is whole each time, some were half-way, and what they left goes."""
    assert kill_writers(tmp_path, 15) > 0


@pytest.mark.long
def test_many_killed_writes(tmp_path: Path) -> None:
    """The same, 300 times."""
    assert kill_writers(tmp_path, 300) > 30


def test_it_is_this_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    """Attack case 13: nobody else may read the file, nor the temporary one before it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        replace_file(path, b"new")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"new"


@contextmanager
def little_room() -> Iterator[None]:
    """No file of this process may grow beyond 4 KiB, as on a full disk, but without filling one.

    Not a fixture: pytest writes its own output while one is in force, perhaps to a file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """An error half-way raises, keeps the old file and removes the temporary one."""
    path = tmp_path / "file"
    replace_file(path, b"old")
    with little_room(), pytest.raises(OSError, match="File too large"):
        replace_file(path, b"x" * 10_000)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    """What cannot be replaced stays, and no temporary file does."""
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_only_its_own_temporary_files_are_cleared(tmp_path: Path) -> None:
    """Files of other names, and what only looks like one, are left alone."""
    mine = tmp_path / ".file.0123456789abcdef.tmp"
    others = [tmp_path / name for name in ("file", ".file.tmp", ".other.0123.tmp", "file.0123.tmp")]
    for path in (mine, *others):
        path.touch()
    folder = tmp_path / ".file.folder.tmp"
    folder.mkdir()
    clear_stale(tmp_path / "file")
    assert sorted(tmp_path.iterdir()) == sorted([*others, folder])
