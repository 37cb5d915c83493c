"""The Unix socket in the home folder (attack case 13)."""

import os
import socket
from pathlib import Path

import pytest

from chit.errors import VaultError
from chit.vault.agent_socket import find_path, is_ours, open_listener


def test_the_socket_is_this_users_alone(tmp_path: Path) -> None:
    """Socket 0600 in a folder 0700, whatever the umask; gone when closed."""
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        listener = open_listener(home)
    finally:
        os.umask(before)
    path = find_path(home)
    assert [it.stat().st_mode & 0o777 for it in (home, home / "run", path)] == [0o700, 0o700, 0o600]
    assert (home / "run" / "agent.lock").stat().st_mode & 0o777 == 0o600
    assert is_ours(path)
    assert sorted(it.name for it in path.parent.iterdir()) == ["agent.lock", "agent.sock"]
    listener.close()
    assert not path.exists()


def test_one_listens_at_a_time(tmp_path: Path) -> None:
    """The second is refused and disturbs nothing; once the first is gone there is room."""
    first = open_listener(tmp_path)
    with pytest.raises(VaultError, match="already") as caught:
        open_listener(tmp_path)
    assert "chit key lock" in caught.value.hint
    assert is_ours(find_path(tmp_path))
    first.close()
    open_listener(tmp_path).close()


def test_what_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    """A socket without a listener, a half-made one and a file in its place do not keep anybody from listening."""
    path = find_path(tmp_path)
    path.parent.mkdir()
    for name in ("agent.sock", "agent.new"):
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(path.with_name(name)))
        dead.close()
    open_listener(tmp_path).close()
    path.write_text("a file")
    listener = open_listener(tmp_path)
    assert is_ours(path)
    listener.close()


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    """A folder that others may enter is made this user's alone."""
    (tmp_path / "run").mkdir(mode=0o755)
    open_listener(tmp_path).close()
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    """No system error, but the reason and what to do; nobody looks for a socket there."""
    home = tmp_path / ("x" * 100)
    with pytest.raises(VaultError, match="too long") as caught:
        open_listener(home)
    assert "CHIT_HOME" in caught.value.hint
    assert not is_ours(find_path(home))


@pytest.mark.parametrize("name", ["run", "run/agent.lock", "run/agent.new", "run/agent.sock"])
def test_a_place_that_cannot_be_used_is_told(tmp_path: Path, name: str) -> None:
    """A file for the folder, and a folder for the lock or the socket, are typed errors."""
    path = tmp_path / name
    if name == "run":
        path.touch()
    else:
        (path / "inside").mkdir(parents=True)
    with pytest.raises(VaultError, match="cannot be used"):
        open_listener(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user takes root")
def test_another_users_are_not_used(tmp_path: Path) -> None:
    """A socket of another user is not connected to; in a folder of another user nobody listens."""
    listener = open_listener(tmp_path)
    os.chown(find_path(tmp_path), 12345, 12345, follow_symlinks=False)
    assert not is_ours(find_path(tmp_path))
    listener.close()
    os.chown(tmp_path / "run", 12345, 12345)
    with pytest.raises(VaultError, match="another user"):
        open_listener(tmp_path)


def test_what_is_no_socket_is_not_connected_to(tmp_path: Path) -> None:
    """Neither nothing, nor a file, nor a link to a socket elsewhere."""
    listener = open_listener(tmp_path / "home")
    assert not is_ours(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(find_path(tmp_path / "home"))
    assert not is_ours(tmp_path / "link")
    listener.close()
