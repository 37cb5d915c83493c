"""Writing and following: the box, the draft, the pending reply, the scrolling, and what is announced."""

import pytest
from tests.web.browser import Tab
from tests.web.house import House, Tap

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = ".composer textarea"
MODEL = ".model-field .model-input"
VALUE = f"document.querySelector({BOX!r}).value"
END = "(m => m.scrollHeight - m.scrollTop - m.clientHeight < 2)(document.getElementById('main'))"
CHATTER = """
window.told = [];
for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")) {
  new MutationObserver(() => region.textContent && !region.hidden && told.push(region.textContent.trim()))
    .observe(region, { childList: true, characterData: true, subtree: true });
}
"""


async def test_a_sent_message_shows_at_once(tapped: House, tap: Tap) -> None:
    """Before OpenRouter has said a word: the question, the reply that is to come, and the way to stop it."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("Slowly, please.")
        await tab.stands(".from-actor[data-state=streaming]")
        assert await tab.text(".from-user .said") == "Slowly, please."
        await tab.until("document.querySelector('.stop').hidden", False)
        assert await tab.ask("getComputedStyle(document.querySelector('.from-actor .reply'), '::after').content") != ""
        tap.say("Yes.")
        tap.end()
        await tab.reads(".reply", "Yes.")
        await tab.until("document.querySelector('.stop').hidden")


async def test_enter_sends_and_shift_enter_does_not(tapped: House, tap: Tap) -> None:
    """The line break arrives as one."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.page.focus(BOX)
        await tab.page.keyboard.type("one")
        await tab.page.keyboard.press("Shift+Enter")
        await tab.page.keyboard.type("two")
        assert tap.bodies == []
        await tab.page.keyboard.press("Enter")
        await tab.stands(".from-actor")
        assert await tab.text(".from-user .said") == "one\ntwo"
        tap.end()


async def test_a_draft_outlives_a_reload(house: House) -> None:
    """Also on the screen of a new conversation."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(BOX, "half a thought")
        await tab.page.reload()
        await tab.until(VALUE, "half a thought")


async def test_scrolling_yields_to_the_reader(tapped: House, tap: Tap) -> None:
    """The page follows the reply; a turn of the wheel ends that, and the button begins it again."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("At length.")
        tap.say(*(f"Paragraph {number}.\n\n" for number in range(80)))
        await tab.reads(".block:nth-child(79)", "Paragraph 78.")
        await tab.until(END)
        await tab.page.mouse.move(700, 400)
        await tab.page.mouse.wheel(0, -900)
        await tab.until("document.querySelector('.jump').hidden", False)
        place = await tab.ask("document.getElementById('main').scrollTop")
        tap.say(*(f"More {number}.\n\n" for number in range(40)))
        await tab.reads(".block:nth-child(119)", "More 38.")
        assert abs(await tab.ask("document.getElementById('main').scrollTop") - place) < 150
        assert await tab.ask(END) is False
        await tab.go(".jump")
        await tab.until(END)
        tap.say("Last.\n\n")
        await tab.reads(".block:nth-child(121)", "Last.")
        await tab.until(END)
        tap.end()


async def test_a_reply_is_announced_twice(tapped: House, tap: Tap) -> None:
    """A screen reader is told that it began and that it ended, and of nothing in between."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.page.evaluate(CHATTER)
        await tab.say("Count.")
        await tab.stands(".from-actor")
        for number in range(60):
            tap.say(f"{number} ")
            if number % 10 == 0:
                await tab.reads(".reply", f"{number}")
        tap.end()
        await tab.until("told.at(-1)?.startsWith('Reply finished') ?? false")
        told = await tab.ask("told")
        assert len(told) <= 2
        assert await tab.ask("document.querySelectorAll('main [aria-live], main [role=status]').length") == 0


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
async def test_motion_is_left_out_on_request(tapped: House, tap: Tap, wish: str) -> None:
    """Where a person wants none, nothing moves while a reply comes; elsewhere something shows that it does."""
    async with tapped.visit(reduced_motion=wish) as tab:
        await tab.screen("new")
        await tab.say("Hello?")
        await tab.stands(".from-actor[data-state=streaming]")
        moving = "document.getAnimations().filter(each => each.effect.getTiming().duration > 1).length"
        await tab.see(moving, lambda number: (number == 0) is (wish == "reduce"))
        tap.end()


async def test_the_model_field(house: House) -> None:
    """It suggests with prices as one types, makes chips of commas, takes any text, and links to all models."""
    async with house.visit() as tab:
        await tab.screen("new")
        link = ".model-field .models-link"
        assert await tab.page.get_attribute(link, "href") == "https://openrouter.ai/models"
        await tab.page.fill(MODEL, "claude")
        await tab.stands(".model-field [role=option][data-model]")
        assert "per M" in await tab.text(".model-field [role=option] .facts")
        await tab.page.press(MODEL, "ArrowDown")
        await tab.page.press(MODEL, "Enter")
        assert "claude" in await tab.page.input_value(MODEL)
        await tab.page.fill(MODEL, "sandbox/echo,somebody/unheard-of")
        await tab.stands(".model-field .chip", 1)
        await tab.say("Both?")
        await tab.reads(".reply", "Both?")
        await tab.until("document.querySelectorAll('.model-field .chip').length", 1)


async def test_an_old_question_is_written_anew(house: House) -> None:
    """The new one takes its place on the page, with what followed."""
    async with house.visit() as tab:
        await ask_twice(tab)
        await tab.page.hover(".from-user")
        await tab.go(".from-user [data-do=edit]")
        await tab.until(VALUE, "First")
        await tab.say("Instead")
        await tab.reads(".from-user:first-of-type .said", "Instead")
        await tab.stands(".from-actor[data-state=done]", 1)
        await tab.stands(".message", 2)


async def ask_twice(tab: Tab) -> None:
    """A conversation with two questions."""
    await tab.screen("new")
    await tab.say("First")
    await tab.stands(".from-actor[data-state=done]", 1)
    await tab.say("Second")
    await tab.stands(".from-actor[data-state=done]", 2)
