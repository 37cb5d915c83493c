"""What was spent, told apart by one thing: the rows of a table of costs."""

from collections.abc import Sequence
from typing import Literal

from chit.core.spending import DAY, MONTH, Figures, Spending, SpendingQuery
from chit.core.spending_table import add_figures, rank
from chit.store.protocol import Store

By = Literal["day", "month", "model", "provider", "origin"]
Rows = Sequence[tuple[str, Figures]]
_AT_ONCE = 1_000


async def list_rows(store: Store, query: SpendingQuery, spending: Spending, by: By) -> Rows:
    """Days (`2026-03-01`) or months (`2026-03`) with a charge, oldest first; all else the dearest first.

    `spending` is the sum of the same query. Raises `StoreError`.
    """
    match by:
        case "day" | "month":
            return await _sum_periods(store, query, DAY if by == "day" else MONTH)
        case _:
            told = {"model": spending.models, "provider": spending.providers, "origin": spending.origins}[by]
            return [(name, told[name]) for name in rank(told)]


async def _sum_periods(store: Store, query: SpendingQuery, length: int) -> Rows:
    """By the length of their names."""
    sums: dict[str, list[Figures]] = {}
    after = None
    while found := await store.list_spending_days(query, after, _AT_ONCE):
        for each in found:
            sums.setdefault(each.day[:length], []).append(each.figures)
        after = found[-1].cursor
    return [(name, add_figures(figures)) for name, figures in sums.items()]
