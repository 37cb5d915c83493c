"""Tables of costs: names, order, sums, and figures as JSON."""

from dataclasses import fields
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chit.core.spending import Charge, Figures
from chit.core.spending_table import (
    FIGURES,
    add_figures,
    charge_record,
    figures_record,
    list_cells,
    name_it,
    rank,
    show_percent,
)

figures = st.builds(Figures, **{each.name: st.integers(-(10**20), 10**20) for each in fields(Figures)})


@given(st.lists(figures, max_size=5))
def test_sums_are_exact(many: list[Figures]) -> None:
    """Of every member, whatever the order."""
    total = add_figures(many)
    assert total == add_figures(reversed(many))
    for each in fields(Figures):
        assert getattr(total, each.name) == sum(getattr(one, each.name) for one in many)


def test_names_and_order() -> None:
    """The dearest first, then the busiest; nobody's has a name as well."""
    told = {"a": Figures(cost_pico=1), "b": Figures(cost_pico=2), "c": Figures(cost_pico=1, charges=5), "d": Figures()}
    assert rank(told) == ["b", "c", "a", "d"]
    assert (name_it(""), name_it("a/b")) == ("unknown", "a/b")


def test_shares() -> None:
    """A decimal for the small ones; of nothing there is no share."""
    assert [show_percent(part, 200) for part in (100, 10, 0)] == ["50 %", "5.0 %", "0.0 %"]
    assert show_percent(0, 0) == "–"


def test_figures_as_json_and_as_cells() -> None:
    """Money is exact decimal text, or a number; unknown stays unknown."""
    record = figures_record(Figures(charges=2, known=1, unknown=1, cost_pico=1_500_000_000_001, prompt_tokens=3))
    assert (record["cost"], record["charges"], record["cost_unknown"]) == ("1.500000000001", 2, 1)
    assert figures_record(Figures())["cost"] is None
    assert tuple(record) == FIGURES
    cells = dict(zip(FIGURES, list_cells(Figures(charges=2, known=1, cost_pico=5)), strict=True))
    assert (cells["cost"], cells["charges"], cells["settled_cost"]) == (Decimal("0.000000000005"), 2, Decimal(0))


def test_a_charge_as_json() -> None:
    """Its model is the one that was asked for, where nobody told another."""
    charge = Charge(
        day="2026-03-01",
        created_at=1.0,
        id="row",
        generation_id=None,
        conversation_id="c",
        private=False,
        origin="cli",
        requested_model="a/b",
        model="",
        provider="",
        state="unknown",
        settlement=None,
        reported_cost=None,
        settled_cost=None,
        saved=None,
        provider_cost=None,
        prompt_tokens=None,
        completion_tokens=None,
        reasoning_tokens=None,
        cached_tokens=None,
        time_to_first_token_ms=None,
        latency_ms=None,
        cursor=("2026-03-01", 1),
    )
    assert charge_record(charge) == {
        "day": "2026-03-01",
        "created_at": 1.0,
        "id": "row",
        "generation_id": None,
        "conversation_id": "c",
        "model": "a/b",
        "origin": "cli",
        "state": "unknown",
        "settlement": None,
    }
