"""`chit costs`: what was spent, as this computer knows it."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.cli.histories import with_store
from tests.cli.person import Person
from tests.store.contract import settled
from tests.store.contract_spending import run

from chit import spending_rows
from chit.cli import costs_table
from chit.cli.costs_table import read_since
from chit.errors import InputError
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore

TODAY = date.today()
YESTERDAY = TODAY - timedelta(days=1)
EVIL = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def spender(person: Person) -> Person:
    """Somebody with charges of several days, of which one may have been billed and one is pending."""

    async def work(store: SqliteStore) -> None:
        await run(store, "gen-1", "0.5", on=YESTERDAY, model="a/one", provider="P")
        await run(store, "gen-2", "0.25", on=TODAY, model="a/two", provider="Q", origin="web")
        await store.record_settlement(settled("gen-1", total_cost=0.5))
        await run(store, None, None, on=TODAY, state="unknown", model="a/one")
        await run(store, "gen-4", "2", on=TODAY - timedelta(days=200), model=EVIL)

    with_store(person, work)
    return person


def test_nothing_yet(person: Person) -> None:
    """It is said, and as JSON it is empty."""
    assert person.call("costs").out == "Nothing was spent in this time.\n"
    record = person.call("costs", "--json").record
    assert (record["items"], record["total"]["cost"], record["since"]) == ([], None, None)
    assert person.call("costs", "--csv").out.startswith("day,cost,charges,")


def test_by_day(spender: Person) -> None:
    """The last thirty days, a line for each that has any; what is doubtful beneath, one by one."""
    outcome = spender.call("costs")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[:2] == [f"{YESTERDAY}  $0.50  1 reply", f"{TODAY}  $0.25  2 replies"]
    assert lines[3] == f"$0.75 since {TODAY - timedelta(days=29)}, 3 replies"
    assert lines[4] == "  1 still pending: the reported cost counts until it is settled"
    assert lines[5] == "  1 may have been billed, and nobody told what"
    assert lines[7] == "May have been billed (chit show ID):"
    id, when, model = lines[8].strip().split(" · ")
    assert (len(id), model) == (8, "a/one")
    assert spender.call("show", id).code == 0
    assert when


def test_nothing_is_doubtful(person: Person) -> None:
    """Then nothing is said of it."""

    async def work(store: SqliteStore) -> None:
        await run(store, "gen-1", "0.5", on=TODAY)
        await store.record_settlement(settled("gen-1", total_cost=0.5))

    with_store(person, work)
    assert person.call("costs").out.endswith(f"\n$0.50 since {TODAY - timedelta(days=29)}, 1 reply\n")


def test_other_ways_to_tell_it_apart(spender: Person) -> None:
    """By month, model, provider and origin, the dearest first, from whenever it is asked for."""
    told = {
        by: spender.call("costs", "--by", by, "--since", "all").out for by in ("month", "model", "provider", "origin")
    }
    assert told["month"].splitlines()[0].startswith(f"{TODAY - timedelta(days=200):%Y-%m}  $2.00")
    assert told["model"].splitlines()[0].startswith(f"{EVIL}  $2.00  1 reply")
    assert told["provider"].splitlines()[0].startswith("unknown  $2.00  2 replies")
    assert told["origin"].splitlines()[0].startswith("terminal  $2.50  3 replies")
    assert told["origin"].splitlines()[1].startswith("pages     $0.25  1 reply")


def test_json(spender: Person) -> None:
    """Exact money as text, and what may have been billed as its own list."""
    record = spender.call("costs", "--by", "model", "--since", "7d", "--json").record
    assert record["since"] == (TODAY - timedelta(days=6)).isoformat()
    assert (record["until"], record["by"]) == (TODAY.isoformat(), "model")
    assert [(each["name"], each["cost"], each["charges"]) for each in record["items"]] == [
        *(("a/one", "0.5", 2), ("a/two", "0.25", 1)),
    ]
    assert (record["total"]["cost"], record["total"]["cost_unknown"], record["total"]["pending"]) == ("0.75", 1, 1)
    (doubt,) = record["may_have_been_billed"]
    assert (doubt["state"], doubt["model"], doubt["generation_id"]) == ("unknown", "a/one", None)


def test_attack_41_csv(spender: Person) -> None:
    """Attack 41: numbers are numbers, and no text is a formula."""
    out = spender.call("costs", "--by", "model", "--since", "all", "--csv").out
    head, *rows = list(csv.reader(io.StringIO(out)))
    assert head[:3] == ["model", "cost", "charges"]
    assert [row[0] for row in rows] == [f"'{EVIL}", "a/one", "a/two"]
    assert sum(Decimal(row[1]) for row in rows) == Decimal("2.75")


def test_both_forms_at_once(spender: Person) -> None:
    """One table has one form."""
    outcome = spender.call("costs", "--json", "--csv")
    assert (outcome.code, "two forms of one table" in outcome.err) == (2, True)


def test_many_doubts(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first are listed, the others counted; the newest come first."""
    monkeypatch.setattr(costs_table, "MOST_UNKNOWN", 2)

    async def work(store: Store) -> None:
        for number in range(4):
            await run(store, None, None, on=TODAY, state="unknown", model=f"a/{number}")

    with_store(person, work)
    lines = person.call("costs").out.splitlines()
    assert [line.split(" · ")[-1] for line in lines[-3:-1]] == ["a/3", "a/2"]
    assert lines[-1] == "  … and 2 more"


def test_many_days(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read in pieces, and none is lost."""
    monkeypatch.setattr(spending_rows, "_AT_ONCE", 2)

    async def work(store: Store) -> None:
        for number in range(7):
            await run(store, f"gen-{number}", "1", on=TODAY - timedelta(days=number // 2), model=f"a/{number % 2}")

    with_store(person, work)
    record = person.call("costs", "--json").record
    assert [each["cost"] for each in record["items"]] == ["1", "2", "2", "2"]


def test_terminals(spender: Person) -> None:
    """Bars as wide as there is room, and whole lines on a narrow one."""
    wide = spender.sit_down("costs", "--by", "model", columns=120)
    assert wide.close() == 0
    assert "a/one  $0.50  " + "█" * 40 + "  2 replies" in wide.screen
    narrow = spender.sit_down("costs", "--by", "model", "--since", "all", columns=40)
    assert narrow.close() == 0
    table = narrow.screen.splitlines()[:3]
    assert all(len(line) <= 40 for line in table)
    assert table[0].startswith("=HYPERLINK(")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("all", None),
        ("1d", date(2026, 3, 10)),
        ("0d", date(2026, 3, 10)),
        (" 30D ", date(2026, 2, 9)),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-02", date(2026, 2, 1)),
        ("2025", date(2025, 1, 1)),
        ("9999999999999999d", date.min),
    ],
)
def test_since(text: str, first: date | None) -> None:
    """Days that are counted include this one; a month or a year begins with its first day."""
    assert read_since(text, date(2026, 3, 10)) == first


@pytest.mark.parametrize("text", ["", "d", "-1d", "yesterday", "2026-13", "٣d"])
def test_no_time_to_begin_with(text: str) -> None:
    """It is said how one looks."""
    with pytest.raises(InputError, match="no time to begin with"):
        read_since(text, TODAY)
