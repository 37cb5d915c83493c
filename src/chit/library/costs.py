"""What was spent, as a program asks for it: exact sums, as the page about costs has them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from chit.core.spending import DAY, MONTH, DaySpending, Figures, SpendingQuery
from chit.core.usage import from_pico
from chit.store.protocol import Store

By = Literal["day", "month", "model", "provider", "origin"]
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Sums in US dollars, exact: settled costs, else reported ones."""

    total: Decimal | None
    """None where no cost is known."""
    charges: int
    """What was billed, once each."""
    pending: int
    """How many of them are not settled yet."""
    unknown: int
    """How many of them may have been billed, and nobody told what: they are in no sum."""
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    """By day (`2026-03-01`) or month (`2026-03`), oldest first, or by model, provider or origin, dearest first. What a
    reply did not tell has the name ""."""


async def sum_costs(store: Store, query: SpendingQuery, by: By | None) -> Costs:
    """Raises `StoreError`."""
    if by in ("day", "month"):
        parts = await _sum_periods(store, query, DAY if by == "day" else MONTH)
    else:
        parts = {}
    spending = await store.sum_spending(query)
    splits = {"model": spending.models, "provider": spending.providers, "origin": spending.origins}
    if by in splits:
        parts = _order({name: each for name, each in splits[by].items() if each.known})
    total = spending.total
    return Costs(total=total.cost, charges=total.charges, pending=total.pending, unknown=total.unknown, parts=parts)


async def _sum_periods(store: Store, query: SpendingQuery, size: int) -> dict[str, Decimal]:
    sums: defaultdict[str, int] = defaultdict(int)
    async for each in _list_days(store, query):
        if each.figures.known:
            sums[each.day[:size]] += each.figures.cost_pico
    return {period: from_pico(pico) for period, pico in sorted(sums.items())}


async def _list_days(store: Store, query: SpendingQuery) -> AsyncIterator[DaySpending]:
    after = None
    while page := await store.list_spending_days(query, after, _PAGE):
        for each in page:
            yield each
        after = page[-1].cursor


def _order(figures: Mapping[str, Figures]) -> dict[str, Decimal]:
    dearest = sorted(figures.items(), key=lambda each: (-each[1].cost_pico, each[0]))
    return {name: from_pico(each.cost_pico) for name, each in dearest}
