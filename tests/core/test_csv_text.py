"""Tables as CSV: read back as they were, and no cell of them is a formula."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.csv_text import write_csv


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=4), max_size=5))
def test_any_text_comes_back(rows: list[list[str]]) -> None:
    """A reader of CSV gets every text as it was, but for the apostrophe before what could be a formula."""
    read = list(csv.reader(io.StringIO(write_csv(rows), newline="")))
    assert [[cell.removeprefix("'") if is_formula(cell[1:]) else cell for cell in row] for row in read] == rows
    assert not any(is_formula(cell) for row in read for cell in row)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('=HYPERLINK("https://evil.example")', '"\'=HYPERLINK(""https://evil.example"")"'),
        ("+1", "'+1"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        (-1, "-1"),
        (Decimal("-0.5"), "-0.5"),
        (None, ""),
        ("half \ud83d", "half \ufffd"),
        ("a,b", '"a,b"'),
    ],
)
def test_attack_41_formulas(value: object, cell: str) -> None:
    """Attack 41: a text that begins like a formula is text; numbers stay numbers."""
    assert write_csv([[value, "x"]]) == f"{cell},x\r\n"
