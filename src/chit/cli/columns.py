"""How wide the terminal is, and text that is wrapped for it by word."""

import shutil
import sys
import textwrap

from chit.cli.terminal import is_terminal

_LEAST, _MOST = 60, 100
"""A narrower terminal wraps by itself, and in a wider one lines would be too long to read."""


def find_columns() -> int | None:
    """Of the terminal that standard output is, within reason; None if it is none, and nothing is to be wrapped."""
    if not is_terminal(sys.stdout):
        return None
    return min(max(shutil.get_terminal_size().columns, _LEAST), _MOST)


def wrap(text: str, width: int | None) -> list[str]:
    """At least one line; a word that is wider is broken."""
    if width is None:
        return [text]
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
