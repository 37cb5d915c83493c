"""Tables as CSV (RFC 4180), safe to open in a spreadsheet.

A cell that a spreadsheet would take for a formula gets an apostrophe before it (attack case 41). Numbers that Python
made are left as they are: a negative one is no formula.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chit.core.surrogates import join_surrogates

Cell = str | int | float | Decimal | bool | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with; the wide forms count in some spreadsheets."""
_QUOTED = frozenset('",;\t\r\n')


def write_csv(rows: Iterable[Sequence[Cell]]) -> str:
    """One line for each row; None is an empty cell."""
    return "".join(f"{','.join(map(_write_cell, row))}\r\n" for row in rows)


def _write_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    text = join_surrogates(str(cell))
    if isinstance(cell, str) and text.lstrip(" ").startswith(_FORMULA):
        text = f"'{text}"
    return '"{}"'.format(text.replace('"', '""')) if _QUOTED.intersection(text) else text
