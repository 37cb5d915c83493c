"""What the address of the page about costs asks for."""

from datetime import date
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.spending import SpendingQuery
from chit.web.costs_question import CostsQuestion, read_costs_question

TODAY = date(2026, 3, 14)


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", date(2026, 2, 13), TODAY),
        ("range=7", date(2026, 3, 8), TODAY),
        ("range=90", date(2025, 12, 15), TODAY),
        ("range=month", date(2026, 3, 1), TODAY),
        ("range=all", None, None),
        ("range=odd", date(2026, 2, 13), TODAY),
        ("range=7&from=2026-01-02&to=2026-01-03", date(2026, 1, 2), date(2026, 1, 3)),
        ("from=2026-01-02", date(2026, 1, 2), None),
        ("range=all&from=&to=2026-01-03", None, date(2026, 1, 3)),
        ("range=7&from=yesterday&to=2026-99-99", date(2026, 3, 8), TODAY),
    ],
)
def test_the_time(query: str, first: date | None, last: date | None) -> None:
    """A time by name, or days of its own, which win; both ends are of it."""
    asked = read_costs_question(query).ask(TODAY)
    assert (asked.first, asked.last) == (first, last)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", SpendingQuery()),
        ("model=a%2Fb&provider=%3F&origin=web", SpendingQuery(model="a/b", provider="", origin="web")),
        ("model=&provider=&origin=&kind=", SpendingQuery()),
        ("kind=private", SpendingQuery(private=True)),
        ("kind=kept", SpendingQuery(private=False)),
        ("kind=odd&other=1", SpendingQuery()),
    ],
)
def test_the_filters(query: str, wanted: SpendingQuery) -> None:
    """What is left empty is open; a question mark is what nobody told."""
    assert read_costs_question(f"range=all&{query}").ask(TODAY) == wanted


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.builds(CostsQuestion, range=st.sampled_from(["7", "all"]), model=TEXT, provider=TEXT, origin=TEXT))
def test_an_address_asks_for_the_same_again(question: CostsQuestion) -> None:
    """Whatever models are named; and with a change it asks for that."""
    assert read_costs_question(question.write()) == question
    assert parse_qs(question.write(model="x"))["model"] == ["x"]
