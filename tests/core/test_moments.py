"""Moments in words."""

import math

import pytest

from chit.core.moments import show_utc, tell_age


def test_a_moment_is_told_in_utc() -> None:
    """To the minute, wherever this machine is."""
    assert show_utc(1772546759.9) == "2026-03-03 14:05"


@pytest.mark.parametrize("seconds", [math.inf, math.nan, 1e300, -1e18])
def test_a_time_that_is_none_is_a_dash(seconds: float) -> None:
    """A damaged row breaks no page."""
    assert show_utc(seconds) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7300, "2 h ago"),
        (90_000, "1 day ago"),
        (200_000, "2 days ago"),
    ],
)
def test_age(seconds: float, words: str) -> None:
    """In the largest unit that fits; a clock set back is now."""
    assert tell_age(seconds) == words
