"""When something was, for a line on a terminal."""

from datetime import datetime

from chit.core.moments import tell_age

_MONTH = 30 * 86_400


def tell_when(at: float, now: float) -> str:
    """`3 h ago`; what is older than a month by its day, `2025-03-01`, in the time zone of this machine."""
    if now - at < _MONTH:
        return tell_age(max(0.0, now - at))
    try:
        return datetime.fromtimestamp(at).astimezone().date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "–"
