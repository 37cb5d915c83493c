"""CSV that a spreadsheet reads back, and takes nothing in it for a formula."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.core.csv_text import write_csv

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
FORMULAS = (*DANGEROUS, "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=5))
@example([["", "'"]])
def test_what_was_written_is_read_back(rows: list[list[str]]) -> None:
    """Cell by cell, by Python's reader, but for an apostrophe before what may be a formula; none begins like one."""
    read = list(csv.reader(io.StringIO(write_csv(rows), newline="")))
    assert read == [[f"'{cell}" if cell.lstrip(" ").startswith(FORMULAS) else cell for cell in row] for row in rows]
    assert not [cell for found in read for cell in found if cell.lstrip(" ").startswith(DANGEROUS)]


@pytest.mark.parametrize(
    "formula", ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "  =1", "\uff1d1", "\n=1"]
)
def test_a_formula_becomes_text(formula: str) -> None:
    """Attack 41: with an apostrophe before it."""
    ((cell,),) = csv.reader(io.StringIO(write_csv([[formula]]), newline=""))
    assert cell == f"'{formula}"


def test_another_separator_cuts_no_cell() -> None:
    """A spreadsheet that reads semicolons finds no formula behind one."""
    assert write_csv([["a;=1", "b"]]) == '"a;=1",b\r\n'


def test_values_that_are_no_texts() -> None:
    """Numbers of ours stay numbers, negative ones too; nothing is an empty cell."""
    row = (None, True, False, -3, 2.5, Decimal("-1.98E-8"), Decimal("12.50"))
    assert write_csv([row]) == ",yes,no,-3,2.5,-0.0000000198,12.50\r\n"
    assert write_csv([]) == ""


def test_half_a_character_is_replaced() -> None:
    """No file could hold it."""
    assert write_csv([["half \ud83d", 1]]) == "half \ufffd,1\r\n"
