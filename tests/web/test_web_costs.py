"""The page about costs over real sockets: what stands where, what the filters do, and its files."""

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.store.contract import settled
from tests.store.contract_spending import run
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for

from chit.core.spending import DAY, MONTH, Spending
from chit.sandbox.server import Sandbox
from chit.store.protocol import Store
from chit.web import costs, costs_routes
from chit.web.costs_question import NO_NAME

TODAY = date.today()
YESTERDAY = TODAY - timedelta(days=1)
EVIL = '=HYPERLINK("http://evil.example/<img src=x onerror=alert(1)>")'


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    """The pages over a sandbox without any delay."""
    async with Sandbox(pace=0, settle_after=0) as box, opened_lobby(setting_for(tmp_path / "home", box)) as lobby:
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """Signed in."""
    return await lobby.enter()


@pytest.fixture
def store(lobby: Lobby) -> Store:
    """Of the person's home."""
    return lobby.office.desk.app.store


async def show(page: Page, query: str = "") -> str:
    """The page's html."""
    view = await page.view(f"/costs{'?' if query else ''}{query}")
    assert (view["screen"], view["title"]) == ("costs", "Costs")
    return str(view["html"])


def words(markup: str) -> str:
    """What a person reads of it, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


async def read_csv(page: Page, path: str) -> list[dict[str, str]]:
    """The rows of a file."""
    reply = await page.try_raw("GET", path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))


async def test_nothing_was_spent(page: Page) -> None:
    """A page without figures says so, and still lets one choose another time."""
    shown = await show(page)
    assert "Nothing was asked yet." in words(shown)
    assert "<svg" not in shown
    assert 'href="/costs?range=90"' in shown
    assert await read_csv(page, "/costs/charges.csv") == []


async def test_everything_that_was_spent(page: Page, store: Store) -> None:
    """Sums, what is unknown or pending, tokens, savings, the providers' bill, and every way to tell costs apart."""
    usage = {"prompt_tokens": 1200, "completion_tokens": 300, "reasoning_tokens": 100}
    await run(store, "gen-1", "0.0005", on=TODAY, model="a/one", provider="P", usage=usage, time_to_first_token_ms=812)
    await run(store, "gen-2", "0.25", on=YESTERDAY, model="a/two", origin="web", state="cut")
    await run(store, None, None, on=TODAY, state="unknown")
    await run(store, "gen-3", "0.1", on=TODAY, model="a/one", usage={"is_byok": True, "upstream_cost": Decimal("2.5")})
    await store.record_settlement(
        settled("gen-1", total_cost=0.0004, cache_discount=0.003, native_tokens_cached=1000, latency=600)
    )
    shown = await show(page)
    text = words(shown)
    for said in (
        "spent $0.35 settled",
        "replies 4 2 failed or broke off",
        "still pending 2",
        "cost unknown 1",
        "settled $0.0004 $0.0001 less than was reported",
        "prompt tokens 1,200 1,000 of them cached",
        "completion tokens 300 100 of them reasoning",
        "saved by caching $0.003",
        "your provider keys $2.50 billed by the providers, not in the sum",
        "a/two $0.25 71 % 1",
        "author/slug – – 1",
        "OpenRouter's own pages count days in UTC",
        "terminal $0.10 29 % 3",
        "a/one 0.8 s 0.8 s 0.8 s 0.6 s 0.6 s 0.6 s 1",
        f"$0.25 Why? a/two {YESTERDAY.isoformat()}",
    ):
        assert said in text, said
    assert shown.count("<g>") == 30
    assert f"{TODAY.isoformat()}: $0.10" in text
    assert 'role="img"' in shown
    assert "style=" not in shown
    assert "sandbox" not in text


async def test_what_may_have_been_billed(page: Page, store: Store) -> None:
    """Each with its time, its place and what is known of it, and what a person can do."""
    await run(store, "gen-1", None, on=YESTERDAY, model="a/one")
    await run(store, None, None, on=TODAY, state="unknown")
    job = settled("gen-1")
    await store.record_settlement(replace(job, state="gave_up", record=None))
    text = words(await show(page))
    assert "May have been billed Of these replies nobody told a cost. Look at openrouter.ai/activity" in text
    rows = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d) (Why\? \S+ [^0-9]*?(?:record of it|id came))", text)
    assert [what for _, what in rows] == [
        "Why? author/slug no generation id came",
        "Why? a/one OpenRouter has no record of it",
    ]
    await run(store, "gen-2", "1", on=TODAY, model="a/two")
    assert "May have been billed" not in words(await show(page, "model=a%2Ftwo"))


async def test_caching_may_cost(page: Page, store: Store) -> None:
    """And what was settled may be more than was reported, or the same."""
    await run(store, "gen-1", "0.5", on=TODAY)
    await store.record_settlement(settled("gen-1", total_cost=0.75, cache_discount=-0.1))
    text = words(await show(page))
    assert "settled $0.75 $0.25 more than was reported" in text
    assert "caching cost $0.10 in the sum already" in text


async def test_the_filters_leave_the_rest_out(page: Page, store: Store) -> None:
    """Each by itself; what is chosen stays chosen, in the form and in every link."""
    await run(store, "gen-1", "1", on=TODAY, model="a/one", provider="P", private=True)
    await run(store, "gen-2", "2", on=TODAY, model="a/two", origin="web")
    for query, spent in (
        ("model=a%2Fone", "$1.00"),
        (f"provider={NO_NAME}", "$2.00"),
        ("origin=web", "$2.00"),
        ("kind=private", "$1.00"),
        ("kind=kept", "$2.00"),
        (f"from={TODAY.isoformat()}", "$3.00"),
    ):
        shown = await show(page, query)
        assert f"spent {spent}" in words(shown), query
        assert ("selected" in shown) == (not query.startswith("from"))
    shown = await show(page, "model=a%2Fone&range=7")
    assert 'href="/costs?range=90&amp;model=a%2Fone"' in shown
    assert 'aria-current="page">7 days' in shown
    assert "or nothing that fits the filters" in words(await show(page, "model=a%2Fone&origin=web"))
    assert "Nothing was asked in this time." in words(await show(page, "from=2020-01-01&to=2020-01-02"))


async def test_many_models_are_one_row(page: Page, store: Store) -> None:
    """The dearest by themselves, the others together; in the chart the first five."""
    for number in range(14):
        await run(store, f"gen-{number}", str(number + 1), on=TODAY, model=f"a/{number:02}")
    shown = await show(page)
    text = words(shown)
    assert "2 others $3.00 2.9 % 2" in text
    assert shown.count('<span class="swatch') == 6
    assert "a/09 others The same as a table" in text


async def test_a_long_time_is_told_by_month(page: Page, store: Store) -> None:
    """From the first month with a cost to the last, with the empty ones between."""
    await run(store, "gen-1", "1", on=date(2025, 11, 20))
    await run(store, "gen-2", "2", on=date(2026, 3, 1))
    shown = await show(page, "range=all")
    assert shown.count("<g>") == 5
    assert "By month" in words(shown)
    assert "2026-01: $0" in words(shown)


def test_months_of_an_absurd_clock() -> None:
    """A row of the year 9000 does not draw eighty thousand months."""
    spending = Spending(by=MONTH, periods={"1970-01": {"a": 1}, "9000-01": {"a": 1}})
    assert costs._name_periods(spending) == ["1970-01", "9000-01"]
    assert costs._name_periods(Spending(by=MONTH)) == []
    assert costs._name_periods(Spending(by=DAY)) == []


async def test_sandbox_money_is_labelled(lobby: Lobby, page: Page) -> None:
    """It is a home of its own, with costs of its own."""
    await page.ask("POST", "/sandbox", 200)
    assert "sandbox: nothing is billed" in words(await show(page))


async def test_hostile_names_are_text(page: Page, store: Store) -> None:
    """Attacks 17 and 41: on the page they are text, in a file no formula."""
    await run(store, "gen-1", "-0.5", on=TODAY, model=EVIL, provider=EVIL)
    shown = await show(page, "range=all")
    assert "<img" not in shown
    assert "&lt;img" in shown
    (row,) = await read_csv(page, "/costs/charges.csv?range=all")
    assert row["model"] == row["provider"] == f"'{EVIL}"
    assert row["reported_cost_usd"] == "-0.5"


async def test_files_hold_what_the_page_asks_for(page: Page, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every charge, or every day by model; with every digit, in pieces, and filtered as the page is."""
    monkeypatch.setattr(costs_routes, "_AT_ONCE", 2)
    for number in range(5):
        await run(store, f"gen-{number}", f"0.000000000000000{number + 1}", on=TODAY, model="a/one")
    await run(store, "gen-5", "1", on=YESTERDAY, model="a/two", provider="P")
    await store.record_settlement(settled("gen-5", total_cost=2))
    rows = await read_csv(page, "/costs/charges.csv?model=a%2Fone")
    assert [row["reported_cost_usd"] for row in rows] == [f"0.000000000000000{number + 1}" for number in range(5)]
    assert {row["sent_at_utc"][-6:] for row in rows} == {"+00:00"}
    rows = await read_csv(page, "/costs/days.csv?range=7")
    assert [(row["day"], row["model"], row["generations"], row["cost_usd"]) for row in rows] == [
        (YESTERDAY.isoformat(), "a/two", "1", "2"),
        (TODAY.isoformat(), "a/one", "5", "0"),
    ]
    assert (rows[0]["private"], rows[1]["pending"]) == ("no", "5")


async def test_a_file_that_would_be_too_long(page: Page, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before anything is sent, with what to do instead."""
    monkeypatch.setattr(costs_routes, "MOST_CHARGES", 1)
    await run(store, "gen-1", "1", on=TODAY)
    await run(store, "gen-2", "1", on=TODAY)
    error = await page.refused("GET", "/costs/charges.csv", 400)
    assert "2 generations" in error["message"]
    assert "Choose a shorter time" in error["hint"]


def test_a_moment_that_is_none() -> None:
    """A clock may have told anything."""
    assert costs_routes._moment(1e300) is None
    assert costs_routes._moment(0.0) == "1970-01-01T00:00:00+00:00"
