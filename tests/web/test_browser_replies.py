"""Replies as they come: blocks of every kind, reasoning, tools, citations, pictures; stopping, again, going on."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser
from tests.web.browser import Tab
from tests.web.house import House, Tap, opened_house

from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPLY = ".from-actor:last-of-type"
BLOCKS = f"[...document.querySelectorAll('{REPLY} .block')].map(each => each.textContent.trim())"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
REST = """
- [x] done
- [ ] open

Inline $a^2$ and

$$
\\int_0^1 x\\,dx
$$

The end.
"""


async def ask(tab: Tab, question: str = "Tell me.", model: str | None = None) -> None:
    """A new conversation, perhaps with a model of its own."""
    await tab.screen("new")
    if model is not None:
        await tab.page.fill(".model-field .model-input", model)
    await tab.say(question)
    await tab.screen("conversation")
    await tab.stands(REPLY)


async def test_markdown_comes_block_by_block(tapped: House, tap: Tap) -> None:
    """A block that stands is left alone; a table, a fence, tasks and maths become what they are while more comes."""
    async with tapped.visit() as tab:
        await ask(tab)
        tap.say("# Title\n\n", "First **para")
        await tab.see(BLOCKS, lambda blocks: blocks[:1] == ["Title"] and blocks[-1].startswith("First"))
        await tab.ask(f"window.kept = document.querySelector('{REPLY} h1, {REPLY} h2, {REPLY} h3'), 1")
        tap.say("graph**.\n\n| Planet | Moons |\n|---|---:|\n| Earth | 1 |\n", "| Mars | 2 |\n\n")
        await tab.stands(f"{REPLY} table tbody tr", 2)
        tap.say("```python\ndef greet():\n", "    return 1\n")
        await tab.reads(f"{REPLY} .code code", "return 1")
        await tab.stands(f"{REPLY} .code code span", 0)
        tap.say("```\n", REST)
        await tab.stands(f"{REPLY} .code code span")
        await tab.stands(f"{REPLY} math", 2)
        await tab.stands(f"{REPLY} li", 2)
        tap.end()
        await tab.until(f"document.querySelector('{REPLY}').dataset.state", "done")
        assert await tab.ask("document.contains(window.kept)")
        assert (await tab.ask(BLOCKS))[-1] == "The end."


async def test_code_is_copied_as_it_was_written(house: House) -> None:
    """The button of a block of code, and that of the whole reply."""
    text = "```python\nprint(1 < 2)\n```"
    async with house.visit(permissions=["clipboard-read", "clipboard-write"]) as tab:
        await ask(tab, text, "sandbox/echo")
        await tab.go(f"{REPLY} .code .copy")
        await tab.until("navigator.clipboard.readText()", "print(1 < 2)\n")
        await tab.go(f"{REPLY} [data-do=copy]")
        await tab.until("navigator.clipboard.readText()", text)


async def test_reasoning_is_folded_with_its_duration(tapped: House, tap: Tap) -> None:
    """It grows behind a closed fold, and at the end the fold says how long it took."""
    async with tapped.visit() as tab:
        await ask(tab)
        tap.think("First this, ")
        await tab.reads(f"{REPLY} .thoughts", "First this, ")
        assert await tab.ask(f"document.querySelector('{REPLY} .reasoning').open") is False
        assert await tab.text(f"{REPLY} .reasoning summary") == "Thinking"
        tap.think("then that.")
        tap.say("Answer.")
        tap.end()
        await tab.reads(f"{REPLY} .reasoning summary", "Thought for ")
        await tab.go(f"{REPLY} .reasoning summary")
        await tab.until(f"document.querySelector('{REPLY} .thoughts').innerText", "First this, then that.")


async def test_tool_calls(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """What the model wants to call is shown with its arguments, behind a fold."""
    wanted: dict[str, Any] = {"parameters": {"tools": [TOOL]}, "model": "sandbox/tools"}
    async with opened_house(browser, tmp_path / "home", upstream, **wanted) as house, house.visit() as tab:
        await ask(tab)
        await tab.reads(f"{REPLY} .tool-call summary", "get_weather")
        await tab.go(f"{REPLY} .tool-call summary")
        await tab.until(f"document.querySelector('{REPLY} .tool-call pre').innerText.trim()", '{"city":"sandbox"}')


async def test_citations_lead_out_by_a_warning(house: House) -> None:
    """Each source once; its link opens our own page, which shows the address before it leads there."""
    async with house.visit() as tab:
        await ask(tab, model="sandbox/citations")
        await tab.stands(f"{REPLY} .citations li", 2)
        async with tab.page.context.expect_page() as opened:
            await tab.go(f"{REPLY} .citations li:nth-child(2) a")
        leave = Tab(page=await opened.value)
        await leave.reads("main .address", "https://example.com/two")
        assert await leave.ask("document.querySelector('main a.primary').href") == "https://example.com/two"


async def test_links_in_a_reply_lead_out_by_a_warning(house: House) -> None:
    """No link that a model wrote leads anywhere but to our own page."""
    async with house.visit() as tab:
        await ask(tab, "[paypal](https://xn--pypal-4ve.example/)", "sandbox/echo")
        await tab.stands(f"{REPLY} .reply a")
        async with tab.page.context.expect_page() as opened:
            await tab.go(f"{REPLY} .reply a")
        leave = Tab(page=await opened.value)
        await leave.reads("main", "letters that can pass for others")


async def test_pictures(house: House) -> None:
    """A picture that a model drew is shown, and loads."""
    async with house.visit() as tab:
        await ask(tab, model="sandbox/image")
        await tab.stands(f"{REPLY} .picture img")
        await tab.until(f"document.querySelector('{REPLY} .picture img').naturalWidth", 64)


async def test_stopping_and_going_on(tapped: House, tap: Tap) -> None:
    """Stop closes the upstream at once and keeps what came; the rest comes as a reply that goes on from it."""
    async with tapped.visit() as tab:
        await ask(tab)
        tap.say("This begins ")
        await tab.reads(f"{REPLY} .reply", "This begins")
        await tab.go(".stop")
        await tab.reads(f"{REPLY} .ending", "You stopped this reply.")
        await tap.left.wait()
        assert await tab.text(f"{REPLY} .reply") == "This begins"
        await tab.go(f"{REPLY} [data-do=continue]")
        tap.say("and ends.")
        tap.end()
        await tab.stands(".from-actor[data-continues][data-state=done]")
        assert await tab.text(".from-actor[data-continues] .reply") == "and ends."
        assert tap.bodies[1]["messages"][-1]["role"] == "assistant"


async def test_a_cut_reply_goes_on(tapped: House, tap: Tap) -> None:
    """What came before the break stays, it says so, and a button asks for the rest."""
    async with tapped.visit() as tab:
        await ask(tab)
        tap.say("Half of ")
        await tab.reads(f"{REPLY} .reply", "Half of")
        tap.hang_up()
        await tab.until(f"document.querySelector('{REPLY}').dataset.state", "cut")
        assert await tab.text(f"{REPLY} .reply") == "Half of"
        await tab.go(f"{REPLY} [data-do=continue]")
        tap.say("it.")
        tap.end()
        await tab.stands(".from-actor[data-continues][data-state=done]")


async def test_asking_again(house: House, upstream: Sandbox) -> None:
    """A new reply takes the place of the old one."""
    async with house.visit() as tab:
        await ask(tab)
        await tab.stands(f"{REPLY}[data-state=done]")
        first = await tab.ask(f"document.querySelector('{REPLY}').dataset.message")
        await tab.go(f"{REPLY} [data-do=regenerate]")
        await tab.stands(f"{REPLY}[data-state=done]:not([data-message='{first}'])")
        await tab.stands(".message", 2)
        assert len(upstream.ledger.generations) == 2
