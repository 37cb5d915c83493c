"""Pins, the archive and private conversations in a real browser."""

from typing import Any

import pytest
from tests.test_engine_private import find_on_disk
from tests.web.browser import PHONE, Tab
from tests.web.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST = """[...document.querySelectorAll('.list .day:has(li)')].map(day => [day.dataset.day,
    ...[...day.querySelectorAll('.title')].map(each => each.textContent)])"""
SIZES = [
    pytest.param({}, id="wide"),
    pytest.param(PHONE, id="phone"),
    pytest.param({**PHONE, "viewport": {"width": 320, "height": 640}}, id="small", marks=pytest.mark.long),
]
FITS = "document.documentElement.scrollWidth <= innerWidth"


async def ask(tab: Tab, question: str) -> None:
    """A conversation of its own, to the end of its reply."""
    await tab.ask("document.querySelector('.start').click()")
    await tab.screen("new")
    await tab.page.fill(".composer textarea", question)
    await tab.go(".send")
    await tab.stands(".from-actor[data-state=done]")


async def press(tab: Tab, title: str, name: str) -> None:
    """A tool of an item in the list, which is the one on screen, in the drawer where there is one."""
    if await tab.page.is_visible(".menu"):
        await tab.ask("document.body.dataset.drawer === undefined && document.querySelector('.menu').click()")
    item = f".list li:has(.title:text-is('{title}'))"
    await tab.page.hover(item)
    await tab.page.click(f"{item} .more")
    await tab.page.click(f"{item} [data-name={name}], {item} [data-do={name}]")


async def choose(tab: Tab, title: str, name: str) -> None:
    """The same, by keyboard."""
    menu = f".list li:has(.title:text-is('{title}'))"
    await tab.page.focus(f"{menu} .more")
    await tab.page.keyboard.press("Enter")
    await tab.page.focus(f"{menu} [data-name={name}]")
    await tab.page.keyboard.press("Enter")


@pytest.mark.parametrize("size", SIZES)
async def test_pinning(house: House, size: dict[str, Any]) -> None:
    """A pinned one stands above every day, in every tab, with a way back; new ones come below it."""
    async with house.visit(**size) as tab:
        await ask(tab, "One")
        other = await tab.beside(f"{house.address}/")
        await other.until(LIST, [["Today", "One"]])
        await tab.page.bring_to_front()
        await press(tab, "One", "pinned")
        await other.until(LIST, [["Pinned", "One"]])
        await tab.until(LIST, [["Pinned", "One"]])
        assert await tab.ask(FITS)
        await ask(tab, "Two")
        await other.until(LIST, [["Pinned", "One"], ["Today", "Two"]])
        await tab.until(LIST, [["Pinned", "One"], ["Today", "Two"]])
        await tab.ask("document.querySelector('.list a').click()")
        await tab.reads(".said", "One")
        await press(tab, "One", "pinned")
        await tab.until(LIST, [["Today", "Two", "One"]])
        await other.until(LIST, [["Today", "Two", "One"]])
        await tab.ask("document.querySelector('.toast [data-do=undo]').click()")
        await tab.until(LIST, [["Pinned", "One"], ["Today", "Two"]])


async def test_the_focus_stays_with_what_is_moved(house: House) -> None:
    """By keyboard alone: what is pinned or unpinned keeps the focus, what is archived gives it to its neighbour."""
    async with house.visit() as tab:
        await ask(tab, "One")
        await ask(tab, "Two")
        title = "document.activeElement.querySelector('.title')?.textContent"
        for days in ([["Pinned", "Two"], ["Today", "One"]], [["Today", "Two", "One"]]):
            await choose(tab, "Two", "pinned")
            await tab.until(LIST, days)
            await tab.until(title, "Two")
        await choose(tab, "Two", "archived")
        await tab.until(LIST, [["Today", "One"]])
        await tab.until(title, "One")


@pytest.mark.parametrize("size", SIZES)
async def test_the_archive(house: House, size: dict[str, Any]) -> None:
    """What is archived leaves the list, stands on its page, and comes back: by its button, by undo, by a message."""
    async with house.visit(**size) as tab:
        await ask(tab, "One")
        await ask(tab, "Two")
        await press(tab, "Two", "archived")
        await tab.until(LIST, [["Today", "One"]])
        await tab.ask("document.querySelector('.archive-link').click()")
        await tab.screen("archive")
        assert await tab.ask("location.pathname") == "/archive"
        await tab.reads(".archive .rows", "Two")
        assert await tab.ask(FITS)
        await tab.go(".archive .button")
        await tab.reads(".archive", "Nothing is archived.")
        await tab.until(LIST, [["Today", "Two", "One"]])
        await tab.go(".toast [data-do=undo]")
        await tab.until(LIST, [["Today", "One"]])
        await tab.reads(".archive .rows", "Two")
        await tab.go(".archive .rows a")
        await tab.reads(".said", "Two")
        await tab.page.fill(".composer textarea", "More")
        await tab.go(".send")
        await tab.until(LIST, [["Today", "Two", "One"]])


@pytest.mark.parametrize("size", SIZES)
async def test_a_private_conversation(house: House, size: dict[str, Any]) -> None:
    """It is told apart on its page and in the list, nothing of it rests in browser or on disk, and it can go."""
    async with house.visit(**size) as tab:
        await ask(tab, "Plain")
        await tab.ask("document.querySelector('.start').click()")
        await tab.screen("new")
        await tab.stands(".private-note", 0)
        await tab.page.fill(".composer textarea", "zanzibarwards")
        drafts = "Object.entries(sessionStorage).map(([name, text]) => name === 'chit-tab' ? '' : text).join('')"
        assert await tab.ask(drafts) == "zanzibarwards"
        await tab.page.check("[name=private]")
        assert await tab.ask(drafts) == ""
        await tab.page.fill(".composer textarea", "zanzibarwards too")
        assert await tab.ask(drafts) == ""
        await tab.go(".send")
        await tab.stands(".from-actor[data-state=done]")
        await tab.reads(".private-note", "In memory only, gone when Chit ends.")
        assert await tab.ask(FITS)
        await tab.until("document.querySelector('.list li[data-private] .badge')?.textContent", "private")
        await tab.page.fill(".composer textarea", "zanzibarwards, more")
        assert await tab.ask(drafts) == ""
        await tab.go(".send")
        await tab.stands(".from-actor[data-state=done]", 2)
        await tab.page.reload()
        await tab.stands(".from-actor[data-state=done]", 2)
        await tab.stands(".private-note")
        assert find_on_disk(house.home, "zanzibarwards") == []
        path = await tab.ask("location.pathname")
        await press(tab, "zanzibarwards too", "delete")
        await tab.screen("new")
        await tab.reads(".toast", "Deleted “zanzibarwards too”.")
        assert await tab.ask("document.querySelector('.toast button').hidden")
        await tab.until(LIST, [["Today", "Plain"]])
        await tab.page.goto(f"{house.address}{path}")
        await tab.reads("main", "was deleted")


async def test_an_address_of_a_private_one_that_is_gone(house: House) -> None:
    """It says what it was, and that its cost counts."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.check("[name=private]")
        await tab.page.fill(".composer textarea", "Hello")
        await tab.go(".send")
        await tab.stands(".from-actor[data-state=done]")
        house.desk.app.store._rooms.clear()  # type: ignore[attr-defined] # as a restart does
        await tab.page.reload()
        await tab.screen("forgotten")
        await tab.reads("main h1", "This conversation was private")
        await tab.reads("main", "$0.0")
        assert not await tab.page.is_visible(".composer")
        await tab.until("document.querySelectorAll('.list li').length", 0)
