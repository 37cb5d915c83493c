"""A line that a person types at a terminal."""

import os
import pty
import select
import signal
import termios
from collections.abc import Callable, Iterator

import pytest

from chit.cli.typed_line import ask_hidden, ask_openly


class Keyboard:
    """Behind a terminal: what it does at each look whether there is a line."""

    def __init__(self, keys: int, screen: int) -> None:
        self.keys, self.screen = keys, screen
        self.looks: list[Callable[[], object]] = []
        self.echoed: list[bool] = []
        """Whether the terminal showed what is typed, at each look."""

    def look(self, *given: object) -> tuple[list[object], list[object], list[object]]:
        """As `select.select`; nothing is to be read before the last of `looks` was done."""
        self.echoed.append(self.shows())
        self.looks.pop(0)()
        return ([self.screen], [], []) if not self.looks else ([], [], [])

    def type(self) -> None:
        """A line."""
        os.write(self.keys, b"open sesame\n")

    def shows(self) -> bool:
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """That of standard input."""
    keys, screen = pty.openpty()
    keyboard = Keyboard(keys, screen)
    monkeypatch.setattr(select, "select", keyboard.look)
    with open(screen) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield keyboard
    os.close(keys)


@pytest.mark.parametrize(("ask", "shown"), [(ask_openly, True), (ask_hidden, False)])
def test_a_line(keyboard: Keyboard, ask: Callable[[str], str], shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """It is waited for, however long; what is typed unseen is not shown, and the next line begins all the same."""
    keyboard.looks = [lambda: None, lambda: None, keyboard.type]
    assert ask("Word: ") == "open sesame"
    assert (keyboard.echoed, keyboard.shows()) == ([shown] * 3, True)
    assert capsys.readouterr().err == ("Word: " if shown else "Word: \n")


@pytest.mark.parametrize("ask", [ask_openly, ask_hidden])
def test_ctrl_c_just_before_the_waiting(keyboard: Keyboard, ask: Callable[[str], str]) -> None:
    """It ends with the next look, no line is needed; the terminal and the handler are as they were."""
    before = signal.getsignal(signal.SIGINT)
    keyboard.looks = [lambda: None, lambda: signal.raise_signal(signal.SIGINT)]
    with pytest.raises(KeyboardInterrupt):
        ask("Word: ")
    assert keyboard.shows()
    assert signal.getsignal(signal.SIGINT) is before
