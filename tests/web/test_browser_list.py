"""The list of conversations, the keyboard, and a phone."""

import pytest
from tests.web.browser import PHONE, Tab
from tests.web.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = ".composer textarea"
TITLES = "[...document.querySelectorAll('.list .title')].map(each => each.textContent)"
SIDEBAR = "getComputedStyle(document.getElementById('sidebar')).visibility"
FITS = "document.documentElement.scrollWidth <= innerWidth"


async def ask(tab: Tab, question: str) -> str:
    """A conversation of its own; its path."""
    await tab.ask("document.querySelector('.start').click()")
    await tab.screen("new")
    await tab.say(question)
    await tab.stands(".from-actor[data-state=done]")
    return str(await tab.ask("location.pathname"))


async def test_the_list_by_day(house: House) -> None:
    """The newest stands first, with its cost; each has an address, and the one on screen is marked."""
    async with house.visit() as tab:
        first = await ask(tab, "About apples")
        await ask(tab, "About pears")
        await tab.until(TITLES, ["About pears", "About apples"])
        assert await tab.text(".list .day h3") == "Today"
        assert (await tab.text(".list .cost")).startswith("$")
        await tab.go(f".list a[href='{first}']")
        await tab.until("location.pathname", first)
        await tab.reads(".from-user .said", "About apples")
        await tab.until("document.querySelector('.list [aria-current=page] .title').textContent", "About apples")
        await tab.page.go_back()
        await tab.reads(".from-user .said", "About pears")
        other = await tab.beside(f"{house.address}{first}")
        await other.reads(".from-user .said", "About apples")
        await other.until("document.title", "About apples – Chit")


async def test_renaming_deleting_and_undoing(house: House) -> None:
    """In every tab: a new title, a conversation gone, and back by the toast."""
    async with house.visit() as tab:
        path = await ask(tab, "First title")
        other = await tab.beside(f"{house.address}/")
        await other.until(TITLES, ["First title"])
        await tab.page.bring_to_front()
        await tab.page.hover(".list li")
        await tab.go(".list .more")
        await tab.go(".list [data-do=rename]")
        await tab.page.keyboard.type("Better title")
        await tab.page.keyboard.press("Enter")
        await other.until(TITLES, ["Better title"])
        await tab.page.hover(".list li")
        await tab.go(".list .more")
        await tab.go(".list [data-do=delete]")
        await tab.screen("new")
        await other.until(TITLES, [])
        await tab.go(".toast [data-do=undo]")
        await tab.until("location.pathname", path)
        await tab.until(TITLES, ["Better title"])
        await other.until(TITLES, ["Better title"])


async def test_the_keyboard(house: House) -> None:
    """Single keys lead everywhere, but not while one is writing; a sheet lists them."""
    async with house.visit() as tab:
        await ask(tab, "Hello?")
        sheet = "document.querySelector('.help').open"
        await tab.page.focus(BOX)
        await tab.page.keyboard.type("?n")
        assert await tab.page.input_value(BOX) == "?n"
        assert await tab.ask(sheet) is False
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("?")
        await tab.until(sheet)
        await tab.page.keyboard.press("Escape")
        await tab.until(sheet, False)
        await tab.page.keyboard.press("r")
        await tab.until("document.querySelector('.chit details').open")
        await tab.page.keyboard.press("m")
        await tab.until("document.activeElement.matches('.model-input')")
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("c")
        await tab.until("document.activeElement.matches('.composer textarea')")
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press(",")
        await tab.screen("settings")
        await tab.page.keyboard.press("n")
        await tab.screen("new")


async def test_a_phone(house: House) -> None:
    """The list is a drawer that takes the focus and gives it back; nothing is wider than the screen."""
    async with house.visit(**PHONE) as tab:
        await tab.screen("new")
        assert await tab.ask(FITS)
        await tab.page.fill(BOX, "A table, code and math, please: " + "long" * 60)
        await tab.page.press(BOX, "Enter")
        assert (await tab.page.input_value(BOX)).endswith("\n")
        await tab.go(".send")
        await tab.stands(".from-actor[data-state=done] table")
        assert await tab.ask(FITS)
        assert await tab.ask(SIDEBAR) == "hidden"
        await tab.go(".menu")
        await tab.until(SIDEBAR, "visible")
        await tab.until("document.getElementById('sidebar').contains(document.activeElement)")
        await tab.page.keyboard.press("Escape")
        await tab.until(SIDEBAR, "hidden")
        assert await tab.ask("document.activeElement.matches('.menu')")
        await tab.go(".menu")
        await tab.go(".below a")
        await tab.screen("settings")
        await tab.until(SIDEBAR, "hidden")
        assert await tab.ask(FITS)
