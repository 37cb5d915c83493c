"""What reaches a terminal, and what happens where nothing can be written."""

import errno
import fcntl
import io
import json
import os
import struct
import sys
import termios
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.person import Screen

from chit.cli import terminal
from chit.errors import ChitError


class Broken(io.RawIOBase):
    """A file that cannot be written to, for one reason."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._null = os.open(os.devnull, os.O_WRONLY)

    def writable(self) -> bool:
        """So it says."""
        return True

    def fileno(self) -> int:
        """What a silenced stream is led to."""
        return self._null

    def write(self, _: object) -> int:
        """Never."""
        raise OSError(self._number, os.strerror(self._number))

    def close(self) -> None:
        """Once."""
        if not self.closed:
            os.close(self._null)
        super().close()


class Unbuffered(io.TextIOWrapper):
    """Text straight to a raw file, so that nothing is left to flush later."""

    def __init__(self, raw: io.RawIOBase, encoding: str = "utf-8") -> None:
        super().__init__(raw, encoding=encoding, write_through=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("a\r\nb", "a\nb"),
        ("over\rwritten", "over\ufffdwritten"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202eevil\u2066", "\ufffdevil\ufffd"),
    ],
)
def test_nothing_a_terminal_obeys_passes(text: str, shown: str) -> None:
    """Escape sequences in both forms, carriage returns and bidi overrides become visible marks."""
    assert terminal.neutralise(text) == shown


@given(st.text())
def test_no_text_speaks_to_a_terminal(text: str) -> None:
    """Whatever a model says, only line feeds and tabs are left of what moves a cursor, and nothing else changes."""
    shown = terminal.neutralise(text)
    assert not [each for each in shown if unicodedata.category(each) == "Cc" and each not in "\n\t"]
    assert terminal.neutralise(shown) == shown
    assert len(shown) == len(text) - text.count("\r\n")


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR, a dumb terminal and a pipe each get plain text."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    screen, pipe = Screen(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    assert terminal.paint("x", "bad", screen) == "\x1b[31mx\x1b[0m"
    assert terminal.paint("x", "bad", pipe) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert terminal.paint("x", "bad", screen) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.paint("x", "bad", screen) == "x"


def test_a_line_is_replaced_only_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapped line is left standing; colours take no room; a dumb terminal erases nothing; else 80 columns count."""
    monkeypatch.setenv("TERM", "xterm")
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    with os.fdopen(slave, "w") as narrow:
        assert terminal.begin_again("x" * 19, narrow) == "\r\x1b[K"
        assert terminal.begin_again("\x1b[1mx\x1b[0m" * 19, narrow) == "\r\x1b[K"
        assert terminal.begin_again("x" * 20, narrow) == "\n"
        fcntl.ioctl(narrow, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        assert terminal.begin_again("x" * 79, narrow) == "\r\x1b[K"
    os.close(master)
    assert terminal.begin_again("x" * 79, Screen(io.BytesIO())) == "\r\x1b[K"
    monkeypatch.setenv("TERM", "dumb")
    assert terminal.begin_again("x", Screen(io.BytesIO())) == "\n"


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "é😀"), ("latin-1", "é?"), ("ascii", "??")])
def test_text_is_said_as_far_as_the_encoding_goes(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str) -> None:
    """What the output's encoding lacks becomes a question mark, never a crash."""
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
    terminal.write_out("é😀")
    assert out.getvalue().decode(encoding) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_json_survives_every_encoding_and_no_terminal_obeys_it(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """The object reads back equal, and neither C1 controls nor bidi overrides stand in it raw."""
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
    value = {"text": "é😀 \x1b[2J \x9b2J \x7f \u202e \u2028"}
    terminal.write_json(value)
    text = out.getvalue().decode(encoding)
    assert json.loads(text) == value
    assert not set(text) & set("\x1b\x9b\x7f\u202e")


def test_a_full_disk_behind_standard_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error with a hint, no bug, and the stream is silenced for the flush at exit."""
    monkeypatch.setattr(sys, "stdout", Unbuffered(Broken(errno.ENOSPC)))
    with pytest.raises(ChitError, match="standard output cannot be written") as caught:
        terminal.write_out("x")
    assert caught.value.kind == "output_failed"


def test_a_closed_pipe_is_left_to_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that has left is no error of ours."""
    monkeypatch.setattr(sys, "stdout", Unbuffered(Broken(errno.EPIPE)))
    with pytest.raises(BrokenPipeError):
        terminal.write_out("x")


def test_a_broken_standard_error_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody can be told is no reason to fail."""
    monkeypatch.setattr(sys, "stderr", Unbuffered(Broken(errno.ENOSPC)))
    terminal.write_err("x")
