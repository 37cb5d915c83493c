"""Costs told apart: what the rows of a table are called, in which order they stand, and their figures as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from chit.core.spending import UNKNOWN, Charge, Figures
from chit.core.usage import from_pico, write_cost

ORIGINS = {"web": "pages", "cli": "terminal", "api": "local API", "library": "Python", "batch": "batch"}
NAMELESS = "unknown"


def name_it(name: str) -> str:
    """Of a model or provider, for a person."""
    return NAMELESS if name == UNKNOWN else name


def rank(figures: Mapping[str, Figures]) -> list[str]:
    """The dearest first."""
    return sorted(figures, key=lambda name: (-figures[name].cost_pico, -figures[name].charges, name))


def add_figures(many: Iterable[Figures]) -> Figures:
    """Their sum, exact."""
    every = list(many)
    return Figures(**{each.name: sum(getattr(one, each.name) for one in every) for each in fields(Figures)})


def show_percent(part: int, whole: int) -> str:
    """`12 %`, with a decimal below ten; of nothing a dash."""
    return f"{100 * part / whole:.{0 if part * 10 >= whole else 1}f} %" if whole > 0 else "–"


def figures_record(figures: Figures) -> dict[str, Any]:
    """As `--json` prints them: US dollars as decimal text; None where no cost is known."""
    money = {
        "reported_cost": figures.reported_pico,
        "settled_cost": figures.settled_pico,
        "saved_by_caching": figures.saved_pico,
        "billed_by_provider": figures.provider_pico,
    }
    return {
        "cost": None if figures.cost is None else write_cost(figures.cost),
        "charges": figures.charges,
        "pending": figures.pending,
        "cost_unknown": figures.unknown,
        "failed": figures.failed,
        **{name: write_cost(from_pico(pico)) for name, pico in money.items()},
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "reasoning_tokens": figures.reasoning_tokens,
        "cached_tokens": figures.cached_tokens,
    }


FIGURES = tuple(figures_record(Figures()))
"""The names of the members of `figures_record`: the columns of a table."""


def list_cells(figures: Figures) -> list[Decimal | int | None]:
    """The same for a row of CSV: money as numbers."""
    record = figures_record(figures)
    return [Decimal(value) if isinstance(value, str) else value for value in record.values()]


def charge_record(charge: Charge) -> dict[str, Any]:
    """One charge of which nobody told a cost."""
    return {
        "day": charge.day,
        "created_at": charge.created_at,
        "id": charge.id,
        "generation_id": charge.generation_id,
        "conversation_id": charge.conversation_id,
        "model": charge.model or charge.requested_model,
        "origin": charge.origin,
        "state": charge.state,
        "settlement": charge.settlement,
    }
