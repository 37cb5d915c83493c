"""Versions in a real browser: rewriting, other models, and the menu of them all."""

from typing import Any

import pytest
from tests.web.browser import PHONE, Tab
from tests.web.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPLY = ".from-actor:last-of-type"
DONE = f"{REPLY}[data-state='done']"
TEXT = f"document.querySelector({REPLY + ' .reply'!r}).innerText.trim()"
NAMES = f"[...document.querySelectorAll({REPLY + ' .versions a'!r})].map(each => each.textContent)"
CURRENT = f"document.querySelector({REPLY + ' .versions [aria-current=true]'!r})?.textContent"
SIZES = [
    pytest.param({}, id="wide"),
    pytest.param(PHONE, id="phone"),
    pytest.param({**PHONE, "viewport": {"width": 320, "height": 640}}, id="small", marks=pytest.mark.long),
]


async def ask(tab: Tab, question: str, turns: int = 1) -> None:
    """To the end of its reply, by any device."""
    await tab.page.fill(".composer textarea", question)
    await tab.go(".send")
    await tab.stands(".from-user", turns)
    await tab.stands(DONE)


async def begin(tab: Tab, question: str) -> None:
    """A new conversation with the echo."""
    await tab.screen("new")
    await tab.page.fill(".model-field .model-input", "sandbox/echo")
    await ask(tab, question)


@pytest.mark.parametrize("size", SIZES)
async def test_a_reply_is_rewritten_in_place(house: House, size: dict[str, Any]) -> None:
    """Its Markdown is there to be changed; the new version is shown, the old one is one step away; both stay."""
    async with house.visit(**size) as tab:
        await begin(tab, "Some *words* here")
        await tab.go(f"{REPLY} [data-do=amend]")
        await tab.until("document.activeElement.value", "Some *words* here")
        assert not await tab.page.is_visible(f"{REPLY} .reply")
        assert await tab.ask("document.documentElement.scrollWidth <= innerWidth")
        await tab.page.fill(".amend textarea", "Only **mine**")
        await tab.go(".amend .primary")
        await tab.until(TEXT, "Only mine")
        await tab.stands(f"{REPLY} .edited")
        assert await tab.ask(CURRENT) == "edited"
        await tab.go("[aria-label='Previous version']")
        await tab.until(TEXT, "Some words here")
        await tab.go("[aria-label='Next version']")
        await tab.until(TEXT, "Only mine")
        await ask(tab, "And now?", 2)
        await tab.page.reload()
        await tab.stands(".from-actor", 2)
        await tab.reads(".from-actor .reply", "Only mine")


async def test_rewriting_can_be_given_up(house: House) -> None:
    """Cancel leaves all as it was and gives the focus back; an empty one is refused in its place and not lost."""
    async with house.visit() as tab:
        await begin(tab, "Words")
        await tab.go(f"{REPLY} [data-do=amend]")
        await tab.page.fill(".amend textarea", " ")
        await tab.go(".amend .primary")
        await tab.reads(".amend .problem", "The message is empty.")
        await tab.go("[data-do=amend-cancel]")
        assert await tab.ask("document.activeElement.dataset.do") == "amend"
        assert await tab.ask(TEXT) == "Words"
        await tab.stands(".branch", 0)


async def test_what_happens_elsewhere_leaves_a_rewriting_alone(house: House) -> None:
    """A version that another tab adds is told to this one, which keeps what is being written in it."""
    async with house.visit() as tab:
        await begin(tab, "Words")
        other = await tab.beside(f"{house.address}{await tab.ask('location.pathname')}")
        await other.stands(DONE)
        await tab.go(f"{REPLY} [data-do=amend]")
        await tab.page.fill(".amend textarea", "Being written")
        await other.go(f"{REPLY} [data-do=amend]")
        await other.page.fill(".amend textarea", "From elsewhere")
        await other.go(".amend .primary")
        await tab.until(f"document.querySelector({REPLY + ' .reply'!r}).textContent.trim()", "From elsewhere")
        assert await tab.page.input_value(".amend textarea") == "Being written"
        await tab.go(".amend .primary")
        await tab.until(TEXT, "Being written")
        await tab.until(NAMES, ["Words", "edited · From elsewhere", "edited · Being written"])
        await other.until(TEXT, "Being written")


@pytest.mark.parametrize("size", SIZES)
async def test_again_with_another_model(house: House, size: dict[str, Any]) -> None:
    """The dialog begins with the model that was asked, suggests others, and the versions bear their names."""
    async with house.visit(**size) as tab:
        await begin(tab, "Words")
        await tab.go(f"{REPLY} [data-do=again-with]")
        box = ".again-model .model-input"
        await tab.until(f"document.querySelector({box!r}).value", "sandbox/echo")
        assert await tab.ask("document.querySelector('.again-with').open")
        await tab.page.fill(box, "sandbox/reas")
        await tab.go(".again-model [data-model='sandbox/reasoning']")
        await tab.go("[data-do=ask-again]")
        await tab.stands(f"{DONE} .reasoning")
        await tab.until(NAMES, ["sandbox/echo", "sandbox/reasoning"])
        assert await tab.page.input_value(".model-field .model-input") == "sandbox/echo"
        await tab.go(f"{REPLY} [data-do=again-with]")
        await tab.page.keyboard.press("Escape")
        await tab.until("document.querySelector('.again-with').open", False)
        await tab.stands(f"{REPLY} .versions a", 2)


@pytest.mark.parametrize("size", SIZES)
async def test_the_menu_leads_to_every_version(house: House, size: dict[str, Any]) -> None:
    """All of them by name, the current one marked; it closes with Escape, fits the screen, and its links lead there."""
    async with house.visit(**size) as tab:
        await begin(tab, "Tell me about apples")
        for text in ("Tell me about pears", "Tell me about plums"):
            await tab.ask("document.querySelector('.from-user [data-do=edit]').click()")
            await ask(tab, text)
            await tab.reads(".said", text)
        button = ".from-user .branch button"
        assert await tab.page.get_attribute(button, "aria-label") == "Version 3 of 3: … plums"
        await tab.go(button)
        menu = ".from-user .versions"
        await tab.until(f"document.querySelector({menu!r}).matches(':popover-open')")
        box = await tab.ask(f"(({{left, right, bottom}}) => [left, right, bottom])({_bounds(menu)})")
        assert box[0] >= 0
        assert box[1] <= await tab.ask("innerWidth")
        assert box[2] <= await tab.ask("innerHeight")
        await tab.page.keyboard.press("Escape")
        await tab.until(f"document.querySelector({menu!r}).matches(':popover-open')", False)
        await tab.go(button)
        await tab.go(f"{menu} li:first-child a")
        await tab.reads(".said", "Tell me about apples")
        current = "[...document.querySelectorAll('.from-user .versions [aria-current]')].map(each => each.textContent)"
        await tab.until(current, ["… apples"])


def _bounds(selector: str) -> str:
    return f"document.querySelector({selector!r}).getBoundingClientRect()"
