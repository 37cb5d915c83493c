"""Moments in words."""

import math

import pytest

from chit.core.moments import show_utc


def test_a_moment_is_told_in_utc() -> None:
    """To the minute, wherever this machine is."""
    assert show_utc(1772546759.9) == "2026-03-03 14:05"


@pytest.mark.parametrize("seconds", [math.inf, math.nan, 1e300, -1e18])
def test_a_time_that_is_none_is_a_dash(seconds: float) -> None:
    """A damaged row breaks no page."""
    assert show_utc(seconds) == "–"
