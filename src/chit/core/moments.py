"""Moments in the words that every face uses."""

from datetime import UTC, datetime

_UNITS = (("day", 86_400), ("h", 3_600), ("min", 60))


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


def tell_age(seconds: float) -> str:
    """How long ago: `just now`, `1 min ago`, `3 h ago`, `2 days ago`. A clock that was set back is now."""
    for unit, size in _UNITS:
        if (count := int(seconds // size)) > 0:
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} ago"
    return "just now"
