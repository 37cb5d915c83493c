"""A browser for the pages: Debian's Chromium, driven by Playwright, with what a test asks of a page."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 10.0
"""Seconds until a test gives up waiting for a page."""


@dataclass(kw_only=True)  # without slots: Playwright marks what listens
class Tab:
    """A page, and what went wrong in it."""

    page: Any
    problems: list[str] = field(default_factory=list)
    """Errors of scripts and breaches of the policy."""

    def hear(self, line: Any) -> None:
        """A line of the console."""
        if "Content Security" in line.text:
            self.problems.append(line.text)

    async def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        return await self.page.evaluate(script)

    async def until(self, script: str, wanted: Any = True) -> None:
        """Wait for an expression's value; `wait_for_function` cannot, under this policy."""
        found = None
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := await self.ask(script)) != wanted:  # noqa: ASYNC110 - the page sets no event of ours
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"{script} stayed {found!r} instead of {wanted!r}")

    async def text(self, selector: str) -> str:
        """Of the first element."""
        return str(await self.ask(f"document.querySelector({selector!r}).textContent.trim()"))


@asynccontextmanager
async def opened_tab(address: str, **context: Any) -> AsyncIterator[Tab]:
    """A fresh profile at that address. Fails for what went wrong in the page."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = await (
                await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
            ).new_page()
            tab = Tab(page=page)
            page.on("pageerror", lambda error: tab.problems.append(str(error)))
            page.on("console", tab.hear)
            await page.goto(address)
            yield tab
            assert tab.problems == []
        finally:
            await browser.close()
