"""The whole app, every route of it, between an upstream that means harm and a browser that can reach nobody unseen."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import apsw
import pytest
from tests.upstream import DONE, Exchange, Upstream, event, text_chunk
from tests.web.office import Setting
from tests.web.site import Site, hang_up

from chit.core.secret import Secret
from chit.sandbox.account import SANDBOX_KEY
from chit.vault.sources import GivenKey
from chit.web.desk import Desk, open_desk
from chit.web.front import open_front
from chit.web.key_ring import HandedOver
from chit.web.listening import open_listening


@dataclass(slots=True)
class Hostile:
    """OpenRouter in the wrong hands: answers each question with the bytes that are laid out for it."""

    scripts: dict[str, Sequence[bytes]] = field(default_factory=dict)
    """By the text of the question: the pieces of a stream, each in a packet of its own."""
    errors: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By the text of the question: a status and a body instead."""
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """By the text of the question: what a stream waits for before its end."""
    asked: list[str] = field(default_factory=list)
    """The questions, as they came."""
    reads: dict[str, Any] = field(default_factory=dict)
    """What `/models`, `/key`, `/credits` and `/generation` answer."""

    async def answer(self, exchange: Exchange) -> None:
        """For `Upstream`."""
        path = urlsplit(exchange.request.target).path.removeprefix("/api/v1")
        if path != "/chat/completions":
            body = self.reads.get(path)
            await exchange.reply(404 if body is None else 200, json.dumps(body or {"error": {"code": 404}}).encode())
            return
        text = str(json.loads(exchange.request.body)["messages"][-1]["content"])
        self.asked.append(text)
        if text in self.errors:
            await exchange.reply(*self.errors[text])
            return
        await exchange.open_stream()
        for piece in self.scripts.get(text, say("Hello.")):
            await exchange.chunk(piece)
        if text in self.held:
            await self.held[text].wait()
        await exchange.chunk(DONE)
        await exchange.chunk(b"")


_ids = iter(range(1_000_000))


def say(*texts: str, **delta: Any) -> list[bytes]:
    """A reply in these pieces; `delta` goes along with the first."""
    id = f"gen-{next(_ids)}"
    first = [event({"id": id, "model": "a/b", "choices": [{"index": 0, "delta": delta}]})] if delta else []
    return [
        *first,
        *(text_chunk(text, generation_id=id) for text in texts),
        text_chunk("", generation_id=id, finish="stop"),
    ]


@dataclass(slots=True, kw_only=True)
class Fortress(Site):
    """It runs. Asked with raw bytes, as a `Site`."""

    desk: Desk
    hostile: Hostile
    upstream: Upstream
    token: str = ""

    async def say(self, question: str, conversation: str | None = None) -> dict[str, str]:
        """Ask, and wait until the reply has ended; the ids."""
        path = "/c" if conversation is None else f"/c/{conversation}"
        reply = await self.ask("POST", path, token=self.token, body={"text": question, "model": "a/b"})
        assert reply.status == 202, reply.body
        made: dict[str, str] = reply.json()
        await self.until_ended(made["reply"])
        return made

    async def until_ended(self, message_id: str) -> None:
        """Until that reply is no longer coming in."""
        async with asyncio.timeout(20):
            while f"telling {message_id}" in {task.get_name() for task in asyncio.all_tasks()}:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    def invite(self, path: str = "/") -> str:
        """An address with a fresh code."""
        return f"{self.server.address}{path}#{self.server.openings.invite().address.partition('#')[2]}"

    def rows(self) -> list[tuple[Any, ...]]:
        """Every row of every table, and every file beside the database. Not among them: what is rendered already,
        which may be thrown away at any time.
        """
        home = self.desk.own.prefs.home
        connection = apsw.Connection(str(home / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert "rendered" in names
        found: list[tuple[Any, ...]] = [
            (name, *row)
            for name in names
            if name != "rendered"
            for row in connection.execute(f"SELECT * FROM {name}")  # noqa: S608 - our own tables
        ]
        connection.close()
        files = [path for path in sorted(home.rglob("*")) if path.is_file() and not path.name.startswith("chit.db")]
        return found + [(str(path), path.read_bytes()) for path in files]

    async def view(self, path: str) -> Any:
        """A screen."""
        reply = await self.ask("GET", f"/view?path={path}", token=self.token)
        assert reply.status == 200, reply.body
        return reply.json()


@asynccontextmanager
async def opened_fortress(home: Path, hostile: Hostile | None = None) -> AsyncIterator[Fortress]:
    """With a key, and a session of its own in `token`."""
    hostile = hostile or Hostile()
    async with AsyncExitStack() as closing:
        patch = closing.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("CHIT_HOME", str(home))  # where preferences are written
        upstream = await closing.enter_async_context(Upstream(hostile.answer))
        setting = Setting(home=home, upstream=upstream)  # type: ignore[arg-type] # as much of it as is used
        handed = HandedOver(
            given=GivenKey(key=Secret(SANDBOX_KEY), kind="file", where="the file x"),
            keychain=setting.handed.keychain,
            sealer=setting.sealer,
        )
        desk = await closing.enter_async_context(open_desk(setting.prefs, handed, open_sandbox=setting.open_sandbox))
        listening = open_listening(0)
        server = await closing.enter_async_context(open_front(listening, desk, handed, run=home / "run"))
        fortress = Fortress(
            store=desk.own.store,
            notices=desk.own.notices,
            listening=listening,
            desk=desk,
            hostile=hostile,
            upstream=upstream,
        )
        fortress.server = server
        fortress.token = await fortress.sign_in()
        yield fortress
        for writer in fortress.writers:
            await hang_up(writer)
