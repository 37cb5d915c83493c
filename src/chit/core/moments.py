"""Moments in the words that every face uses."""

from datetime import UTC, datetime


def show_utc(unix_seconds: float) -> str:
    """`2026-03-03 14:05`, in UTC as OpenRouter's pages have it; a time that is none is a dash."""
    try:
        return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "–"
