"""Text in columns of a terminal: how wide it is there, and cut to a width."""

import os
import sys
import unicodedata
from itertools import accumulate

from chit.cli.terminal import is_terminal, neutralise

_WIDE = frozenset("WF")
_NOTHING = frozenset({"Mn", "Me", "Cf"})
_LEAST = 20


def find_width() -> int | None:
    """Columns of the terminal that standard output is; None if it is none, and nothing is to be cut."""
    if not is_terminal(sys.stdout):
        return None
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(columns or 80, _LEAST)


def measure(text: str) -> int:
    """In columns: Chinese characters and emoji take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(each) in _NOTHING else 2 if unicodedata.east_asian_width(each) in _WIDE else 1
        for each in text
    )


def fit(text: str, width: int | None) -> str:
    """One line of it, cut with an ellipsis where it is wider."""
    line = " ".join(neutralise(text).split())
    if width is None or measure(line) <= width:
        return line
    if width < 1:
        return ""
    ends = enumerate(accumulate(map(measure, line)))
    return f"{line[: next(place for place, end in ends if end >= width)]}…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """With spaces after it, or before it with `right`."""
    space = " " * (width - measure(text))
    return f"{space}{text}" if right else f"{text}{space}"
