"""Those who ask: one command after the other, and pages and programs of a server. Each notes what it was shown."""

import asyncio
import json
import re
import signal
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from html import unescape
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from tests.chaos.program import Program
from tests.chaos.questions import MODEL, Question
from tests.chaos.world import World

from chit.render.changes import append_text

_START_SECONDS = 60.0
_ANSWER_SECONDS = 30.0
_COMMANDS = (("ask",), ("ask",), ("ask", "--no-stream"), ("ask", "--json"))
_TAG = re.compile(r"<[^>]*>")


class Typist:
    """Runs `chit ask` again and again; some of them are killed at a random moment."""

    def __init__(self, world: World, name: int, *, kill_share: float) -> None:
        self._world = world
        self._random = Random(f"{world.seed} typist {name}")
        self._kill_share = kill_share

    async def run(self, ended: asyncio.Event) -> None:
        """Until `ended`."""
        while not ended.is_set():
            await self._ask(self._world.questions.next(), self._random.choice(_COMMANDS))

    async def _ask(self, question: Question, command: Sequence[str]) -> None:
        sightings = self._world.sightings
        sightings.asked += 1
        process = await self._world.start(*command, "-m", MODEL, question.text)
        assert process.stdout is not None
        killing = None
        if self._random.random() < self._kill_share:
            begun = asyncio.Event()
            killing = asyncio.create_task(self._kill(process, begun))
        shown = await process.stdout.read(1)
        if killing is not None:
            begun.set()
        shown += await process.stdout.read()
        await process.wait()
        if killing is not None:
            await killing
        sightings.texts[question.number].append(_read_shown(shown, command))

    async def _kill(self, process: Process, begun: asyncio.Event) -> None:
        """Half of them at any time, the others while the reply comes, which is short."""
        if self._random.random() < 0.5:
            await begun.wait()
            seconds = self._random.uniform(0.0, 0.6)
        else:
            seconds = self._random.uniform(0.3, 2.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
                self._world.sightings.kills += 1


def _read_shown(shown: bytes, command: Sequence[str]) -> str:
    """The reply's text in what a command printed; its last character may be half."""
    if "--json" not in command:
        return shown.decode("utf-8", "ignore").rstrip("\n")
    try:
        return str(json.loads(shown)["text"])
    except (ValueError, KeyError):
        return ""


class Household:
    """A server that is killed and started again; a page and a program ask it as much as they can meanwhile."""

    def __init__(self, world: World, *, at_once: int = 4) -> None:
        """`at_once` questions of the page, and as many of the program."""
        self._world = world
        self._random = Random(f"{world.seed} household")
        self._at_once = at_once
        self._token = ""

    async def run(self, ended: asyncio.Event) -> None:
        """Until `ended`; then the last server is told to end, and does."""
        made, _ = await (await self._world.start("token", "create", "chaos")).communicate()
        self._token = made.decode().strip()
        while not ended.is_set():
            process = await self._world.start("serve", "--no-browser", "--port", "0")
            try:
                await self._live(process, ended)
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _live(self, process: Process, ended: asyncio.Event) -> None:
        address = await _read_address(process)
        async with aiohttp.ClientSession() as web:
            page = Page(self._world, web, address)
            if not await page.enter():
                return
            program = Program(self._world, web, address, self._token)
            reading = asyncio.create_task(page.read())
            asking = [
                asyncio.create_task(each)
                for number in range(self._at_once)
                for each in (page.ask_on(), program.ask_on(streamed=number % 4 != 3))
            ]
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), self._random.uniform(0.4, 2.5))
            if ended.is_set():
                process.terminate()
            elif process.returncode is None:
                process.kill()
                self._world.sightings.kills += 1
            await process.wait()
            for task in (reading, *asking):
                task.cancel()
            await asyncio.gather(reading, *asking, return_exceptions=True)
            page.note()


async def _read_address(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        while line := (await process.stdout.readline()).decode():
            if "#code=" in line:
                return line.strip()
    raise RuntimeError("`chit serve` printed no address")


class Page:
    """A signed-in page without a browser: it asks, and folds what the stream tells into what a person would read."""

    def __init__(self, world: World, web: aiohttp.ClientSession, address: str) -> None:
        self._world = world
        self._web = web
        parts = urlsplit(address)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._code = parts.fragment.removeprefix("code=")
        self._headers: dict[str, str] = {}
        self._since: tuple[str, int] = ("", 0)
        self._numbers: dict[str, int] = {}
        self._blocks: dict[str, list[str]] = defaultdict(list)
        self._over: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def enter(self) -> bool:
        """Whether the server lived long enough."""
        with suppress(aiohttp.ClientError, TimeoutError):
            made = await self._ask("POST", "/session", {"code": self._code})
            self._headers = {"Authorization": f"Bearer {made['token']}"}
            view = await self._ask("GET", f"/view?path={quote('/', safe='')}")
            self._since = view["epoch"], view["seq"]
            return True
        return False

    async def read(self) -> None:
        """Every event, until the server is gone."""
        path = f"/stream?epoch={self._since[0]}&since={self._since[1]}"
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._web.get(f"{self._origin}{path}", headers=self._headers) as response:
                async for line in response.content:
                    if line.strip():
                        self._take(json.loads(line))

    async def ask_on(self) -> None:
        """One question after the other, each in a conversation of its own."""
        while True:
            question = self._world.questions.next()
            self._world.sightings.asked += 1
            try:
                made = await self._ask("POST", "/c", {"text": question.text, "model": MODEL})
            except (aiohttp.ClientError, TimeoutError):
                return
            self._numbers[made["reply"]] = question.number
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over[made["reply"]].wait(), _ANSWER_SECONDS)

    def note(self) -> None:
        """What was shown of each reply, when the page went."""
        for message, number in self._numbers.items():
            text = unescape(_TAG.sub("", "".join(self._blocks[message])))
            self._world.sightings.texts[number].append(text)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        async with self._web.request(
            method, f"{self._origin}{path}", json=body, headers=self._headers, timeout=_TIMEOUT
        ) as response:
            return await response.json()

    def _take(self, event: dict[str, Any]) -> None:
        if event["type"] == "blocks":
            blocks = self._blocks[event["message"]]
            for verb, at, *content in event["changes"]:
                if verb == "set":
                    blocks[at : at + 1] = content
                elif verb == "append":
                    blocks[at] = append_text(blocks[at], content[0])
                else:
                    del blocks[at:]
        elif event["type"] == "ended":
            self._over[event["message"]].set()


_TIMEOUT = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
