"""The language of searches: any text is a query, and what is no filter is words."""

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.core.search import FILTERS, MOST_TEXT, SearchQuery, read_query

CENT = 10**10
PIECES = [
    "apple",
    '"',
    "-",
    "model:",
    "cost:",
    ">",
    "<=",
    "..",
    "0.5",
    "$",
    "after:",
    "2026-02-30",
    "2026",
    "-in:title",
]
PIECES += [" ", "has:error", "from:me", "FROM:Model", '"a b"', "in:", "\0", "\ud800", "今天", ":", "x" * 300]


def q(**members: Any) -> SearchQuery:
    """A query with these members only."""
    return SearchQuery(**members)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", q()),
        ("  \n", q()),
        ("apple", q(words=("apple",), is_open=True)),
        ("apple ", q(words=("apple",))),
        ("apple pie", q(words=("apple", "pie"), is_open=True)),
        ("pie apple pie", q(words=("apple", "pie"), is_open=True)),
        ('"apple pie"', q(words=("apple pie",))),
        ('tart "apple p', q(words=("tart", "apple p"), is_open=True)),
        ('"" x', q(words=("x",), is_open=True)),
        ("apple -pie", q(words=("apple",), excluded=("pie",))),
        ('-"apple pie" -x', q(excluded=("apple pie", "x"))),
        ("-", q(words=("-",), is_open=True)),
        ("foo-bar", q(words=("foo-bar",), is_open=True)),
        ("model:claude", q(models=("claude",))),
        ('MODEL:"gpt mini" model:opus', q(models=("gpt mini", "opus"))),
        ("model:", q(words=("model:",), is_open=True)),
        ('model:" "', q(words=("model: ",))),
        ("-model:x", q(excluded=("model:x",))),
        ("from:me", q(sources=frozenset({"user"}))),
        ("from:Model from:system", q(sources=frozenset({"actor", "system"}))),
        ("from:mum", q(words=("from:mum",), is_open=True)),
        ("after:2026-01-31", q(after=date(2026, 1, 31))),
        ("after:2026 after:2025-3", q(after=date(2026, 1, 1))),
        ("before:2026-02 before:2027", q(before=date(2026, 2, 1))),
        ("after:2026-02-30", q(words=("after:2026-02-30",), is_open=True)),
        ("after:1969 before:3000", q(words=("after:1969", "before:3000"), is_open=True)),
        ("cost:>0.01", q(cost_from=CENT + 1)),
        ("cost:>=$0.01", q(cost_from=CENT)),
        ("cost:0.01", q(cost_from=CENT)),
        ("cost:<.01", q(cost_to=CENT - 1)),
        ("cost:<=0.01 cost:<1", q(cost_to=CENT)),
        ("cost:>0.01 cost:>0.001", q(cost_from=CENT + 1)),
        ("cost:0.01..0.02", q(cost_from=CENT, cost_to=2 * CENT)),
        ("cost:..0.02", q(words=("cost:..0.02",), is_open=True)),
        ("cost:>", q(words=("cost:>",), is_open=True)),
        ("cost:0.0000000000001", q(words=("cost:0.0000000000001",), is_open=True)),
        ("cost:cheap x", q(words=("cost:cheap", "x"), is_open=True)),
        ("has:error", q(has_error=True)),
        ("has:fun ", q(words=("has:fun",))),
        ("in:title x ", q(in_title=True, words=("x",))),
        ("in:here ", q(words=("in:here",))),
        ("apple has:error", q(words=("apple",), has_error=True)),
        ("https://example.com/x ", q(words=("https://example.com/x",))),
    ],
)
def test_what_a_text_means(text: str, query: SearchQuery) -> None:
    """Words, phrases, what must not occur, filters; the rest is words, and the last one may be unfinished."""
    assert read_query(text) == query


def test_a_form_filters_as_text_does() -> None:
    """Its fields add to what was typed; those that say nothing are named, and empty ones are none."""
    form = {"model": "claude", "from": "me", "after": "2026-01-31", "before": " ", "cost": "0.01", "has": "error"}
    query = read_query("apple model:opus", form | {"in": "title"})
    typed = read_query("apple model:opus model:claude from:me after:2026-01-31 cost:0.01 has:error in:title")
    assert query == typed
    assert read_query("x", {"cost": "much", "after": "soon", "has": ""}).misread == ("cost", "after")
    assert set(form) | {"in"} == set(FILTERS)


@pytest.mark.parametrize(
    ("text", "asks", "filters"),
    [("", False, False), ("x", True, False), ("-x", True, True), ("has:error", True, True), ("in:title", False, False)],
)
def test_whether_anything_is_asked_for(text: str, asks: bool, filters: bool) -> None:
    """Words and filters do; where to look for words alone does not."""
    query = read_query(text)
    assert (not query.is_empty, query.filters) == (asks, filters)


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
@example("x" * 10_000)
def test_any_text_is_a_query(text: str) -> None:
    """Nothing that can be typed is refused, and no query holds more than so many characters."""
    query = read_query(text, dict.fromkeys(FILTERS, text))
    assert sum(map(len, (*query.words, *query.excluded))) <= MOST_TEXT * 2
    assert all(word.strip() for word in (*query.words, *query.models))
