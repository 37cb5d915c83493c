"""A page in Chromium, and what it costs: CPU time of its main thread and memory, as the browser itself counts them."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.measure import BenchmarkBroken

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 60.0

_SETUP = """
(() => {
  globalThis.benchPainted = () => new Promise((done) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(Date.now());
      port2.postMessage(0);
    });
  });
  globalThis.benchUntil = (check) => new Promise((done) => {
    const look = () => {
      if (check()) {
        observer.disconnect();
        done();
        return true;
      }
      return false;
    };
    const observer = new MutationObserver(look);
    if (!look()) {
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    }
  });
})()
"""
"""`benchPainted`: when the next frame has been made; `benchUntil`: once a condition holds after some change."""


@dataclass(kw_only=True)
class Tab:
    """One page of one browser."""

    page: Any
    session: Any
    """To Chromium's own counters."""

    async def ask(self, script: str, argument: Any = None) -> Any:
        """The value of an expression, or of a function of `argument`."""
        async with asyncio.timeout(_PATIENCE):
            return await self.page.evaluate(script, argument)

    async def until(self, script: str, argument: Any = None) -> None:
        """Look four times a second until an expression holds: that costs the page next to nothing."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not await self.page.evaluate(script, argument):  # noqa: ASYNC110 - the page sets no event of ours
                    await asyncio.sleep(0.25)
        except TimeoutError as error:
            raise BenchmarkBroken(f"the page never came to this: {script}") from error

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """What Chit answers to this page."""
        code = """async ([method, path, body]) => {
          const { ask } = await import("/static/session.js");
          return ask(method, path, body ?? undefined);
        }"""
        return await self.ask(code, [method, path, body])

    async def go(self, path: str) -> None:
        """To another screen, as a link does."""
        await self.ask('async (path) => (await import("/static/router.js")).go(path)', path)

    async def count(self) -> dict[str, float]:
        """Chromium's counters: seconds of CPU (`TaskDuration` and its parts) and bytes (`JSHeapUsedSize`)."""
        found = await self.session.send("Performance.getMetrics")
        return {each["name"]: each["value"] for each in found["metrics"]}

    async def start_tracing(self) -> None:
        """Note every task of every thread until `stop_tracing`."""
        await self.page.context.browser.start_tracing(page=self.page, categories=["toplevel"])

    async def stop_tracing(self) -> float:
        """The longest task of a page's main thread meanwhile, in seconds of CPU."""
        events = json.loads(await self.page.context.browser.stop_tracing())["traceEvents"]
        named = (each for each in events if each["name"] == "thread_name")
        mains = {_thread(each) for each in named if each["args"]["name"] == "CrRendererMain"}
        tasks = [each for each in events if each["name"].endswith("RunTask") and _thread(each) in mains]
        if not any("tdur" in each for each in tasks):
            raise BenchmarkBroken("Chromium's trace does not tell what the page's tasks took")
        return max(float(each.get("tdur", 0)) for each in tasks) / 1e6

    async def count_clean(self) -> dict[str, float]:
        """The same after everything unreachable is gone."""
        for _ in range(3):
            await self.session.send("HeapProfiler.collectGarbage")
        return await self.count()


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]


@asynccontextmanager
async def opened_tab(address: str) -> AsyncIterator[Tab]:
    """A fresh profile at that address, signed in and idle. Raises `BenchmarkBroken`."""
    from playwright.async_api import async_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkBroken("there is no `chromium` on this machine")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=_FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            session = await page.context.new_cdp_session(page)
            await session.send("Performance.enable", {"timeDomain": "threadTicks"})
            tab = Tab(page=page, session=session)
            await page.goto(address)
            await tab.until("document.body.dataset.screen === 'new' && document.querySelector('.list > *') !== null")
            await tab.ask(_SETUP)
            yield tab
        finally:
            await browser.close()
