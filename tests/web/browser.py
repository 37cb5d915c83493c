"""A browser for the pages: Debian's Chromium, driven by Playwright, with what a test asks of a page.

Whatever a page does, three things must never happen: an error of a script, a breach of the policy, and a request to
anybody but Chit (attack case 45). Each tab looks for them until it is closed.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Error, Page, Route, async_playwright

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
PATIENCE = 30.0
"""Seconds until a test gives up waiting for a page; only a failing one waits them out."""
PHONE: dict[str, Any] = {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True}
_WATCH = """addEventListener("securitypolicyviolation", event => console.error(
    `Content Security Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));"""


@dataclass(kw_only=True)  # without slots: Playwright marks what listens
class Tab:
    """A page, and what went wrong in its profile."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Errors of scripts and breaches of the policy."""
    strangers: list[str] = field(default_factory=list)
    """Addresses that were asked for and are not ours; none was reached."""

    async def ask(self, script: str) -> Any:
        """The value of an expression in the page; None while it gives way to another one."""
        try:
            return await self.page.evaluate(script)
        except Error as error:
            if "context was destroyed" in str(error):
                return None
            raise

    async def until(self, script: str, wanted: Any = True) -> None:
        """Wait for an expression's value; `wait_for_function` cannot, under this policy."""
        await self.see(script, lambda found: found == wanted, f"instead of {wanted!r}")

    async def see(self, script: str, is_right: Callable[[Any], Any], why: str = "") -> Any:
        """Wait until an expression's value is right, and return it."""
        found = None
        try:
            async with asyncio.timeout(PATIENCE):
                while not is_right(found := await self._peek(script)):  # noqa: ASYNC110 - the page sets no event of ours
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"{script} stayed {found!r} {why}")
        return found

    async def _peek(self, script: str) -> Any:
        """As `ask`; None also while what the expression looks into is not there yet."""
        try:
            return await self.ask(script)
        except Error as error:
            if "Cannot read properties of null" in str(error):
                return None
            raise

    async def text(self, selector: str) -> str:
        """Of the first element."""
        return str(await self.ask(f"document.querySelector({selector!r}).textContent.trim()"))

    async def stands(self, selector: str, count: int | None = None) -> None:
        """Wait until there is such an element, or so many."""
        found = f"document.querySelectorAll({selector!r}).length"
        await self.see(found, lambda number: number == count if count is not None else number, f"for {selector}")

    async def reads(self, selector: str, words: str) -> None:
        """Wait until these words are in the first such element."""
        await self.see(f"document.querySelector({selector!r})?.textContent ?? ''", lambda text: words in text, words)

    async def screen(self, name: str) -> None:
        """Wait for that screen, and for what stands around it."""
        await self.until("document.body.dataset.screen", name)
        if name != "out":
            await self.until("document.querySelector('.balance-place').childElementCount > 0")

    async def go(self, selector: str) -> None:
        """Press it, once it is there and can be pressed."""
        await self.page.bring_to_front()  # in a hidden tab nothing is drawn, and Playwright waits for that
        await self.page.click(selector, timeout=PATIENCE * 1000)

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.page.fill(".composer textarea", text)
        await self.page.press(".composer textarea", "Enter")

    async def beside(self, address: str) -> "Tab":
        """Another tab of this profile."""
        page = await self.page.context.new_page()
        await page.goto(address)
        return Tab(page=page, problems=self.problems, strangers=self.strangers)


@asynccontextmanager
async def opened_browser() -> AsyncIterator[Browser]:
    """Started once for many profiles."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine; scripts/system-tools installs it")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened_tab(
    browser: Browser, address: str, *, friends: tuple[str, ...] = (), **profile: Any
) -> AsyncIterator[Tab]:
    """A fresh profile at that address. Fails for what went wrong in it. `friends` are origins that may be led to."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **profile})
    try:
        own = {urlsplit(each).netloc for each in (address, *friends)}
        await context.add_init_script(_WATCH)
        tab = Tab(page=await context.new_page())

        def is_strange(url: str) -> bool:
            where = urlsplit(url)
            return where.scheme not in ("data", "blob", "about") and where.netloc not in own

        async def refuse(route: Route) -> None:
            tab.strangers.append(route.request.url)
            await route.abort()

        def hear(line: Any) -> None:
            if "Content Security" in line.text or "Trusted" in line.text:
                tab.problems.append(line.text)

        await context.route(is_strange, refuse)
        context.on("weberror", lambda error: tab.problems.append(str(error.error)))
        context.on("console", hear)
        await tab.page.goto(address)
        yield tab
        assert tab.problems == []
        assert tab.strangers == []
    finally:
        await context.close()
