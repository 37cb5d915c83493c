"""The pages as a whole, without a browser: what is asked for, and what the stream tells to whoever reads it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from tests.upstream import Upstream, until
from tests.web.office import Browser, Office, Reply, Setting

from chit.core.secret import Secret
from chit.render.changes import append_text
from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.vault.sources import GivenKey
from chit.web.desk import open_desk
from chit.web.front import open_front
from chit.web.listening import open_listening

Event = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Page:
    """A page that is signed in and, once it listens, knows every event in order."""

    browser: Browser
    epoch: str = ""
    seq: int = 0
    events: list[Event] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    async def ask(self, method: str, path: str, status: int, **members: Any) -> Any:
        """The answer to a request that must have this status."""
        reply = await self.browser.ask(method, path, **members)
        assert reply.status == status, reply.body
        return reply.json() if reply.body else None

    async def refused(self, method: str, path: str, status: int, **members: Any) -> Any:
        """The error of a request that is refused."""
        return (await self.ask(method, path, status, **members))["error"]

    async def try_raw(self, method: str, path: str) -> Reply:
        """Whatever comes."""
        return await self.browser.ask(method, path)

    async def view(self, path: str = "/") -> Any:
        """A screen."""
        return await self.ask("GET", f"/view?path={quote(path, safe='')}", 200)

    async def say(self, text: str, *, conversation: str | None = None, **members: Any) -> dict[str, str]:
        """Send a question; the ids of what came into being."""
        path = "/c" if conversation is None else f"/c/{conversation}"
        made: dict[str, str] = await self.ask("POST", path, 202, text=text, **members)
        return made

    async def listen(self, path: str = "/") -> Any:
        """Look at a screen and follow the stream from there."""
        view = await self.view(path)
        await self.resume(view["epoch"], view["seq"])
        return view

    async def resume(self, epoch: str, seq: int) -> None:
        """Follow the stream from after this number."""
        self.leave()
        self.epoch, self.seq = epoch, seq
        connected = asyncio.Event()
        self._reading = asyncio.create_task(self._read(connected))
        async with asyncio.timeout(20):
            await connected.wait()

    def leave(self) -> None:
        """Close the stream."""
        if self._reading is not None:
            self._reading.cancel()

    async def ends(self) -> None:
        """Until the server has closed the stream."""
        assert self._reading is not None
        async with asyncio.timeout(20):
            await asyncio.wait([self._reading])

    def told(self, type: str, **members: Any) -> list[Event]:
        """The events of that type and with these members, so far."""
        wanted = {"type": type, **members}.items()
        return [event for event in self.events if wanted <= {k: _flat(v) for k, v in event.items()}.items()]

    async def hears(self, type: str, count: int = 1, **members: Any) -> Event:
        """The event of that type and with these members, once so many have come."""
        await until(lambda: len(self.told(type, **members)) >= count)
        return self.told(type, **members)[count - 1]

    async def _read(self, connected: asyncio.Event) -> None:
        address = f"{self.browser.office.server.address}/stream?epoch={self.epoch}&since={self.seq}"
        headers = {"Authorization": f"Bearer {self.browser.token}"}
        async with aiohttp.ClientSession() as web, web.get(address, headers=headers) as response:
            assert response.status == 200
            with suppress(aiohttp.ClientPayloadError):  # it was broken off
                await self._take(response, connected)

    async def _take(self, response: aiohttp.ClientResponse, connected: asyncio.Event) -> None:
        async for line in response.content:
            connected.set()
            if line != b"\n":
                self.events.append(json.loads(line))
                self.seq = self.events[-1]["seq"]


def _flat(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else repr(value)


@dataclass(slots=True, kw_only=True)
class Lobby:
    """It is open."""

    office: Office

    async def enter(self) -> Page:
        """A page of another browser."""
        return Page(browser=await self.office.sign_in())


@asynccontextmanager
async def opened_lobby(setting: Setting, *, is_given: bool = True) -> AsyncIterator[Lobby]:
    """The front on a desk; with the sandbox's key handed over unless there is to be none."""
    with pytest.MonkeyPatch.context() as patch:
        for name, text in setting.environment.items():
            patch.setenv(name, text)
        if is_given:
            given = GivenKey(key=Secret(SANDBOX_KEY), kind="file", where="the file x")
            setting.handed = replace(setting.handed, given=given)
        async with open_desk(setting.prefs, setting.handed, open_sandbox=setting.open_sandbox) as desk:
            front = open_front(open_listening(0), desk, setting.handed, run=setting.home / "run")
            async with front as server:
                office = Office(setting=setting, desk=desk, server=server)
                desk.notices.subscribe(office.notices.append)
                yield Lobby(office=office)


def setting_for(home: Any, upstream: Sandbox | Upstream) -> Setting:
    """An upstream of any kind."""
    return Setting(home=home, upstream=upstream)  # type: ignore[arg-type] # as much of it as is used


def replay(html: str, events: list[Event], message: str) -> list[str]:
    """The blocks of a reply whose article began as `html`, after these events."""
    blocks = list_blocks(html, message)
    for event in events:
        if event["type"] == "blocks" and event["message"] == message:
            for verb, at, *content in event["changes"]:
                if verb == "set":
                    blocks[at : at + 1] = content
                elif verb == "append":
                    blocks[at] = append_text(blocks[at], content[0])
                else:
                    del blocks[at:]
    return blocks


def find_article(html: str, message: str) -> str:
    """The article of a message; empty if it is not there."""
    found = re.search(rf'<article class="message [^>]*data-message="{message}".*?</article>', html, re.DOTALL)
    return found[0] if found else ""


def list_blocks(html: str, message: str) -> list[str]:
    """The blocks of a reply as they stand in a page."""
    article = find_article(html, message)
    inner = re.search(r'<div class="reply">(.*?)</div>\n<div class="parts">', article, re.DOTALL)
    assert inner, article
    return [piece.removesuffix("</div>") for piece in re.split(r'<div class="block" data-block="\d+">', inner[1])[1:]]


def list_messages(html: str) -> list[str]:
    """The ids of the messages on a page, in order."""
    return re.findall(r'<article class="message [^"]*" data-message="([^"]*)"', html)


def list_said(html: str) -> list[str]:
    """The questions on a page, in order."""
    return [unescape(said) for said in re.findall(r'<div class="said">(.*?)</div>', html, re.DOTALL)]
