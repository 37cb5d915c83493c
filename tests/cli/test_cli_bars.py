"""Bars on a terminal."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.cli.bars import Bar, write_bars
from chit.cli.cells import measure

BARS = [
    Bar(name="anthropic/claude-sonnet-4.5", amount=100, figure="$1.00", note="10 replies"),
    Bar(name="日本語", amount=1, figure="$0.01", note="1 reply"),
    Bar(name="free", amount=0, figure="$0", note="2 replies"),
]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A standard output that can say everything."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))


def test_wide() -> None:
    """Names, figures, bars and notes in columns; what is something has a bar, however little."""
    first, second, third = write_bars(BARS, 100).splitlines()
    assert first == "anthropic/claude-sonnet-4.5  $1.00  " + "█" * 40 + "  10 replies"
    assert second.startswith("日本語                       $0.01  ▍ ")
    assert third == "free                            $0" + " " * 44 + "2 replies"


def test_narrow() -> None:
    """First the notes go, then the bars, then the ends of names."""
    assert "replies" not in write_bars(BARS, 50)
    assert "█" in write_bars(BARS, 50)
    assert write_bars(BARS, 40).splitlines()[0] == "anthropic/claude-sonnet-4.5  $1.00"
    assert write_bars(BARS, 20).splitlines()[0] == "anthropic/cl…  $1.00"


def test_no_terminal() -> None:
    """Nothing is drawn, and nothing is cut."""
    assert write_bars(BARS, None).splitlines()[0] == "anthropic/claude-sonnet-4.5  $1.00  10 replies"
    assert write_bars([Bar(name="a", amount=5, figure="x")], None) == "a  x\n"
    assert write_bars([], 80) == ""


def test_an_encoding_without_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets signs that it has."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    lines = write_bars(BARS, 100).splitlines()
    assert "#" * 40 in lines[0]
    assert " # " in lines[1]


@given(
    st.lists(
        st.builds(
            Bar,
            name=st.text(st.characters(), max_size=30),
            amount=st.integers(-5, 10**15),
            figure=st.sampled_from(["–", "$0", "$12.50", "$0.0000012"]),
            note=st.sampled_from(["", "1 reply", "1,234,567 replies"]),
        ),
        max_size=6,
    ),
    st.integers(24, 200),
)
def test_nothing_is_wider_than_the_terminal(bars: list[Bar], width: int) -> None:
    """A line for each, whatever stands in it."""
    lines = write_bars(bars, width).split("\n")[:-1]
    assert len(lines) == len(bars)
    assert all(measure(line) <= width for line in lines)
