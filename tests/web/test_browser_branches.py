"""Versions of a reply in a real browser: going from one to another, and going on from the one that is shown."""

import pytest
from tests.web.browser import Tab
from tests.web.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAID = "[...document.querySelectorAll('.said')].map(each => each.textContent)"
REPLY = ".from-actor:last-of-type"
DONE = f"{REPLY}[data-state='done']"


async def say(tab: Tab, text: str, turns: int) -> None:
    """A question, to the end of its reply."""
    await tab.say(text)
    await tab.see(SAID, lambda said: said[-1:] == [text] and len(said) == turns)
    await tab.stands(DONE)


async def test_a_question_follows_the_branch_that_is_shown(house: House) -> None:
    """After going back to an older version the next question goes on from there, and the address is that of it all."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(".model-field .model-input", "sandbox/echo")
        await say(tab, "one", 1)
        await say(tab, "two", 2)
        await tab.page.click(".from-user [data-do='edit']")
        await tab.page.fill(".composer textarea", "other")
        await tab.page.keyboard.press("Enter")
        await tab.see(SAID, lambda said: said == ["other"])
        await tab.stands(DONE)
        await tab.page.click("[aria-label='Previous version']")
        await tab.see(SAID, lambda said: said == ["one", "two"])
        await say(tab, "three", 3)
        assert await tab.ask("location.search") == ""
        await tab.page.reload()
        await tab.see(SAID, lambda said: said == ["one", "two", "three"])


async def test_a_page_on_another_branch_is_not_disturbed(house: House) -> None:
    """What goes on elsewhere in the conversation does not come into the version that is read."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(".model-field .model-input", "sandbox/echo")
        await say(tab, "one", 1)
        await tab.page.click(".from-user [data-do='edit']")
        await tab.page.fill(".composer textarea", "other")
        await tab.page.keyboard.press("Enter")
        await tab.see(SAID, lambda said: said == ["other"])
        await tab.stands(DONE)
        address = await tab.page.get_attribute("[aria-label='Previous version']", "href")
        assert address
        async with house.visit(address) as reader:
            await reader.see(SAID, lambda said: said == ["one"])
            await say(tab, "more", 2)
            await reader.see(SAID, lambda said: said == ["one"])
            await reader.stands(".messages article", 2)
