"""Money on the page: the chit under a reply, the conversation's cost, the balance, and the notice that it is low."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.upstream import Upstream
from tests.web.browser import Tab
from tests.web.house import PASSPHRASE, House, Tap, opened_house

from chit.sandbox.account import SANDBOX_KEY, Key
from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = ".from-actor .chit-line"


async def ask(tab: Tab) -> None:
    """A reply, complete."""
    await tab.screen("new")
    await tab.say("Hello?")
    await tab.stands(".from-actor[data-state=done]")


async def test_a_chit_settles_in_sight(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """Pending at first; then, on the same page, settled, while the open receipt stays open; the list follows."""
    async with opened_house(browser, tmp_path / "home", upstream, settling=True) as house, house.visit() as tab:
        await ask(tab)
        await tab.ask("window.same = true")
        assert "pending" in await tab.text(LINE)
        await tab.go(LINE)
        await tab.reads(".receipt .total", "reported")
        await tab.stands(".list .cost.pending")
        await tab.reads(".receipt .total", "settled")
        await tab.stands(f"{LINE} .pending", 0)
        await tab.stands(".list .cost:not(.pending)")
        assert await tab.ask("document.querySelector('.chit details').open && window.same")
        assert (await tab.text(".conversation-cost")).startswith("$0.0")
        assert await tab.text(".list .cost") in await tab.text(".conversation-cost")


async def test_a_receipt_in_full(house: House, upstream: Sandbox) -> None:
    """It opens by the keyboard, names who served, and copies as the record that `chit show --json` prints."""
    async with house.visit(permissions=["clipboard-read", "clipboard-write"]) as tab:
        await ask(tab)
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("r")
        await tab.reads(".receipt .served", "openai/gpt-5-mini")
        assert "gen-" in await tab.text(".receipt")
        await tab.go(".receipt [data-do=copy-json]")
        await tab.until("navigator.clipboard.readText().then(text => text.startsWith('{'))")
        record = json.loads(await tab.ask("navigator.clipboard.readText()"))
        assert upstream.ledger.generations[-1].id in json.dumps(record)


async def test_what_a_conversation_costs(house: House, upstream: Sandbox) -> None:
    """The header and the list show one sum, which grows with each reply."""
    async with house.visit() as tab:
        await ask(tab)
        first = await tab.see("document.querySelector('.conversation-cost').textContent", bool)
        await tab.say("Again?")
        await tab.stands(".from-actor[data-state=done]", 2)
        both = await tab.see("document.querySelector('.conversation-cost').textContent", lambda text: text != first)
        await tab.until("document.querySelector('.list .cost').textContent", both.removesuffix(" in all"))


async def test_account_credits_and_the_low_notice(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """With a management key the header shows what the account has; below the threshold a notice says why it matters."""
    upstream.account.total_credits = Decimal("8.42")
    async with (
        opened_house(browser, tmp_path / "home", upstream, keys="sealed", management=True) as house,
        house.visit() as tab,
    ):
        await tab.screen("locked")
        await tab.page.fill("[name=passphrase]", PASSPHRASE)
        await tab.go("form[data-form=unlock] button")
        await tab.screen("new")
        await tab.reads(".balance[data-state=account] .amount", "$8.42")
        assert "account credits" in await tab.text(".balance .what")
        await tab.stands(".balance .add-key", 0)
        await tab.reads(".notice:not([hidden])", "replies may start later")
        assert await tab.page.get_attribute(".notice a", "href") == "https://openrouter.ai/settings/credits"
        await tab.go(".notice [data-do=dismiss-notice]")
        await tab.until("document.querySelector('.notice').hidden")
        upstream.account.total_credits = Decimal("50")
        await tab.go(".balance .amount")
        await tab.reads(".balance .amount", "$50")


async def test_what_this_key_may_still_spend(house: House, upstream: Sandbox) -> None:
    """Without a management key that is all there is to know; the header offers to add one, and leads to the form."""
    upstream.account.keys[SANDBOX_KEY] = Key(limit=Decimal(20), usage=Decimal(5))
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.go(".balance .amount")
        await tab.reads(".balance[data-state=key] .amount", "$15")
        assert "this key may still spend" in await tab.text(".balance .what")
        await tab.go(".balance .add-key")
        await tab.screen("settings")
        await tab.until("document.querySelector('details input[value=management]').closest('details').open")


async def test_an_unknown_balance_is_not_zero(browser: Browser, tmp_path: Path, tap: Tap) -> None:
    """Where OpenRouter does not say, a dash stands there."""
    async with (
        Upstream(tap.answer) as upstream,
        opened_house(browser, tmp_path / "home", upstream) as house,
        house.visit() as tab,
    ):
        await tab.screen("new")
        await tab.go(".balance .amount")
        await tab.reads(".balance[data-state=unknown] .amount", "–")
        assert "unknown" in await tab.text(".balance .what")


OVERLAPS = """
    [...document.querySelectorAll('.bar > :not(.figures), .figures > *')]
        .map(each => [each.className, each.getBoundingClientRect()]).filter(([, box]) => box.width && box.height)
        .flatMap(([name, a], place, all) => all.slice(place + 1)
            .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1)
            .filter(([, b]) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
            .map(([other]) => `${name} and ${other}`))
"""


async def test_the_header_at_any_width(house: House) -> None:
    """However narrow the window, nothing in the header of a conversation lies over anything else."""
    async with house.visit() as tab:
        await ask(tab)
        await tab.reads(".conversation-cost", "in all")
        for width in (1280, 1200, 1081, 1080, 900, 761, 760, 390, 320):
            await tab.page.set_viewport_size({"width": width, "height": 600})
            assert await tab.ask(OVERLAPS) == [], width
            assert await tab.ask("document.documentElement.scrollWidth <= window.innerWidth")
