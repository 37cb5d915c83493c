"""What a person types while a reply comes in: unseen, so that it does not run into the text, kept for the prompt."""

import asyncio
import os
import re
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_STOP = re.compile(rb"(?:^|(?<=[\r\n]))[ \t]*/stop[ \t]*[\r\n]")
_LFLAG = 3
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Bracketed paste: pasted lines stay together."""


class TypedAhead:
    """While it is entered, the terminal echoes nothing; signals work as ever."""

    def __init__(self, on_stop: Callable[[], None]) -> None:
        """`/stop` on a line of its own calls `on_stop`, and is taken out."""
        self.data = b""
        """What was typed."""
        self._on_stop = on_stop
        self._number = sys.stdin.fileno()
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._number)
        quiet = termios.tcgetattr(self._number)
        quiet[_LFLAG] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self._number, termios.TCSADRAIN, quiet)
        self._write(_PASTE_ON)
        asyncio.get_running_loop().add_reader(self._number, self._read)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._number)
        with suppress(OSError, termios.error):  # the terminal may be gone
            self._write(_PASTE_OFF)
            termios.tcsetattr(self._number, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        try:
            data = os.read(self._number, 4096)
        except OSError:
            data = b""
        if not data:  # the terminal is gone
            asyncio.get_running_loop().remove_reader(self._number)
            self._on_stop()
            return
        self.data += data
        if found := _STOP.search(self.data):
            self.data = self.data[: found.start()] + self.data[found.end() :]
            self._on_stop()

    def _write(self, text: str) -> None:
        if os.environ.get("TERM") != "dumb":
            sys.stdout.write(text)
            sys.stdout.flush()
