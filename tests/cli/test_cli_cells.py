"""Text in columns."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.cli import cells
from chit.cli.cells import find_width, fit, measure, pad


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👍", 2), ("", 0), ("é", 1)])
def test_how_wide(text: str, width: int) -> None:
    """Wide characters take two columns, accents and joiners none."""
    assert measure(text) == width


@given(st.text(st.characters(), max_size=40), st.integers(1, 30))
def test_fitting(text: str, width: int) -> None:
    """One line, nothing in it that a terminal obeys, and never wider than asked for."""
    line = fit(text, width)
    assert measure(line) <= width
    assert "\n" not in line
    assert "\x1b" not in line


def test_what_fits_is_not_cut() -> None:
    """Only what is too wide ends in an ellipsis; without a width nothing is."""
    assert fit("a  b\nc", 5) == "a b c"
    assert fit("a b c d", 5) == "a b…"
    assert fit("日本語", 4) == "日…"
    assert fit("a" * 100, None) == "a" * 100
    assert fit("ab", 0) == ""


def test_padding() -> None:
    """To either side, by what is seen."""
    assert pad("日", 4) == "日  "
    assert pad("a", 3, right=True) == "  a"
    assert pad("abc", 2) == "abc"


@pytest.mark.parametrize(("size", "width"), [((100, 24), 100), ((0, 0), 80), ((5, 24), 20), (None, 80)])
def test_the_width_of_a_terminal(size: tuple[int, int] | None, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it says, within reason; one that does not say has eighty columns."""

    def tell(_: int) -> os.terminal_size:
        if size is None:
            raise OSError("no terminal")
        return os.terminal_size(size)

    monkeypatch.setattr(cells, "is_terminal", lambda stream: True)
    monkeypatch.setattr(os, "get_terminal_size", tell)
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    assert find_width() == width


def test_no_terminal() -> None:
    """Then nothing is cut."""
    assert find_width() is None
