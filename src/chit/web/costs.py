"""The page about costs: what was spent in a time, told apart in every way that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chit.core.percentiles import find_percentile
from chit.core.spending import DAY, Figures, Spending, SpendingChoices
from chit.core.spending_table import ORIGINS, add_figures, name_it, rank, show_percent
from chit.core.usage import from_pico, show_cost
from chit.store.protocol import Store
from chit.web import pages
from chit.web.charts import Column, measure_bar, stack_columns
from chit.web.costs_question import KINDS, NO_NAME, RANGES, CostsQuestion

_MOST_SERIES = 5
_MOST_ROWS = 12
_MOST_MONTHS = 120
"""Beyond these, months without any cost are left out."""
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One row of a table that tells costs apart."""

    name: str
    figures: Figures
    share: str
    length: str
    """Of its bar, out of 100."""
    query: str | None
    """Of the address that shows it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long one model takes, in milliseconds; None is unknown."""

    name: str
    count: int
    here: tuple[int | None, ...]
    """The first token: half of them, 90 % and 99 % came within that time."""
    recorded: tuple[int | None, ...]
    """The same of OpenRouter's latency."""


async def write_costs(store: Store, question: CostsQuestion, today: date, *, is_sandbox: bool) -> str:
    """The screen. Raises `StoreError`."""
    query = question.ask(today)
    spending = await store.sum_spending(query)
    money = _money_of(spending.total)
    series = rank(spending.models)[:_MOST_SERIES]
    rows = _list_periods(spending, series)
    return pages.render(
        "costs",
        question=question,
        ranges=[(_range(question, name), text, name == question.range) for name, text in RANGES.items()],
        filters=_list_filters(await store.list_spending_choices(), question),
        is_narrow=query.is_narrow,
        sandbox=is_sandbox,
        first=spending.first,
        last=spending.last,
        total=spending.total,
        money=money,
        compared=_compare(money["difference"]),
        series=[name_it(name) for name in series],
        has_others=len(spending.models) > len(series),
        by="day" if spending.by == DAY else "month",
        periods=rows,
        highest=show_cost(from_pico(max((sum(amounts) for _, _, amounts in rows), default=0))),
        columns=_draw(rows),
        parts=[
            ("model", _share(spending.models, "model", question)),
            ("provider", _share(spending.providers, "provider", question)),
            ("origin", _share(spending.origins, "origin", question)),
        ],
        times=_time(spending),
        dearest=spending.dearest,
        doubtful=spending.doubtful,
    )


def _range(question: CostsQuestion, name: str) -> str:
    return question.write(**{"range": name, "from": "", "to": ""})


def _list_filters(choices: SpendingChoices, question: CostsQuestion) -> list[dict[str, Any]]:
    """Each as the form has it: its name, its label, what is chosen and what can be."""
    models, providers = (
        [(name or NO_NAME, name_it(name)) for name in each] for each in (choices.models, choices.providers)
    )
    origins = [(name, ORIGINS.get(name, name)) for name in choices.origins]
    return [
        {"name": "model", "label": "Model", "chosen": question.model, "options": models},
        {"name": "provider", "label": "Provider", "chosen": question.provider, "options": providers},
        {"name": "origin", "label": "Asked from", "chosen": question.origin, "options": origins},
        {"name": "kind", "label": "Conversations", "chosen": question.kind, "options": list(KINDS.items())},
    ]


def _compare(difference: Decimal) -> str:
    """What was settled, beside what had been reported."""
    if difference == 0:
        return "as it was reported"
    return f"{show_cost(abs(difference))} {'more' if difference > 0 else 'less'} than was reported"


def _money_of(total: Figures) -> dict[str, Decimal]:
    return {name: from_pico(getattr(total, f"{name}_pico")) for name in ("settled", "difference", "saved", "provider")}


def _list_periods(spending: Spending, series: Sequence[str]) -> list[tuple[str, int, list[int]]]:
    """Each day or month: its name, its sum, and pico-dollars of each series and of all others."""
    rows = []
    for period in _name_periods(spending):
        models = spending.periods.get(period, {})
        amounts = [models.get(name, 0) for name in series]
        total = sum(models.values())
        rows.append((period, total, [*amounts, total - sum(amounts)]))
    return rows


def _name_periods(spending: Spending) -> list[str]:
    if spending.by == DAY and spending.first is not None and spending.last is not None:
        days = (spending.last - spending.first).days + 1
        return [(spending.first + number * _ONE).isoformat() for number in range(days)]
    names = sorted(spending.periods)
    ends = [int(name[:4]) * 12 + int(name[5:]) - 1 for name in (names[:1] + names[-1:])]
    if not ends or ends[1] - ends[0] > _MOST_MONTHS:
        return names
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(ends[0], ends[1] + 1)]


def _draw(rows: Sequence[tuple[str, int, Sequence[int]]]) -> tuple[Column, ...]:
    return stack_columns([(f"{name}: {show_cost(from_pico(total))}", amounts) for name, total, amounts in rows])


def _share(figures: Mapping[str, Figures], member: str, question: CostsQuestion) -> list[Share]:
    """The dearest by themselves, the rest in one row."""
    names = rank(figures)
    whole = sum(each.cost_pico for each in figures.values())
    most = max((each.cost_pico for each in figures.values()), default=0)

    def show(name: str, each: Figures, query: str | None) -> Share:
        share, length = show_percent(each.cost_pico, whole) if each.known else "–", measure_bar(each.cost_pico, most)
        return Share(name=name, figures=each, share=share, length=length, query=query)

    rows = []
    for name in names[:_MOST_ROWS]:
        shown = ORIGINS.get(name, name) if member == "origin" else name_it(name)
        rows.append(show(shown, figures[name], question.write(**{member: name or NO_NAME})))
    if rest := names[_MOST_ROWS:]:
        rows.append(show(f"{len(rest)} others", add_figures(figures[name] for name in rest), None))
    return rows


def _time(spending: Spending) -> list[Times]:
    """The models that were used most first."""
    found = []
    for name in sorted(spending.first_tokens, key=lambda name: -sum(spending.first_tokens[name].values())):
        here, recorded = spending.first_tokens[name], spending.latencies.get(name, {})
        found.append(
            Times(
                name=name_it(name),
                count=sum(here.values()),
                here=tuple(find_percentile(here, share) for share in (0.5, 0.9, 0.99)),
                recorded=tuple(find_percentile(recorded, share) for share in (0.5, 0.9, 0.99)),
            )
        )
    return found[:_MOST_ROWS]
