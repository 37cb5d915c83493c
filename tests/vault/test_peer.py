"""Who is at the other end of a Unix socket."""

import os
import socket
import struct

import pytest

from chit.vault.peer import find_peer


class Answering:
    """A socket whose system says this."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
        """What it was given, however long it should be."""
        return self.answer


def test_this_process_is_told_by_its_own_system() -> None:
    """On the real system both ends of a pair are this user."""
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert find_peer(one) == os.geteuid()


@pytest.mark.parametrize(
    ("platform", "answer", "user"),
    [
        ("linux", struct.pack("3i", 7, 501, 20), 501),
        ("darwin", struct.pack("IIh16I", 0, 501, 1, *range(16)), 501),
        ("darwin", struct.pack("IIh16I", 1, 501, 1, *range(16)), None),
        ("darwin", b"", None),
        ("linux", b"", None),
        ("plan9", b"", None),
    ],
)
def test_each_system_has_its_form(platform: str, answer: bytes, user: int | None) -> None:
    """Linux and macOS are read by their structures; what cannot be read is nobody."""
    assert find_peer(Answering(answer), platform) == user


def test_a_socket_that_is_gone_has_no_peer() -> None:
    """An error of the system's is nobody too."""
    closed = socket.socket(socket.AF_UNIX)
    closed.close()
    assert find_peer(closed) is None
