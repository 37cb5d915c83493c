"""Waits and times of day in words, by arithmetic alone: the core knows no clock and no time zone."""

_DAY = 86_400


def word_wait(seconds: float | None) -> str | None:
    """`in 2 seconds`, `in 3 minutes`, both rounded up; None for what is no wait."""
    if seconds is None or not 0 < seconds < 10**9:
        return None
    whole = -int(-seconds // 1)
    return f"in {whole} second{'' if whole == 1 else 's'}" if whole < 120 else f"in {-(-whole // 60)} minutes"


def word_reset(at: float | None, utc_offset: int) -> str:
    """`at 02:00 your time (00:00 UTC)`, or `at 00:00 UTC` where that is the same.

    `at` is in unix seconds; without a sensible one it is midnight UTC, when quotas start anew (field guide §4.9).
    `utc_offset` is in seconds east of UTC.
    """
    time = int(at) if at is not None and 0 <= at < 10**11 else 0
    there = _clock(time)
    return f"at {there} UTC" if utc_offset % _DAY == 0 else f"at {_clock(time + utc_offset)} your time ({there} UTC)"


def word_renewal(period: str | None, utc_offset: int) -> str | None:
    """When a daily, weekly or monthly limit starts anew (field guide §5.2); None for one that never does."""
    words = {
        "daily": word_reset(None, utc_offset),
        "weekly": "on Monday at 00:00 UTC",
        "monthly": "on the first of the month at 00:00 UTC",
    }
    return words.get(period or "")


def _clock(time: int) -> str:
    minutes = time % _DAY // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
