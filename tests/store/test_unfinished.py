"""Folders in the making."""

import subprocess
import sys
from pathlib import Path

import pytest

from chit.store.home import Home
from chit.store.unfinished import make_folder

HOLD = """
import pathlib, sys
from chit.store.home import Home
from chit.store.unfinished import make_folder
home = Home(pathlib.Path(sys.argv[1]))
with make_folder(home, home.folder / "backups") as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a folder for backups."""
    home = Home(tmp_path / "home")
    home.create()
    home.backups.mkdir()
    return home


def test_a_folder_goes_unless_it_gets_a_name(home: Home) -> None:
    """It is this user's alone; renamed it stays, otherwise it is gone, also after an error."""
    with make_folder(home, home.backups) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").touch()
    assert list(home.backups.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), make_folder(home, home.backups):
        raise KeyboardInterrupt
    assert list(home.backups.iterdir()) == []
    with make_folder(home, home.backups) as folder:
        folder.rename(home.backups / "kept")
    assert [path.name for path in home.backups.iterdir()] == ["kept"]


def test_the_folder_of_a_living_process_is_left_alone(home: Home) -> None:
    """While it lives its folder stays; once it is killed the next one removes it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        theirs = Path(child.stdout.readline().strip())
        with make_folder(home, home.backups):
            assert theirs.is_dir()
        child.kill()
        child.wait()
    assert theirs.is_dir()
    with make_folder(home, home.backups) as mine:
        assert list(home.backups.iterdir()) == [mine]


def test_what_was_left_in_the_home_goes_too(home: Home) -> None:
    """A restore that was killed leaves its folder in the home itself, and whatever comes next removes it."""
    left = home.folder / ".chit-unfinished-left"
    left.mkdir()
    (left / "chit.db").touch()
    with make_folder(home, home.backups):
        assert not left.exists()
