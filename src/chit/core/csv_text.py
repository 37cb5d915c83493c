"""Tables as CSV (RFC 4180) that a spreadsheet opens without running anything (attack case 41)."""

import csv
import io
from collections.abc import Iterable, Sequence

from chit.core.surrogates import join_surrogates

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows, each line ended by CRLF; None is an empty cell.

    A text that a spreadsheet would take for a formula gets a leading apostrophe. Numbers are left as they are.
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = join_surrogates(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
