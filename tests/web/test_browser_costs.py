"""The page about costs and the panel about context, in a real browser."""

import csv
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.store.contract import settled
from tests.store.contract_spending import run
from tests.web.browser import PHONE, Tab
from tests.web.house import House, Tap, opened_house

from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = date.today()
EVIL = "<img src=x onerror=alert(1)>"
SIZES: list[Any] = [
    pytest.param({}, id="wide"),
    pytest.param(PHONE, id="phone"),
    pytest.param({"viewport": {"width": 320, "height": 640}}, id="narrow"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def spent(browser: Browser, tmp_path: Path, upstream: Sandbox) -> AsyncIterator[House]:
    """A house in which money was spent on two days, with two models, and one whose name is an attack."""
    async with opened_house(browser, tmp_path / "home", upstream) as house:
        store = house.desk.app.store
        yesterday = TODAY - timedelta(days=1)
        await run(store, "gen-1", "1.5", on=TODAY, model="a/one", provider="P", origin="web")
        await run(store, "gen-2", "0.5", on=yesterday, model="a/two", time_to_first_token_ms=700)
        await run(store, "gen-3", "0.25", on=TODAY, model=EVIL)
        await store.record_settlement(settled("gen-1", total_cost=1.5))
        yield house


async def open_costs(tab: Tab) -> None:
    """By the link in the sidebar."""
    await tab.screen("new")
    if await tab.page.is_visible(".menu"):
        await tab.go(".menu")
    await tab.go(".below a[href='/costs']")
    await tab.screen("costs")


async def test_filters_and_times_need_no_reload(spent: House) -> None:
    """Links and the form change the address and the figures, on the same page; the way back leads back."""
    async with spent.visit() as tab:
        await open_costs(tab)
        await tab.ask("window.same = true")
        assert await tab.ask("document.activeElement.tagName") == "H1"
        await tab.reads(".facts", "$2.25")
        await tab.page.select_option("[name=model]", "a/two")
        await tab.go(".filters button")
        await tab.reads(".facts", "$0.50")
        assert "model=a%2Ftwo" in tab.page.url
        assert await tab.page.input_value("[name=model]") == "a/two"
        await tab.go("text=90 days")
        await tab.until("document.querySelector('.ranges [aria-current]').textContent", "90 days")
        assert await tab.page.input_value("[name=model]") == "a/two"
        await tab.page.go_back()
        await tab.page.go_back()
        await tab.reads(".facts", "$2.25")
        await tab.page.fill("[name=from]", TODAY.isoformat())
        await tab.page.press("[name=from]", "Enter")
        await tab.reads(".facts", "$1.75")
        await tab.go(".shares a:text-is('a/one')")
        await tab.reads(".facts", "$1.50")
        assert await tab.ask("window.same")


async def test_the_shortcut(spent: House) -> None:
    """`c` leads there, and the sheet says so."""
    async with spent.visit() as tab:
        await tab.screen("new")
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("?")
        await tab.reads("dialog[open]", "costs")
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("$")
        await tab.screen("costs")


@pytest.mark.parametrize("size", SIZES)
async def test_the_chart_and_its_table(spent: House, size: dict[str, Any]) -> None:
    """It is drawn in the colours of the theme, fits its place, says what it is, and all of it stands in a table too."""
    async with spent.visit(**size) as tab:
        await open_costs(tab)
        chart = tab.page.get_by_role("img", name=re.compile("Spent by day"))
        assert await chart.count() == 1
        described = "document.getElementById(document.querySelector('.chart svg').getAttribute('aria-describedby'))"
        assert "in a table below" in await tab.ask(f"{described}.textContent")
        box = await chart.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert await tab.ask("document.querySelectorAll('.chart rect[class^=series]').length") == 3
        heights = (
            "[...document.querySelectorAll('.chart rect[class^=series]')].map(e => e.getBoundingClientRect().height)"
        )
        assert min(await tab.ask(heights)) > 10
        await tab.go(".chart summary")
        rows = await tab.ask("[...document.querySelectorAll('.chart tbody tr')].map(row => row.innerText)")
        assert len(rows) == 30
        assert "$1.75" in rows[-1]
        assert "$0.50" in rows[-2]
        assert await tab.ask("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")
        assert await tab.ask("document.querySelectorAll('main img').length") == 0


async def test_the_chart_follows_the_theme(spent: House) -> None:
    """Its colours are other ones in the dark, and both stand out from the paper."""
    fills = []
    for scheme in ("light", "dark"):
        async with spent.visit(color_scheme=scheme) as tab:
            await open_costs(tab)
            fills.append(await tab.ask("getComputedStyle(document.querySelector('.chart .series-1')).fill"))
    assert fills == ["rgb(15, 107, 92)", "rgb(92, 196, 176)"]


async def test_a_file_comes_whole(spent: House) -> None:
    """Both files are fetched with the token and kept under their names; what they hold is what the page shows."""
    async with spent.visit(accept_downloads=True) as tab:
        await open_costs(tab)
        for button, count in (("charges.csv", 3), ("days.csv", 3)):
            async with tab.page.expect_download() as coming:
                await tab.go(f"[data-path*='{button}']")
            download = await coming.value
            assert re.fullmatch(r"chit-costs-(by-day-)?[\d-]+\.csv", download.suggested_filename)
            text = (await download.path()).read_text("utf-8")
            assert len(list(csv.DictReader(text.splitlines()))) == count


async def test_a_file_that_is_refused(spent: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why stands beside the button, and nothing is kept."""
    monkeypatch.setattr("chit.web.costs_routes.MOST_CHARGES", 1)
    async with spent.visit() as tab:
        await open_costs(tab)
        await tab.go("[data-path*='charges.csv']")
        await tab.reads(".problem:not([hidden])", "Choose a shorter time")


async def test_the_dearest_lead_to_their_replies(spent: House) -> None:
    """A press, and the conversation stands there."""
    async with spent.visit() as tab:
        await open_costs(tab)
        await tab.go("a:text-is('Why?')")
        await tab.screen("conversation")


async def test_the_choice_of_compression(tapped: House, tap: Tap) -> None:
    """It is chosen under the last reply, stays open and chosen there, and the next request says it."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("One?")
        tap.say("One.")
        tap.end()
        await tab.stands(".from-actor[data-state=done] .context")
        await tab.go(".context summary")
        assert await tab.ask("document.querySelector('.context [aria-pressed=true]').textContent") == (
            "OpenRouter's default"
        )
        await tab.go(".context button:text-is('never')")
        await tab.until("document.querySelector('.context [aria-pressed=true]').textContent", "never")
        assert await tab.ask("document.querySelector('.context').open")
        await tab.say("Two?")
        tap.say("Two.")
        tap.end()
        await tab.stands(".from-actor[data-state=done]", 2)
        assert tap.bodies[0].get("plugins") is None
        assert tap.bodies[1]["plugins"] == [{"id": "context-compression", "enabled": False}]
        shown = "[...document.querySelectorAll('.context')].map(each => each.checkVisibility())"
        assert await tab.ask(shown) == [False, True]


async def test_the_panel_tells_the_next_turn(house: House) -> None:
    """How full the context is and what comes next, as soon as a reply has ended, without a reload; on a phone too."""
    async with house.visit(**PHONE) as tab:
        await tab.screen("new")
        await house.desk.app.catalogue.list_models()
        await tab.page.fill(".composer textarea", "Hello?")
        await tab.go(".send")
        await tab.stands(".from-actor[data-state=done] .context")
        await tab.reads(".context summary", "next turn about $0.")
        await tab.go(".context summary")
        await tab.reads(".context", "an estimate")
        assert await tab.ask("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")
