"""A terminal that keeps quiet."""

import os
import signal
import sys
import termios
from collections.abc import Iterator

import pytest
from tests.upstream import until

from chit.cli.typed_ahead import QuietTerminal, TypedAhead

Ends = tuple[int, int]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """Both ends of one; the second is standard input."""
    master, slave = os.openpty()
    with os.fdopen(slave) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setenv("TERM", "dumb")
        yield master, slave
    os.close(master)


def is_quiet(number: int) -> bool:
    """Whether it shows nothing and keeps every key."""
    flags = termios.tcgetattr(number)[3]
    assert flags & termios.ISIG
    return not flags & (termios.ECHO | termios.ICANON)


def test_it_is_quiet_for_a_while(ends: Ends) -> None:
    """And as it was before in between and afterwards."""
    _, slave = ends
    with QuietTerminal() as quiet:
        assert is_quiet(slave)
        with quiet.lifted():
            assert not is_quiet(slave)
        assert is_quiet(slave)
    assert not is_quiet(slave)


def speak_up(number: int) -> None:
    """What a shell makes of a terminal whose program was stopped."""
    attributes = termios.tcgetattr(number)
    attributes[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(number, termios.TCSANOW, attributes)


def test_it_is_quiet_again_after_a_stop(ends: Ends) -> None:
    """But for where it is not to be quiet, and afterwards."""
    _, slave = ends
    before = signal.getsignal(signal.SIGCONT)
    with QuietTerminal() as quiet:
        speak_up(slave)
        signal.raise_signal(signal.SIGCONT)
        assert is_quiet(slave)
        with quiet.lifted():
            signal.raise_signal(signal.SIGCONT)
            assert not is_quiet(slave)
    assert not is_quiet(slave)
    assert signal.getsignal(signal.SIGCONT) == before


def test_in_the_background_the_terminal_is_left_alone(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changed it from there would be stopped again."""
    _, slave = ends
    with QuietTerminal():
        speak_up(slave)
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: 0)
        signal.raise_signal(signal.SIGCONT)
        assert not is_quiet(slave)
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        signal.raise_signal(signal.SIGCONT)
        assert is_quiet(slave)


@pytest.mark.parametrize(
    ("typed", "kept", "stops"),
    [
        (b"later", b"later", 0),
        (b"/stop\n", b"", 1),
        (b"a\n /stop \rb", b"a\nb", 1),
        (b"no /stop\n/stopping\n/stop", b"no /stop\n/stopping\n/stop", 0),
        (b"\x04\x1b[A\xff", b"\x04\x1b[A\xff", 0),
    ],
)
async def test_keys_are_kept(ends: Ends, typed: bytes, kept: bytes, stops: int) -> None:
    """But for the command to stop, alone on its line."""
    master, _ = ends
    stopped: list[int] = []
    with QuietTerminal(), TypedAhead(lambda: stopped.append(1)) as ahead:
        os.write(master, typed)
        await until(lambda: len(ahead.data) >= len(kept) and len(stopped) >= stops)
        assert (ahead.data.replace(b"\r", b"\n"), len(stopped)) == (kept, stops)


async def test_a_terminal_that_goes_stops(ends: Ends) -> None:
    """Once."""
    stopped: list[int] = []
    master, _ = ends
    gone = os.dup(master)
    with QuietTerminal(), TypedAhead(lambda: stopped.append(1)):
        os.dup2(os.open(os.devnull, os.O_RDWR), master)
        os.close(gone)
        await until(lambda: stopped)
    assert stopped == [1]
