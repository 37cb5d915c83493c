"""A shop: the local API on a home of its own, an OpenRouter behind it, and programs that call."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.upstream import give_key
from tests.web.site import hang_up

from chit.api.local_api import LocalApi, open_local_api
from chit.app import App, open_app
from chit.core.local_token import LocalToken, Terms, hash_token
from chit.openrouter.client import Timeouts
from chit.prefs import UserPrefs
from chit.web.listening import open_listening
from chit.web.routes import Route
from chit.web.server import Server, open_server

TOKEN = "sk-chit-of_a_program"
OTHER = "sk-chit-of_another"
PRIVATE = "sk-chit-of_a_private_one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a program got. Names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True
    """Whether its end was a clean one."""

    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Shop:
    """It is open."""

    app: App
    api: LocalApi
    server: Server
    port: int
    checks: list[Exception] = field(default_factory=list)
    """What looking for the key raises, once each."""
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def begin(
        self,
        path: str,
        body: Any = None,
        *,
        token: str | None = TOKEN,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        limit: int = 2**26,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request; an empty header is left out."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        self.writers.append(writer)
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        given |= {} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(data))}
        given |= {} if token is None else {"Authorization": f"Bearer {token}"}
        given |= headers or {}
        verb = method or ("GET" if body is None else "POST")
        lines = [f"{verb} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in given.items() if text)]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + data)
        return reader, writer

    async def call(self, path: str, body: Any = None, **given: Any) -> Received:
        """Send a request and read all of the answer."""
        reader, writer = await self.begin(path, body, **given)
        received = await read_answer(reader)
        await hang_up(writer)
        return received


async def read_answer(reader: asyncio.StreamReader) -> Received:
    """An answer, whole or broken off."""
    async with asyncio.timeout(20):
        status, headers = await read_head(reader)
        pieces: list[bytes] = []
        try:
            if headers.get("transfer-encoding") == "chunked":
                while piece := await read_chunk(reader):
                    pieces.append(piece)
            else:
                pieces.append(await reader.readexactly(int(headers["content-length"])))
        except (asyncio.IncompleteReadError, ConnectionError):
            return Received(status=status, headers=headers, body=b"".join(pieces), is_whole=False)
    return Received(status=status, headers=headers, body=b"".join(pieces))


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    return int(first.split(" ")[1]), headers


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    """The next piece of a chunked body; empty at its end."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def opened_shop(
    base_url: str, home: Path, *, settling: bool = False, timeouts: Timeouts | None = None
) -> AsyncIterator[Shop]:
    """The app, its local API and a server with nothing else, on a free port."""
    prefs = UserPrefs(home=home, base_url=base_url)
    listening = open_listening(0)
    async with open_app(prefs, key=give_key, settling=settling, timeouts=timeouts) as app:
        for number, (token, terms) in enumerate({TOKEN: Terms(), OTHER: Terms(), PRIVATE: Terms(private=True)}.items()):
            await app.store.record_token(
                LocalToken(hash=hash_token(token), name=f"program {number}", terms=terms, created_at=1.0)
            )
        checks: list[Exception] = []

        async def check_key() -> None:
            if checks:
                raise checks.pop()

        async with open_local_api(app, check_key) as api:
            routes = [
                Route(method=each.method, path=each.path, handler=each.handler, kind="json", needs="local token")
                for each in api.endpoints()
            ]
            async with open_server(
                listening,
                store=app.store,
                notices=app.notices,
                run=home / "run",
                routes=routes,
                admit_local=api.admit,
            ) as server:
                shop = Shop(app=app, api=api, server=server, port=listening.port, checks=checks)
                try:
                    yield shop
                finally:
                    for writer in shop.writers:
                        await hang_up(writer)
