"""The folder that holds everything."""

import errno
import os
from pathlib import Path

import pytest

from chit.errors import DiskFull, StoreUnreadable
from chit.store import home as home_module
from chit.store.home import Home, explain_os_error


def test_everything_is_for_this_user_alone(tmp_path: Path) -> None:
    """Folders are 0700 and the database 0600 even where the process would let everyone in."""
    before = os.umask(0)
    try:
        home = Home(tmp_path / "deep" / "home")
        home.create()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home.folder, *home.folder.iterdir())}
    assert modes == {"home": 0o700, "run": 0o700, "blobs": 0o700, "chit.db": 0o600}


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """Creating again changes nothing in the database."""
    home = Home(tmp_path)
    home.create()
    home.database.write_bytes(b"kept")
    home.create()
    assert home.database.read_bytes() == b"kept"


def test_nothing_is_created_before_create(tmp_path: Path) -> None:
    """Naming the paths touches nothing."""
    home = Home(tmp_path / "home")
    assert home.backups == tmp_path / "home" / "backups"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    """A home that is a file, or lies under one, cannot be used, and the error names it and says what to do."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(StoreUnreadable, match=str(folder)) as caught:
            Home(folder).create()
        assert "CHIT_HOME" in caught.value.hint


def test_room_is_asked_before_money_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than a send needs is DiskFull with advice; enough room is silence."""
    home = Home(tmp_path)
    monkeypatch.setattr(home_module, "ROOM_FOR_A_SEND", 1)
    home.check_room()
    monkeypatch.setattr(home_module, "ROOM_FOR_A_SEND", 2**62)
    with pytest.raises(DiskFull, match="MiB are free") as caught:
        home.check_room()
    assert "nothing was sent" in caught.value.hint


def test_a_folder_that_is_gone_has_no_room(tmp_path: Path) -> None:
    """When the folder was removed meanwhile, that is said in a typed error."""
    with pytest.raises(StoreUnreadable):
        Home(tmp_path / "gone").check_room()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_a_full_disk(number: int) -> None:
    """A full disk, a quota and a size limit are one thing to a person."""
    assert type(explain_os_error(OSError(number, os.strerror(number)), Path("/home"))) is DiskFull


def test_any_other_reason_is_named() -> None:
    """The operating system's words are kept, also where it has no number for them."""
    assert "Permission denied" in str(explain_os_error(PermissionError(errno.EACCES, "Permission denied"), Path("/h")))
    assert "odd" in str(explain_os_error(OSError("odd"), Path("/h")))
