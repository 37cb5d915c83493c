"""The work of `chit costs`: what was spent, as text with bars, as JSON or as CSV."""

import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from chit.cli.bars import Bar, write_bars
from chit.cli.cells import find_width, fit
from chit.cli.history_home import run_with_history
from chit.cli.moments import tell_when
from chit.cli.terminal import write_json, write_out
from chit.core.csv_text import write_csv
from chit.core.search import read_day
from chit.core.spending import Charge, Figures, Spending, SpendingQuery
from chit.core.spending_table import (
    FIGURES,
    ORIGINS,
    charge_record,
    figures_record,
    list_cells,
    name_it,
)
from chit.core.usage import show_cost
from chit.errors import InputError
from chit.spending_rows import By, Rows, list_rows
from chit.store.ids import short_id
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore

Form = Literal["text", "json", "csv"]
MOST_UNKNOWN = 10
"""Charges without a known cost that are listed one by one; as JSON, a hundred times as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What is shown."""

    spending: Spending
    rows: Rows
    unknown: Sequence[Charge]


def show_costs(by: By, since: str, *, form: Form) -> None:
    """Print them. Raises `InputError`, `StoreError`."""
    query = SpendingQuery(first=read_since(since, date.today()))
    most = MOST_UNKNOWN if form == "text" else MOST_UNKNOWN * 100

    async def work(store: SqliteStore) -> Costs:
        return await _collect(store, query, by, most)

    costs = run_with_history(work)
    match form:
        case "json":
            write_json(_record(costs, by))
        case "csv":
            write_out(write_csv([[by, *FIGURES], *([name, *list_cells(each)] for name, each in costs.rows)]))
        case _:
            write_out(_write(costs, by, find_width()))


def read_since(text: str, today: date) -> date | None:
    """The first day: of `all` there is none. Raises `InputError`."""
    words = text.strip().lower()
    if words == "all":
        return None
    if words.endswith("d") and words[:-1].isascii() and words[:-1].isdecimal():
        return today - timedelta(days=min(int(words[:-1][:9]) - 1, today.toordinal() - 1)) if int(words[:-1]) else today
    day = read_day(words)
    if day is None:
        raise InputError(f"{text} is no time to begin with", hint="Like this: 7d, 2026-03-01, 2026-03, 2026 or all.")
    return day


async def _collect(store: Store, query: SpendingQuery, by: By, most: int) -> Costs:
    spending = await store.sum_spending(query)
    unknown = await store.list_unknown_charges(query, most) if spending.total.unknown else ()
    rows = await list_rows(store, query, spending, by)
    return Costs(spending=spending, rows=rows, unknown=unknown)


def _record(costs: Costs, by: By) -> dict[str, Any]:
    first, last = costs.spending.first, costs.spending.last
    return {
        "since": None if first is None else first.isoformat(),
        "until": None if last is None else last.isoformat(),
        "by": by,
        "total": figures_record(costs.spending.total),
        "items": [{"name": name, **figures_record(each)} for name, each in costs.rows],
        "may_have_been_billed": [charge_record(each) for each in costs.unknown],
    }


def _write(costs: Costs, by: By, width: int | None) -> str:
    spending = costs.spending
    if spending.first is None or not spending.total.charges:
        return "Nothing was spent in this time.\n"
    bars = [
        Bar(name=_name(name, by), amount=each.cost_pico, figure=show_cost(each.cost), note=_count(each.charges))
        for name, each in costs.rows
    ]
    total = spending.total
    lines = [f"{show_cost(total.cost)} since {spending.first}, {_count(total.charges)}", *_doubts(total)]
    shown = "".join(f"{line}\n" for line in _wrap(lines, width))
    return f"{write_bars(bars, width)}\n{shown}{_write_unknown(costs, width)}"


def _wrap(lines: Sequence[str], width: int | None) -> list[str]:
    if width is None:
        return list(lines)
    return [each for line in lines for each in textwrap.wrap(line, width, subsequent_indent="    ")]


def _name(name: str, by: By) -> str:
    return ORIGINS.get(name, name) if by == "origin" else name_it(name)


def _count(charges: int) -> str:
    return f"{charges:,} repl{'y' if charges == 1 else 'ies'}"


def _doubts(total: Figures) -> list[str]:
    """What the sum does not say."""
    told: Mapping[str, int] = {
        "still pending: the reported cost counts until it is settled": total.pending,
        "may have been billed, and nobody told what": total.unknown,
        "with your own provider keys, which the provider bills": total.byok,
    }
    return [f"  {count:,} {what}" for what, count in told.items() if count]


def _write_unknown(costs: Costs, width: int | None) -> str:
    if not costs.unknown:
        return ""
    now = time.time()
    room = None if width is None else width - 2
    lines = [
        fit(f"{short_id(each.id)} · {tell_when(each.created_at, now)} · {name_it(each.model)}", room)
        for each in costs.unknown
    ]
    more = costs.spending.total.unknown - len(lines)
    lines += [f"… and {more:,} more"] if more > 0 else []
    return "\nMay have been billed (chit show ID):\n" + "".join(f"  {line}\n" for line in lines)
