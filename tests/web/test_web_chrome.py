"""What stands around every screen: the model field, the balance in each state with its notice, suggestions."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.balances import NOWHERE
from tests.upstream import until
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for

from chit.core.balance import Balance, Cap, Credits, KeyAllowance
from chit.sandbox.server import Sandbox
from chit.web.chrome import write_balance, write_notice

NOW = 1_000_000.0


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """OpenRouter, without any delay."""
    async with Sandbox(pace=0, settle_after=0) as box:
        yield box


@pytest.fixture
async def lobby(tmp_path: Path, box: Sandbox) -> AsyncIterator[Lobby]:
    """The pages over that."""
    async with opened_lobby(setting_for(tmp_path / "home", box)) as lobby:
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """It listens."""
    page = await lobby.enter()
    await page.listen()
    return page


def words(html: str | None) -> str:
    """What a person reads of it."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html or "")).split())


def credits(left: str) -> Credits:
    """An account that has this left."""
    return Credits(total_credits=Decimal(left), total_usage=Decimal(0), asked_at=NOW)


def key(left: str | None = None, **members: Any) -> KeyAllowance:
    """A key that may still spend this much of a hundred dollars."""
    limit = None if left is None else Decimal(100)
    return KeyAllowance(asked_at=NOW, limit=limit, left=None if left is None else Decimal(left), **members)


STATES: list[tuple[Balance, str, str, str]] = [
    (Balance(), "unknown", "–", "balance unknown"),
    (Balance(credits=credits("25")), "account", "$25.00", "account credits"),
    (Balance(credits=credits("-0.5"), key=key("1")), "account", "-$0.50", "account credits"),
    (Balance(key=key("12.5", has_limit=True)), "key", "$12.50", "this key may still spend"),
    (Balance(key=key(has_limit=False)), "key", "–", "key without a limit"),
    (Balance(key=key(has_limit=True)), "key", "–", "balance unknown"),
]


@pytest.mark.parametrize(("balance", "state", "amount", "what"), STATES)
async def test_each_state_is_named(lobby: Lobby, balance: Balance, state: str, amount: str, what: str) -> None:
    """What is not known is a dash and never a zero; without the account's credits a management key is asked for."""
    html = write_balance(balance, lobby.office.desk)
    assert f'data-state="{state}"' in html
    assert words(html).startswith(f"{amount} {what}")
    assert (" ago" in html) == (state != "unknown")
    assert ("add a management key" in html) == (state != "account")


@pytest.mark.parametrize(
    ("balance", "text", "label"),
    [
        (Balance(credits=credits("8")), "$8.00 of account credits left: below $10 OpenRouter checks", "Add credits"),
        (Balance(credits=credits("-1")), "no account credits are left (-$1.00)", "Add credits"),
        (Balance(key=key("2")), "$2.00 of this key's limit of $100.00 left", "Open key settings"),
        (Balance(key=key("0")), "nothing is left of this key's limit of $100.00", "Open key settings"),
    ],
)
async def test_what_is_low_is_told(lobby: Lobby, balance: Balance, text: str, label: str) -> None:
    """Why replies may be slower and where it is mended, for as long as it holds."""
    notice = words(write_notice(balance, lobby.office.desk))
    assert notice.startswith(text)
    assert label in notice


async def test_a_budget_leads_where_budgets_are(lobby: Lobby) -> None:
    """A workspace's is not changed among the keys, and the link does not say so."""
    budget = Cap(scope="workspace", limit=Decimal(100), left=Decimal(1))
    html = write_notice(Balance(key=key(budgets=(budget,))), lobby.office.desk)
    assert "the workspace&#39;s budget" in (html or "")
    assert "Open settings" in words(html)


async def test_nothing_is_told_of_what_is_enough(lobby: Lobby) -> None:
    """Above the threshold, or with a threshold of nothing, or in the sandbox, there is no notice."""
    desk, low = lobby.office.desk, Balance(credits=credits("8"))
    assert write_notice(Balance(credits=credits("10")), desk) is None
    assert write_notice(Balance(), desk) is None
    page = await lobby.enter()
    await page.ask("PATCH", "/prefs", 200, low_balance="0")
    assert write_notice(low, desk) is None
    await page.ask("PATCH", "/prefs", 200, low_balance=None)
    assert write_notice(low, desk) is not None
    await page.ask("POST", "/sandbox", 200)
    assert write_notice(low, desk) is None
    assert "management key" not in write_balance(Balance(), desk)


async def test_the_chrome_follows_preferences_and_homes(page: Page) -> None:
    """The model field has the preferred model, the sandbox its badge and no model of the person's."""
    await page.ask("PATCH", "/prefs", 200, model="a/b", theme="dark")
    chrome = await page.ask("GET", "/view/chrome", 200)
    assert ("a/b" in chrome["model_field"], chrome["badge"], chrome["theme"]) == (True, None, "dark")
    assert (words(chrome["balance"]).startswith("– balance unknown"), chrome["notice"]) == (True, None)
    assert (await page.hears("prefs"))["theme"] == "dark"
    await page.ask("POST", "/sandbox", 200)
    chrome = await page.ask("GET", "/view/chrome", 200)
    assert ("a/b" in chrome["model_field"], words(chrome["badge"]) != "") == (False, True)


async def test_a_balance_is_asked_for(lobby: Lobby, page: Page) -> None:
    """On demand: the answer and every page have it; in the sandbox, where there is a management key, the account's."""
    other = await lobby.enter()
    await other.listen()
    told = await page.ask("POST", "/balance", 200)
    assert ('data-state="key"' in told["html"], told["notice"]) == (True, None)
    for each in (page, other):
        assert await each.hears("balance", html=told["html"])
    await page.ask("POST", "/sandbox", 200)
    told = await page.ask("POST", "/balance", 200)
    assert 'data-state="account"' in told["html"]
    assert words(told["html"]).startswith("$")


async def test_a_balance_that_cannot_be_had(tmp_path: Path) -> None:
    """It is unknown, and says so."""
    setting = setting_for(tmp_path / "home", Nowhere())  # type: ignore[arg-type] # as much of it as is used
    async with opened_lobby(setting) as lobby:
        page = await lobby.enter()
        told = await page.ask("POST", "/balance", 200)
        assert words(told["html"]).startswith("– balance unknown")
        found = await page.ask("GET", "/models?q=a", 200)
        assert words(found["html"]).startswith("No suggestions: ")
        assert words(found["html"]).endswith(".")


class Nowhere:
    """Nobody listens there."""

    base_url = NOWHERE


async def test_models_are_suggested_from_the_catalogue(page: Page) -> None:
    """With their prices; none for what no model is called."""
    found = await page.ask("GET", "/models?q=echo", 200)
    assert words(found["html"]).startswith("sandbox/echo $")
    assert "per M · " in words(found["html"])
    none = (await page.ask("GET", "/models?q=%00%FF", 200))["html"]
    assert words(none) == "No model of that name is known here. It is sent as you write it."
    assert (await page.ask("GET", "/models", 200))["html"].count('data-model="') == 12


async def test_a_balance_that_changes_is_told(page: Page, lobby: Lobby) -> None:
    """Whoever asked for it."""
    await lobby.office.desk.app.balance.refresh()
    await until(lambda: page.told("balance"))
    assert 'data-state="key"' in page.told("balance")[-1]["html"]
