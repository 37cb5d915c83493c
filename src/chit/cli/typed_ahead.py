"""What a person types while a reply comes in: unseen, so that it does not run into the text, kept for the prompt."""

import asyncio
import os
import re
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from chit.cli.typed_line import without_flags

_STOP = re.compile(rb"(?:^|(?<=[\r\n]))[ \t]*/stop[ \t]*[\r\n]")
_LOUD = termios.ECHO | termios.ICANON
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Bracketed paste: pasted lines stay together."""


class QuietTerminal:
    """While it is entered, the terminal shows nothing that is typed and keeps every key, Ctrl-D as well, for whoever
    reads next; signals work as ever. It is so again after Ctrl-Z and `fg`, whatever the shell has made of it meanwhile.
    """

    def __init__(self) -> None:
        """That of standard input."""
        self._number = sys.stdin.fileno()
        self._before: list[Any] = []
        self._is_quiet = False
        self._on_continued: Any = None

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._number)
        self._set(quiet=True)
        self._on_continued = signal.signal(signal.SIGCONT, lambda *_: self._go_on())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGCONT, self._on_continued)
        self._set(quiet=False)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """As it was before."""
        self._set(quiet=False)
        try:
            yield
        finally:
            self._set(quiet=True)

    def _set(self, *, quiet: bool) -> None:
        self._is_quiet = quiet
        with suppress(termios.error):  # it may be gone
            attributes = without_flags(self._before, _LOUD) if quiet else self._before
            termios.tcsetattr(self._number, termios.TCSADRAIN, attributes)

    def _go_on(self) -> None:
        """In the background the terminal is the shell's. What a prompt has set is quiet already."""
        if self._is_quiet and _is_in_front(self._number):
            with suppress(termios.error):
                attributes = without_flags(termios.tcgetattr(self._number), _LOUD)
                termios.tcsetattr(self._number, termios.TCSADRAIN, attributes)


class TypedAhead:
    """While it is entered, keys are read. `/stop` on a line of its own is obeyed, and taken out."""

    def __init__(self, on_stop: Callable[[], None]) -> None:
        """`on_stop` is called for that, and where the terminal is gone."""
        self.data = b""
        """What was typed."""
        self._on_stop = on_stop
        self._number = sys.stdin.fileno()

    def __enter__(self) -> Self:
        _write(_PASTE_ON)
        asyncio.get_running_loop().add_reader(self._number, self._read)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._number)
        _write(_PASTE_OFF)

    def _read(self) -> None:
        data = b""
        with suppress(OSError):
            data = os.read(self._number, 4096)
        if not data:
            asyncio.get_running_loop().remove_reader(self._number)
            self._on_stop()
            return
        self.data += data
        if found := _STOP.search(self.data):
            self.data = self.data[: found.start()] + self.data[found.end() :]
            self._on_stop()


def _is_in_front(number: int) -> bool:
    """Whether we may change the terminal; one that does not control us has no background."""
    with suppress(OSError):
        return os.tcgetpgrp(number) == os.getpgrp()
    return True


def _write(text: str) -> None:
    if os.environ.get("TERM") != "dumb":
        with suppress(OSError):
            sys.stdout.write(text)
            sys.stdout.flush()
