"""Figures beside each other on a terminal: a line for each, with a bar as long as its amount."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from chit.cli.cells import fit, measure, pad

_LEAST_BAR, _MOST_BAR = 6, 40
_LEAST_NAME = 10
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_PLAIN = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line."""

    name: str
    amount: int
    """What its bar is as long as; of less than nothing there is none."""
    figure: str
    note: str = ""


def write_bars(bars: Sequence[Bar], width: int | None) -> str:
    """The lines; without a `width` there are no bars, and nothing is cut. Where it is narrow, notes go first."""
    figures = max((measure(bar.figure) for bar in bars), default=0)
    names = max((measure(fit(bar.name, None)) for bar in bars), default=0)
    notes = max((measure(bar.note) for bar in bars), default=0)
    length = 0
    if width is not None:
        names = min(names, max(_LEAST_NAME, width - figures - 2))
        left = width - names - figures - 4
        if left < notes + 2 + _LEAST_BAR:
            notes = 0
        length = min(_MOST_BAR, left - (notes + 2 if notes else 0))
    most = max((bar.amount for bar in bars), default=0)
    lines = []
    for bar in bars:
        cells = [pad(fit(bar.name, names), names), pad(bar.figure, figures, right=True)]
        cells += [pad(_draw(bar.amount, most, length), length)] if length >= _LEAST_BAR else []
        cells += [bar.note] if notes else []
        lines.append("  ".join(cells).rstrip())
    return "".join(f"{line}\n" for line in lines)


def _draw(amount: int, most: int, length: int) -> str:
    """In eighths of a column, where the encoding has them; what is something is never nothing."""
    if amount <= 0:
        return ""
    eighths = max(1, round(8 * length * amount / most))
    whole, rest = divmod(eighths, 8)
    bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
    try:
        bar.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return _PLAIN * max(1, whole)
    return bar
