"""How figures are worded on the pages."""

from datetime import date
from decimal import Decimal

import pytest

from chit.web.figures import (
    brief_duration,
    exact_duration,
    name_day,
    show_moment,
    show_per_million,
    show_percent,
    show_pico,
    show_size,
    show_speed,
    show_thousands,
)

TODAY = date(2026, 3, 18)


@pytest.mark.parametrize(
    ("milliseconds", "brief", "exact"),
    [
        (None, "–", "–"),
        (0, "0.0 s", "0 ms"),
        (812, "0.8 s", "812 ms"),
        (3790, "3.8 s", "3.79 s"),
        (9960, "10 s", "9.96 s"),
        (74_230, "1 min 14 s", "74.2 s"),
        (59_700, "1 min", "59.7 s"),
    ],
)
def test_durations(milliseconds: int | None, brief: str, exact: str) -> None:
    """Short in a line, exact on the receipt, a dash where unknown."""
    assert brief_duration(milliseconds) == brief
    assert exact_duration(milliseconds) == exact


@pytest.mark.parametrize(("speed", "words"), [(84.2, "84 tok/s"), (3.25, "3.2 tok/s"), (9.96, "10 tok/s")])
def test_speed(speed: float, words: str) -> None:
    """One decimal only where it matters."""
    assert show_speed(speed) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 19), "Today"),
        (TODAY, "Today"),
        (date(2026, 3, 17), "Yesterday"),
        (date(2026, 3, 12), "Thursday"),
        (date(2026, 3, 11), "11 March"),
        (date(2025, 3, 11), "11 March 2025"),
    ],
)
def test_days(day: date, words: str) -> None:
    """Near days by name, others by date, another year with its number."""
    assert name_day(day, TODAY) == words


def test_moments() -> None:
    """Day, month, year and minute."""
    assert show_moment(1_780_944_400.0).split(",")[0].endswith(" June 2026")


@pytest.mark.parametrize(
    ("share", "words"),
    [("0", "0 %"), ("0.0004", "< 0.1 %"), ("0.004", "0.4 %"), ("0.1249", "12 %"), ("1.5", "150 %")],
)
def test_shares(share: str, words: str) -> None:
    """A little is not nothing."""
    assert show_percent(Decimal(share)) == words


@pytest.mark.parametrize(
    ("count", "words"), [(999, "999"), (8192, "8k"), (131_072, "131k"), (1_000_000, "1M"), (1_048_576, "1.05M")]
)
def test_sizes_of_a_context(count: int, words: str) -> None:
    """As models are advertised."""
    assert show_thousands(count) == words


def test_money_in_other_units() -> None:
    """Pico-dollars, and a price a token as one a million tokens."""
    assert show_pico(25 * 10**10) == "$0.25"
    assert show_per_million(Decimal("0.0000003")) == "$0.30"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (20_000_000, "20 MB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    """In thousands, with one decimal where that says something."""
    assert show_size(size) == words
