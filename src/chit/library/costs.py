"""What was spent, as a program asks for it: exact sums, as the page about costs has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import get_args

from chit.core.spending import SpendingQuery
from chit.core.usage import from_pico
from chit.spending_rows import By, list_rows
from chit.store.protocol import Store


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
    """Raises `TypeError` for what sums cannot be told apart by, and `StoreError`."""
    if by is not None and by not in get_args(By):
        raise TypeError(f"costs are summed by {', '.join(get_args(By))}, not by {by!r}")
    spending = await store.sum_spending(query)
    rows = () if by is None else await list_rows(store, query, spending, by)
    total = spending.total
    return Costs(
        total=total.cost,
        charges=total.charges,
        pending=total.pending,
        unknown=total.unknown,
        parts={name: from_pico(each.cost_pico) for name, each in rows if each.known},
    )
