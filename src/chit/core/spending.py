"""What was spent: figures of many charges, by day, model, provider and origin, and the question that they answer.

A charge is what OpenRouter bills once: all generations that carry one id, or one generation without an id. It counts on
the day on which the first of them was sent, in the time zone in which it was recorded. Money is integer pico-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from chit.core.usage import from_pico

YEAR, MONTH, DAY = 4, 7, 10
"""How long the name of a year, a month and a day is: `2026`, `2026-03`, `2026-03-01`."""
UNKNOWN = ""
"""The model or provider of a charge of which neither reply nor record told it."""
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over charges. What is unknown is in no sum, and counted beside it."""

    charges: int = 0
    known: int = 0
    """How many of them have a cost, settled or reported."""
    pending: int = 0
    """Not settled yet."""
    unknown: int = 0
    """Of those that are not pending: billed perhaps, and nobody told what."""
    failed: int = 0
    """Refused, broken off, or never heard of again."""
    byok: int = 0
    """Run with the owner's provider key."""
    cost_pico: int = 0
    """Settled, else reported."""
    reported_pico: int = 0
    settled_pico: int = 0
    difference_pico: int = 0
    """Settled less reported, where both are known."""
    saved_pico: int = 0
    """What caching took off the price; less than nothing where writing to the cache cost more."""
    provider_pico: int = 0
    """What providers bill the owner of their keys; never part of the cost."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of the completion tokens."""
    cached_tokens: int = 0
    """Part of the prompt tokens."""

    @property
    def cost(self) -> Decimal | None:
        """US dollars; None where no cost is known."""
        return from_pico(self.cost_pico) if self.known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingQuery:
    """Which charges. None is any."""

    first: date | None = None
    """The first day of them."""
    last: date | None = None
    """The last day, itself included."""
    model: str | None = None
    provider: str | None = None
    origin: str | None = None
    private: bool | None = None
    """Whether of private conversations."""

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for some of what there is on its days."""
        return any(each is not None for each in (self.model, self.provider, self.origin, self.private))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dear:
    """One of the dearest replies."""

    day: str
    model: str
    cost: Decimal
    conversation_id: str
    title: str | None
    """Of its conversation; None where that was deleted."""
    message_id: str | None
    """The reply; None where it was deleted."""
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """One reply that may have been billed, though nobody told what it cost."""

    created_at: float
    """When it was asked for, unix seconds."""
    model: str
    generation_id: str | None
    """None where none ever came; else OpenRouter never gave a record of it."""
    conversation_id: str
    title: str | None
    """Of its conversation; None where that was deleted."""
    message_id: str | None
    """The reply; None where it was deleted."""
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The answer, all of one moment."""

    first: date | None = None
    """Of what was asked for, or of all there is; None where there is nothing."""
    last: date | None = None
    total: Figures = field(default_factory=Figures)
    models: Mapping[str, Figures] = field(default_factory=dict)
    providers: Mapping[str, Figures] = field(default_factory=dict)
    origins: Mapping[str, Figures] = field(default_factory=dict)
    periods: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Pico-dollars by day or month, and in each by model; periods without any cost are left out."""
    by: int = DAY
    """What the periods are: `DAY` or `MONTH`."""
    first_tokens: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """By model: how many first tokens, measured here, came within each bucket of `percentiles`."""
    latencies: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """By model: the same of the latency that OpenRouter recorded."""
    dearest: tuple[Dear, ...] = ()
    doubtful: tuple[Doubtful, ...] = ()
    """The newest of those that `total.unknown` counts, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingChoices:
    """What there is to choose from, over all time; sorted."""

    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpending:
    """The figures of one day, model, provider, origin and kind of conversation."""

    day: str
    model: str
    provider: str
    origin: str
    private: bool
    figures: Figures
    cursor: tuple[str, int]
    """Where a list goes on after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge, for a list. Costs in US dollars; None is unknown."""

    day: str
    created_at: float
    id: str
    """Our id of its first generation."""
    generation_id: str | None
    conversation_id: str
    private: bool
    origin: str
    requested_model: str | None
    model: str
    provider: str
    state: str
    settlement: str | None
    reported_cost: str | None
    """To its last digit."""
    settled_cost: str | None
    saved: Decimal | None
    provider_cost: Decimal | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    time_to_first_token_ms: int | None
    latency_ms: int | None
    cursor: tuple[str, int]
    """Where a list goes on after it."""


def split_days(first: date, last: date, *, widest: int = YEAR) -> list[tuple[int, str, str]]:
    """The days as whole years, months and single days: the kind of each stretch, its first and its last name.

    So that few rows need be added up, however long it is. `widest` `MONTH` or `DAY` leaves the wider kinds out.
    """
    stretches: list[tuple[int, str, str]] = []
    day = first
    while day <= last:
        size, end = next(
            (each, end)
            for each in (YEAR, MONTH, DAY)
            if each >= widest and (end := _last_of(day, each)) is not None and end <= last
        )
        name = day.isoformat()[:size]
        if stretches and stretches[-1][0] == size:
            stretches[-1] = (size, stretches[-1][1], name)
        else:
            stretches.append((size, name, name))
        if end == date.max:
            break
        day = end + _ONE
    return stretches


def _last_of(day: date, size: int) -> date | None:
    """The last day of the year or month that begins with `day`, or the day itself; None where none begins then."""
    if size == DAY:
        return day
    if day.day != 1 or (size == YEAR and day.month != 1):
        return None
    if size == YEAR or day.month == 12:
        return date(day.year, 12, 31)
    return date(day.year, day.month + 1, 1) - _ONE
