"""A line that a person types at the terminal, seen or unseen.

`readline` and `getpass` see a Ctrl-C that comes just before they begin to wait only after the line, and asyncio's own
handler always does so; here it ends the waiting at once.
"""

import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from chit.cli.terminal import write_err

_LFLAGS = 3
_LOOK_EVERY = 0.2
"""Seconds within which a Ctrl-C is seen."""


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def without_flags(attributes: list[Any], flags: int) -> list[Any]:
    """A terminal's attributes, as `termios` has them, without some of its local flags, such as ECHO."""
    changed = [*attributes]
    changed[_LFLAGS] &= ~flags
    return changed


def ask_hidden(prompt: str) -> str:
    """What a person types, unseen. Raises `KeyboardInterrupt` also for the end of the input."""
    line = _ask(prompt, hidden=True)
    write_err("\n")  # the one that was typed is not seen either
    return line


def ask_openly(prompt: str) -> str:
    """What a person types; as `ask_hidden`."""
    return _ask(prompt, hidden=False)


def _ask(prompt: str, *, hidden: bool) -> str:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _unseen() if hidden else nullcontext():
            write_err(prompt)  # within: who sees it may press Ctrl-C at once
            while not select.select([sys.stdin], [], [], _LOOK_EVERY)[0]:
                pass
            if line := sys.stdin.readline():
                return line.removesuffix("\n")
            raise EOFError
    except (KeyboardInterrupt, EOFError):
        write_err("\n")
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _unseen() -> Iterator[None]:
    """What was typed before is dropped, as `getpass` does: it was seen."""
    before = termios.tcgetattr(sys.stdin)
    termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, without_flags(before, termios.ECHO))
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
