"""Text in columns of a terminal: how wide it is there, and cut to a width."""

import sys

from rich.cells import cell_len, set_cell_size

from chit.cli.terminal import count_columns, is_terminal, neutralise

_LEAST = 20


def find_width() -> int | None:
    """Columns of the terminal that standard output is; None if it is none, and nothing is to be cut."""
    return max(count_columns(sys.stdout), _LEAST) if is_terminal(sys.stdout) else None


def measure(text: str) -> int:
    """In columns: Chinese characters and emoji take two, accents none."""
    return cell_len(text)


def fit(text: str, width: int | None) -> str:
    """One line of it, cut with an ellipsis where it is wider."""
    line = " ".join(neutralise(text).split())
    if width is None or cell_len(line) <= width:
        return line
    return f"{set_cell_size(line, width - 1).rstrip()}…" if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """With spaces after it, or before it with `right`."""
    space = " " * (width - measure(text))
    return f"{space}{text}" if right else f"{text}{space}"
