"""Searching in a real browser: as one types, by the keyboard, with filters, and to the message that was looked for."""

import pytest
from tests.store.said import ask
from tests.web.browser import PHONE
from tests.web.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = "#search input"
HITS = "[...document.querySelectorAll('.found a .hit-text')].map(each => each.textContent)"
MARKS = "[...document.querySelectorAll('.found mark')].map(each => each.textContent)"
IN_BOX = "document.activeElement === document.querySelector('#search input')"
AT = "[...document.querySelectorAll('.found a')].indexOf(document.activeElement)"
FITS = "document.documentElement.scrollWidth <= innerWidth"
TOP = "document.getElementById('here').getBoundingClientRect().top"


async def fill(house: House, exchanges: int = 3) -> list[str]:
    """Apples in one conversation, pears in another; the ids of the messages with apples."""
    store = house.desk.app.store
    first, reply = await ask(store, "apple number 0", "An apple.\n\n" * 20, model="a/fast", cost="0.02")
    ids = [first.message.id, reply.message.id]
    for number in range(1, exchanges):
        question, answer, place = f"apple number {number}", "So it is.\n\n" * 20, first.conversation
        asked, reply = await ask(store, question, answer, conversation=place, parent=ids[-1], model="a/fast")
        ids += [asked.message.id, reply.message.id]
    await ask(store, "a pear", "", state="failed", requested_model="b/slow")
    return ids


async def test_results_come_as_one_types(house: House) -> None:
    """The key leads into the box, each letter narrows what is found, and the address keeps it."""
    await fill(house)
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("/")
        await tab.until(IN_BOX)
        await tab.page.keyboard.type("app")
        await tab.screen("search")
        marks = await tab.see(MARKS, lambda found: len(found) > 3)
        assert set(marks) == {"apple"}
        await tab.page.keyboard.type("le number 2")
        await tab.until(HITS, ["apple number 2"])
        await tab.until("location.search", "?q=apple+number+2")
        assert await tab.page.input_value(BOX) == "apple number 2"
        assert await tab.ask("history.length") <= 3
        await tab.page.fill(BOX, "unheard of")
        await tab.reads(".state", "Nothing found.")
        await tab.page.fill(BOX, "")
        await tab.stands(".syntax")
        await tab.page.go_back()
        await tab.screen("new")
        assert await tab.page.input_value(BOX) == ""


async def test_the_keyboard_goes_through_results(house: House) -> None:
    """Down and up between box and results, Escape back to the box, Enter into the first and through it."""
    ids = await fill(house)
    async with house.visit("/search?q=apple+number") as tab:
        await tab.stands(".found a", 3)
        await tab.page.focus(BOX)
        for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 2), ("ArrowDown", 2), ("ArrowUp", 1)):
            await tab.page.keyboard.press(key)
            await tab.until(AT, place)
        await tab.page.keyboard.press("Escape")
        await tab.until(IN_BOX)
        await tab.page.keyboard.press("Enter")
        await tab.until(AT, 0)
        await tab.page.keyboard.press("ArrowUp")
        await tab.until(IN_BOX)
        await tab.page.keyboard.press("ArrowDown")
        await tab.page.keyboard.press("Enter")
        await tab.screen("conversation")
        assert await tab.ask("location.search") == f"?at={ids[4]}"
        await tab.until("document.activeElement.id", "here")
        await tab.page.go_back()
        await tab.stands(".found a", 3)
        assert await tab.page.input_value(BOX) == "apple number"


async def test_fields_filter_and_keep_the_focus(house: House) -> None:
    """What is typed into a field filters at once, and one can go on typing there."""
    await fill(house)
    async with house.visit("/search") as tab:
        await tab.screen("search")
        await tab.go(".filters summary")
        await tab.page.focus("[name=model]")
        await tab.page.keyboard.type("b/sl")
        await tab.stands(".found a", 1)
        await tab.page.keyboard.type("ow")
        await tab.until("location.search", "?model=b%2Fslow")
        assert await tab.ask("document.activeElement.name") == "model"
        await tab.page.fill("[name=model]", "")
        await tab.page.check("[name=has]")
        await tab.until("location.search", "?has=error")
        await tab.stands(".found .bad", 1)
        await tab.page.uncheck("[name=has]")
        await tab.page.select_option("[name=from]", "me")
        await tab.stands(".found a", 4)
        await tab.page.fill("[name=cost]", "0.01")
        await tab.reads(".state", "Nothing found.")
        await tab.page.select_option("[name=from]", "")
        await tab.stands(".found a", 1)
        await tab.page.reload()
        await tab.stands(".found a", 1)
        assert await tab.page.input_value("[name=cost]") == "0.01"


async def test_a_result_opens_where_it_stands(house: House) -> None:
    """The conversation is scrolled to the message, which is marked, and stays there; the rest can be reached."""
    ids = await fill(house, exchanges=30)
    async with house.visit("/search?q=apple+number+25+") as tab:
        await tab.go(".found a")
        await tab.screen("conversation")
        await tab.stands("#here")
        await tab.until(f"document.getElementById('here').closest('article').dataset.message === '{ids[50]}'")
        await tab.see(TOP, lambda top: 0 < top < 850)
        assert await tab.ask("document.querySelector('.jump').hidden") is False
        await tab.say("More?")
        await tab.until("location.search", "")
    async with house.visit("/search?q=apple+number+0+") as tab:
        await tab.go(".found a[href*=at]")
        await tab.screen("reading")
        await tab.see(TOP, lambda top: 0 < top < 850)
        assert await tab.ask("getComputedStyle(document.querySelector('.foot')).display") == "none"
        await tab.go(".rest a")
        await tab.screen("conversation")
        assert await tab.ask("document.getElementById('here')") is None


async def test_more_results_have_an_address(house: House) -> None:
    """A link leads to older ones, one back to the newest, and the browser's own way back works too."""
    await fill(house, exchanges=25)
    async with house.visit("/search?q=apple+number") as tab:
        await tab.stands(".found a", 20)
        await tab.go(".pages a")
        await tab.stands(".found a", 5)
        assert await tab.page.input_value(BOX) == "apple number"
        await tab.page.go_back()
        await tab.stands(".found a", 20)


async def test_a_phone(house: House) -> None:
    """A link in the drawer leads to the screen, where the box stands at the top; nothing is wider than the screen."""
    await fill(house)
    for width in (400, 320):
        async with house.visit(**{**PHONE, "viewport": {"width": width, "height": 800}}) as tab:
            await tab.screen("new")
            await tab.go(".menu")
            await tab.go(".search-link")
            await tab.screen("search")
            await tab.go(BOX)
            await tab.page.keyboard.type("apple number 1")
            await tab.until(HITS, ["apple number 1"])
            assert await tab.ask(FITS)
            await tab.go(".filters summary")
            assert await tab.ask(FITS)
            await tab.go(".menu")
            await tab.stands(".column[inert]")
            await tab.page.keyboard.press("Escape")
            await tab.go(".found a")
            await tab.stands("#here")
            assert await tab.ask(FITS)
