"""How money, durations, speeds, ages and days are worded on the pages."""

from datetime import date, datetime
from decimal import Decimal

from chit.core.moments import show_utc, tell_age
from chit.core.receipt_words import show_count
from chit.core.usage import from_pico, show_cost

_MINUTE = 60


def brief_duration(milliseconds: int | None) -> str:
    """For a line: `0.8 s`, `12 s`, `2 min 5 s`; unknown is a dash."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return " ".join(f"{amount} {unit}" for amount, unit in ((minutes, "min"), (rest, "s")) if amount)


def exact_duration(milliseconds: int | None) -> str:
    """For the receipt: `812 ms`, `3.79 s`, `74.2 s`; unknown is a dash."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.{2 if milliseconds < 10_000 else 1}f} s"


def show_speed(tokens_per_second: float) -> str:
    """`84 tok/s`; below ten with one decimal."""
    return f"{tokens_per_second:.{1 if tokens_per_second < 9.95 else 0}f} tok/s"


def show_size(size: int) -> str:
    """`12 bytes`, `3.4 kB`, `20 MB`: as file managers count, in thousands."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount, unit = (size / 1000, "kB") if size < 999_500 else (size / 1_000_000, "MB")
    return f"{amount:.{1 if amount < 9.95 else 0}f} {unit}"


def name_day(day: date, today: date) -> str:
    """`Today`, `Yesterday`, a weekday within the last week, else `3 March`, with the year if it is another one."""
    age = (today - day).days
    if age <= 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age < 7:
        return f"{day:%A}"
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B} {day.year}"


def show_moment(unix_seconds: float) -> str:
    """`3 March 2026, 14:05`, in the time zone of this machine."""
    moment = datetime.fromtimestamp(unix_seconds).astimezone()
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def show_pico(pico: int) -> str:
    """As `show_cost`, of pico-dollars."""
    return show_cost(from_pico(pico))


def show_percent(share: Decimal) -> str:
    """`12 %`; below one with a digit more, and a little is not none: `0.4 %`, `< 0.1 %`."""
    percent = share * 100
    if 0 < percent < Decimal("0.1"):
        return "< 0.1 %"
    return f"{percent:.{0 if percent >= 1 or not percent else 1}f} %"


def show_thousands(count: int) -> str:
    """`8k`, `131k`, `1.05M`; below a thousand as it is."""
    if count >= 1_000_000:
        return f"{Decimal(count) / 1_000_000:.3g}M"
    return f"{count / 1000:.0f}k" if count >= 1000 else str(count)


def show_per_million(price: Decimal) -> str:
    """Of a price a token, the price a million tokens."""
    return show_cost(price * 1_000_000)


FILTERS = {
    "cost": show_cost,
    "percent": show_percent,
    "thousands": show_thousands,
    "per_million": show_per_million,
    "pico": show_pico,
    "count": show_count,
    "brief": brief_duration,
    "exact": exact_duration,
    "speed": show_speed,
    "size": show_size,
    "age": tell_age,
    "moment": show_moment,
    "utc": show_utc,
}
"""By the names that templates use."""
