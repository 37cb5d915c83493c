"""Tables as CSV (RFC 4180) that a spreadsheet opens without running anything (attack case 41)."""

from collections.abc import Iterable, Sequence

from chit.core.surrogates import join_surrogates

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = frozenset(',"\r\n')


def write_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows, each line ended by CRLF; None is an empty cell.

    A text that a spreadsheet would take for a formula gets a leading apostrophe. Numbers are left as they are.
    """
    return "".join(f"{','.join(map(_cell, row))}\r\n" for row in rows)


def _cell(value: object) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = join_surrogates(value)
    if text.startswith(_STARTS_A_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text
