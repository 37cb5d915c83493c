"""A browser that goes out through one door only, where all that leaves is written down and nothing gets through."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright
from tests.web.browser import CHROMIUM, FLAGS, Tab, opened_tab
from tests.web.fortress import Fortress

TRAP = """() => {
    window.__pwned = [];
    for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
        window[name] = () => window.__pwned.push(name);
    }
}"""
"""What an attack would call; a dialog would be noticed besides."""
FIND_FAULTS = """(selector) => {
    const faults = [];
    const bad = "script,iframe,frame,object,embed,base,meta,link,style,form,svg,video,audio,source,picture,template," +
        "applet,marquee,portal,[style],[ping],[srcset],[name],[id],[srcdoc],[formaction],[background],[is]";
    for (const root of document.querySelectorAll(selector)) {
        for (const each of root.querySelectorAll(bad)) {
            faults.push(each.outerHTML);
        }
        for (const each of root.querySelectorAll("*")) {
            for (const { name } of each.attributes) {
                if (name.startsWith("on")) {
                    faults.push(each.outerHTML);
                }
            }
            if (each.localName === "img" && !each.src.startsWith("data:image/")) {
                faults.push(each.outerHTML);
            }
            if (each.localName === "a" && each.hasAttribute("href")) {
                const ours = each.origin === location.origin && each.pathname === "/leave";
                const real = new URLSearchParams(each.search).get("to") ?? "";
                if (!(ours && /^(https?:[/][/]|mailto:)/i.test(real)) && each.origin !== "https://openrouter.ai") {
                    faults.push(each.outerHTML);
                }
            }
            if (each.localName.includes("xlink") || each.hasAttribute("xlink:href")) {
                faults.push(each.outerHTML);
            }
        }
    }
    if (!(document.body instanceof HTMLBodyElement) || typeof document.cookie !== "string" || document.cookie !== "") {
        faults.push("the document is not itself");
    }
    return faults;
}"""
"""What must not be within elements of a message, wherever it came from."""

_CHROMIUMS_OWN = re.compile(r" (?:https?://)?(?:[a-z0-9.-]+\.)?(?:google\.com|googleapis\.com|gvt1\.com)[:/]")
"""What the browser asks its maker, whatever page is open."""


@dataclass(slots=True)
class Door:
    """The only way out; those who knock are written down and turned away."""

    knocks: list[str] = field(default_factory=list)
    """First lines: what was asked for, and of whom."""
    port: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One who knocks."""
        line = (await reader.readline()).decode("latin-1").strip()
        if not _CHROMIUMS_OWN.search(line):
            self.knocks.append(line)
        writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The whole app, a browser, and the door."""

    fortress: Fortress
    browser: Browser
    door: Door

    @asynccontextmanager
    async def visit(self, path: str = "/", **profile: Any) -> AsyncIterator[Tab]:
        """A fresh profile with the trap set. Fails for all that went wrong, ran, or wanted to leave."""
        async with opened_tab(self.browser, self.fortress.invite(path), **profile) as tab:
            tab.page.on("dialog", lambda dialog: tab.problems.append(f"dialog {dialog.message}"))
            await tab.page.evaluate(TRAP)
            yield tab
            assert await tab.ask("window.__pwned") == []
        assert self.door.knocks == []


async def lead(tab: Tab, path: str) -> None:
    """To another screen of the same page, as a link would."""
    await tab.page.evaluate("path => import('/static/router.js').then(router => router.go(path))", path)


@asynccontextmanager
async def opened_door() -> AsyncIterator[Door]:
    """For a browser that is told to use it as its proxy."""
    door = Door()
    server = await asyncio.start_server(door.take, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    async with server:
        yield door


@asynccontextmanager
async def opened_watched(fortress: Fortress) -> AsyncIterator[Watched]:
    """A browser that reaches this machine directly, and everything else by the door."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine; scripts/system-tools installs it")
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    async with opened_door() as door, async_playwright() as driver:
        out = [f"--proxy-server=http://127.0.0.1:{door.port}", "--proxy-bypass-list=<-loopback>;127.0.0.1"]
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=[*flags, *out])
        try:
            yield Watched(fortress=fortress, browser=browser, door=door)
        finally:
            await browser.close()
