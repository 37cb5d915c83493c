"""Charts as figures for a template: rectangles in a drawing that is stretched to its place. Words stand around it."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100
STEP = 10
"""The width of a column with the gap beside it."""
_GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One rectangle; texts are numbers as SVG takes them."""

    series: int
    """Its colour, from 1."""
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bar, of pieces that stand on each other."""

    x: int
    width: int
    pieces: tuple[Piece, ...]
    said: str
    """What it shows, in words."""


def stack_columns(columns: Sequence[tuple[str, Sequence[int]]]) -> tuple[Column, ...]:
    """One for each: what to say of it, and its amounts by series. The highest reaches the top.

    What is less than nothing is not drawn.
    """
    top = max((sum(max(0, amount) for amount in amounts) for _, amounts in columns), default=0) or 1
    drawn = []
    for place, (said, amounts) in enumerate(columns):
        pieces, below = [], 0
        for series, amount in enumerate(amounts, 1):
            if amount > 0:
                below += amount
                y, height = HEIGHT * (1 - below / top), HEIGHT * amount / top
                pieces.append(Piece(series=series, y=f"{y:.2f}", height=f"{height:.2f}"))
        drawn.append(Column(x=place * STEP, width=STEP - _GAP, pieces=tuple(pieces), said=said))
    return tuple(drawn)


def measure_bar(amount: int, most: int) -> str:
    """The length of a bar out of 100, beside the longest."""
    return f"{100 * max(0, amount) / most:.1f}" if most > 0 else "0"
