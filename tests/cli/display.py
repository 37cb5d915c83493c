"""What a terminal would show: as much of one as a prompt needs, so that tests see lines instead of codes."""

import fcntl
import os
import re
import select
import signal
import struct
import termios

from rich.cells import cell_len
from tests.cli.person import PATIENCE, Person, Terminal

_PIECES = re.compile("\x1b\\[([?>0-9;]*)([A-Za-z@])|\x1b\\][^\x07]*\x07|\x1b[=>]|[\x00-\x1f]|[^\x00-\x1f]")
ENTER, ALT_ENTER, CTRL_C, CTRL_D, TAB = "\r", "\x1b\r", "\x03", "\x04", "\t"
PASTE = "\x1b[200~{}\x1b[201~"


class Display:
    """Lines of cells with a cursor; those that scrolled away are kept."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._lines: list[list[str]] = [[]]
        self._x = self._y = 0
        self._wraps = True

    @property
    def text(self) -> str:
        """All lines, without the blanks at their ends and at the end of all."""
        return "\n".join("".join(line).rstrip() for line in self._lines).rstrip("\n")

    def feed(self, text: str) -> None:
        """What a program has written; a line feed goes to the beginning of the next line."""
        for found in _PIECES.finditer(text):
            if found[2]:
                self._obey(found[1], found[2])
            elif found[0] == "\r":
                self._x = 0
            elif found[0] == "\n":
                self._x, self._y = 0, self._y + 1
                self._reach()
            elif found[0] == "\b":
                self._x = max(0, self._x - 1)
            elif found[0] >= " ":
                self._put(found[0])

    def _put(self, character: str) -> None:
        size = cell_len(character)
        if self._x + size > self.columns and self._wraps:
            self._x, self._y = 0, self._y + 1
        self._reach()
        line = self._lines[self._y]
        line += " " * (self._x - len(line))
        line[self._x : self._x + size] = [character, *[""] * (size - 1)]
        self._x = min(self._x + size, self.columns)

    def _obey(self, arguments: str, code: str) -> None:
        number = int(arguments) if arguments.isdecimal() else 1
        line = self._lines[self._y]
        if code == "A":
            self._y = max(0, self._y - number)
        elif code == "B":
            self._y += number
            self._reach()
        elif code == "C":
            self._x = min(self._x + number, self.columns)
        elif code == "D":
            self._x = max(0, self._x - number)
        elif code == "K":
            del line[self._x :]
        elif code == "J":
            del line[self._x :], self._lines[self._y + 1 :]
        elif arguments == "?7":
            self._wraps = code == "h"

    def _reach(self) -> None:
        while len(self._lines) <= self._y:
            self._lines.append([])


class Chat:
    """One `chit chat` at a terminal, with somebody who looks at it."""

    def __init__(self, person: Person, *arguments: str, columns: int = 80) -> None:
        self.terminal: Terminal = person.sit_down("chat", *arguments, columns=columns)
        self.display = Display(columns)
        self._fed = 0

    @property
    def text(self) -> str:
        """As it is to be seen."""
        self.display.feed(self.terminal.screen[self._fed :])
        self._fed = len(self.terminal.screen)
        return self.display.text

    def see(self, text: str, *, times: int = 1) -> str:
        """Wait until it is to be seen; everything that is."""
        while self.text.count(text) < times:
            self._read()
        return self.text

    def see_no(self, text: str) -> str:
        """Wait until it is to be seen no more."""
        while text in self.text:
            self._read()
        return self.text

    def see_end(self, text: str) -> str:
        """Wait until the last line is this."""
        while self.text.rpartition("\n")[2] != text:
            self._read()
        return self.text

    def _read(self) -> None:
        """More, or a failure that shows how far it came."""
        ready, _, _ = select.select([self.terminal._master], [], [], PATIENCE)
        assert ready, self.text
        assert self.terminal._read(), self.text

    def type(self, text: str) -> None:
        """Keys."""
        self.terminal.type(text)

    def say(self, text: str) -> None:
        """Keys, and Enter."""
        self.terminal.type(text + ENTER)

    def interrupt(self) -> None:
        """Ctrl-C where the terminal makes a signal of it."""
        self.terminal.process.send_signal(signal.SIGINT)

    def resize(self, columns: int) -> None:
        """As a person who pulls at the window."""
        fcntl.ioctl(self.terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.display.columns = columns
        self.terminal.process.send_signal(signal.SIGWINCH)

    def leave(self) -> int:
        """Ctrl-D, and the exit code."""
        self.type(CTRL_D)
        return self.close()

    def close(self) -> int:
        """Read to the end; the exit code."""
        code = self.terminal.close()
        assert self.text is not None
        return code


def hang_up(chat: Chat) -> None:
    """The window is closed."""
    os.close(chat.terminal._master)
