"""A reply goes on whatever happens to its page: reloads, other tabs, lost networks, and the end of the server."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.cli.person import Person, finish, kill, read_until
from tests.web.browser import opened_tab
from tests.web.house import House, Tap

from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWN = "document.querySelector('.from-actor .reply')?.innerText.trim() ?? ''"
CODE = "document.querySelector('.from-actor .code code')?.textContent ?? ''"
THOUGHTS = "document.querySelector('.from-actor .thoughts')?.textContent ?? ''"


async def test_a_reload_in_the_middle(tapped: House, tap: Tap) -> None:
    """The page takes the reply up where it was: reasoning and open code neither lack a line nor have one twice."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("Count in code.")
        await tab.stands(".from-actor")
        thoughts, lines = "", ""
        for number in range(1, 4):
            thoughts += f"thought {number}. "
            tap.think(f"thought {number}. ")
            await tab.until(THOUGHTS, thoughts)
            await tab.page.reload()
            await tab.until(THOUGHTS, thoughts)
        tap.say("```\n")
        for number in range(1, 7):
            lines += f"line {number}\n"
            tap.say(f"line {number}\n")
            if number % 2:
                await tab.page.reload()
            await tab.until(f"({CODE}).trim()", lines.strip())
        tap.say("```\n")
        tap.end()
        await tab.stands(".from-actor[data-state=done]")
        assert await tab.ask(CODE) == lines
        await tab.stands(".message", 2)


@pytest.mark.long
async def test_reloads_while_it_pours(house: House, upstream: Sandbox) -> None:
    """Whenever the page is loaded, what it shows is the beginning of the reply, up to the whole."""
    upstream.pace = 0.1
    words = " ".join(f"word{number}" for number in range(250))
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(".model-field .model-input", "sandbox/echo")
        await tab.say(f"```\n{words}\n```")
        await tab.screen("conversation")
        seen = 0
        while await tab.ask("document.querySelector('.from-actor')?.dataset.state") in (None, "streaming"):
            code = str(await tab.ask(CODE) or "")
            assert words.startswith(code.strip())
            if len(code) > seen + 200:
                seen = len(code)
                await tab.page.reload()
        await tab.until(f"({CODE}).trim()", words)


async def test_two_tabs_show_one_reply(tapped: House, tap: Tap) -> None:
    """One asks, both follow; stopped in one, it is stopped in the other."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("For both.")
        await tab.screen("conversation")
        other = await tab.beside(await tab.ask("location.href"))
        for words in ("One", "One two", "One two three"):
            tap.say(words.split(" ")[-1] + " ")
            for each in (tab, other):
                await each.until(SHOWN, words)
        await other.go(".stop")
        for each in (tab, other):
            await each.reads(".from-actor .ending", "You stopped this reply.")
            await each.until("document.querySelector('.stop').hidden")
        await other.say("And again.")
        await tab.stands(".from-actor", 2)
        tap.say("Yes.")
        tap.end()
        for each in (tab, other):
            await each.stands(".from-actor[data-state=done]", 1)


async def test_offline_and_back(tapped: House, tap: Tap) -> None:
    """A bar says so at once; what came meanwhile is there afterwards, once."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.say("Go on.")
        tap.say("Before. ")
        await tab.until(SHOWN, "Before.")
        await tab.page.context.set_offline(True)
        await tab.reads(".connection:not([hidden])", "offline")
        tap.say("Meanwhile. ")
        await tab.page.context.set_offline(False)
        tap.say("After.")
        await tab.until(SHOWN, "Before. Meanwhile. After.")
        await tab.until("document.querySelector('.connection').hidden")
        tap.end()
        await tab.stands(".from-actor[data-state=done]")


@contextmanager
def serving(person: Person, port: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`chit serve`, as a process, and the address that signs in."""
    process = person.start("serve", "--no-browser", "--port", port)
    try:
        found = re.search(r"http://\S+#code=\S+", read_until(process, "--no-browser\n"))
        assert found is not None
        yield process, found[0]
    finally:
        process.terminate()
        finish(process)


async def test_the_server_is_killed_and_started_anew(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """The page says that nobody answers, finds the new server by itself, and shows the cut reply with a way on."""
    person = Person(home=tmp_path / "home", upstream=upstream)
    before = serving(person, "0")
    process, address = await asyncio.to_thread(before.__enter__)
    try:
        async with opened_tab(browser, address) as tab:
            await tab.screen("new")
            await tab.page.fill(".model-field .model-input", "sandbox/stall")
            await tab.say("Begin.")
            await tab.reads(".from-actor .reply", "This reply begins well")
            await tab.page.fill(".composer textarea", "unsent")
            await asyncio.to_thread(kill, process)
            await tab.reads(".connection:not([hidden])", "does not answer")
            port = address.split(":")[2].partition("/")[0]
            after = serving(person, port)
            await asyncio.to_thread(after.__enter__)
            try:
                await tab.stands(".from-actor[data-state=cut]")
                await tab.until("document.querySelector('.connection').hidden")
                assert "This reply begins well" in await tab.text(".from-actor .reply")
                assert await tab.page.input_value(".composer textarea") == "unsent"
                await tab.stands(".from-actor [data-do=continue]")
                await tab.until("document.querySelector('.send').hidden", False)
            finally:
                await asyncio.to_thread(after.__exit__, None, None, None)
    finally:
        await asyncio.to_thread(before.__exit__, None, None, None)
