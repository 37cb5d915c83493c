"""Moments in the words that every face uses."""

from datetime import UTC, datetime


def read_utc(unix_seconds: float) -> datetime | None:
    """In UTC, as OpenRouter's pages have it; None for a time that is none, which a damaged or imported row may hold."""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def show_utc(unix_seconds: float) -> str:
    """`2026-03-03 14:05`; a time that is none is a dash."""
    moment = read_utc(unix_seconds)
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
