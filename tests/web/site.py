"""A server under test, and someone who sends it bytes. Every answer is checked for what every answer must have."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from chit.errors import ChitError
from chit.notices import Notices
from chit.store.protocol import Store
from chit.web.body import read_object
from chit.web.codes import Codes
from chit.web.connection import Limits
from chit.web.headers import SECURITY_HEADERS
from chit.web.listening import Listening, open_listening
from chit.web.routes import Route
from chit.web.server import Server, open_server

LOCAL_TOKEN = "sk-chit-of-a-program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: list[tuple[str, str]]
    """Names in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The only header of that name."""
        [*texts] = [text for each, text in self.headers if each == name.lower()]
        assert len(texts) < 2
        return texts[0] if texts else None

    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Site:
    """A server with a few routes of every kind, and what they did."""

    store: Store
    notices: Notices
    listening: Listening
    handled: list[str] = field(default_factory=list)
    """What got as far as a handler."""
    flooding: asyncio.Transport | None = None
    """Of the last stream that began."""
    raised: Exception | None = None
    """What `GET /raise` and `GET /begun` raise."""
    server: Server = field(init=False)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Of both families."""
        return self.listening.port

    def routes(self) -> list[Route]:
        """As another engineer would add them."""
        return [
            Route(method="GET", path="/read", handler=self._read, kind="json"),
            Route(method="POST", path="/write", handler=self._write, kind="json"),
            Route(method="POST", path="/bytes", handler=self._take, kind="json", takes="bytes"),
            Route(method="GET", path="/raise", handler=self._raise, kind="fragment"),
            Route(method="GET", path="/begun", handler=self._begin, kind="fragment"),
            Route(method="GET", path="/late", handler=self._write_late, kind="fragment"),
            Route(method="GET", path="/escape", handler=self._escape, kind="fragment"),
            Route(method="GET", path="/stream", handler=self._stream, kind="stream"),
            Route(method="GET", path="/loose", handler=self._loosen, kind="json"),
            Route(method="POST", path="/v1/chat/completions", handler=self._write, kind="json", needs="local token"),
        ]

    async def connect(self, host: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection, closed with the site if not before."""
        reader, writer = await asyncio.open_connection(host, self.port)
        self.writers.append(writer)
        return reader, writer

    async def send(self, data: bytes, *, host: str = "127.0.0.1") -> Reply:
        """These bytes on a connection of their own; the answer to them."""
        reader, writer = await self.connect(host)
        writer.write(data)
        reply = await read_reply(reader, is_head=data.startswith(b"HEAD "))
        await hang_up(writer)
        return reply

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Any = None,
        host: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A request as a program would send it; `headers` are added, and an empty one is left out."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Host": f"127.0.0.1:{self.port}" if host is None else host, "Connection": "close"}
        given |= {} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(data))}
        given |= {} if token is None else {"Authorization": f"Bearer {token}"}
        given |= headers or {}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in given.items() if text)]
        return await self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + data)

    async def sign_in(self) -> str:
        """A session's token, the way a browser gets it."""
        code = self.server.openings.invite().address.partition("#code=")[2]
        reply = await self.ask("POST", "/session", body={"code": code})
        assert reply.status == 200
        token = reply.json()["token"]
        assert isinstance(token, str)
        return token

    async def open_stream(self, token: str, query: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A stream that runs: its first event has come. With a query, it never stops sending."""
        reader, writer = await self.connect()
        head = f"GET /stream{query} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"data: first\n\n")
        return reader, writer

    async def _read(self, _request: web.Request) -> web.StreamResponse:
        self.handled.append("read")
        return web.json_response({"read": True})

    async def _write(self, request: web.Request) -> web.StreamResponse:
        self.handled.append("write")
        await self.store.record_setting("written", str(await read_object(request, most=100)))
        return web.json_response({"written": True})

    async def _take(self, _request: web.Request) -> web.StreamResponse:
        self.handled.append("bytes")
        return web.json_response({})

    async def _raise(self, _request: web.Request) -> web.StreamResponse:
        assert self.raised is not None
        raise self.raised

    async def _begin(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        if request.query_string:
            await response.write(b"some")
        raise self.raised or ChitError("broken")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            await response.write(b"data: first\n\n")
            self.flooding = request.transport
            while request.query_string:
                await response.write(bytes(100_000))
            await asyncio.Event().wait()
        finally:
            self.handled.append("stream ended")
        return response

    async def _write_late(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if not request.query_string:
            await response.prepare(request)
        self.handled.append("waiting")
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        self.handled.append("late")
        if request.query_string:
            raise ConnectionResetError("gone")
        await response.write(b"too late")
        return response

    async def _escape(self, request: web.Request) -> web.StreamResponse:
        return request.protocol.handle_error(request, 500, ValueError("secret detail"))

    async def _loosen(self, _request: web.Request) -> web.StreamResponse:
        response = web.json_response({}, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public"})
        response.set_cookie("a", "b")
        response.set_cookie("c", "d")
        return response


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Whatever the other side has done."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def read_reply(reader: asyncio.StreamReader, *, is_head: bool = False) -> Reply:
    """One answer, checked for all that an answer must have and must not have."""
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = [(name.lower(), text.strip()) for name, _, text in (line.partition(":") for line in lines)]
        length = next((int(text) for name, text in headers if name == "content-length"), 0)
        body = b"" if is_head else await reader.readexactly(length)
    reply = Reply(status=int(first.split(" ")[1]), headers=headers, body=body)
    for name, text in SECURITY_HEADERS.items():
        assert reply.header(name) == text
    forbidden = {"set-cookie", "location"}
    assert [name for name, _ in headers if name in forbidden or name.startswith("access-control-")] == []
    return reply


async def _admit_local(request: web.Request) -> web.Response | None:
    if request.headers.get("Authorization") == f"Bearer {LOCAL_TOKEN}":
        return None
    return web.Response(status=401, text="no", headers={"WWW-Authenticate": "Bearer"})


@asynccontextmanager
async def opened_site(
    store: Store,
    run: Path,
    *,
    allowed_hosts: tuple[str, ...] = (),
    limits: Limits | None = None,
    port: int = 0,
    has_programs: bool = True,
) -> AsyncIterator[Site]:
    """A site on a free port."""
    notices = Notices()
    site = Site(store=store, notices=notices, listening=open_listening(port))
    async with open_server(
        site.listening,
        store=store,
        notices=notices,
        run=run,
        routes=site.routes(),
        allowed_hosts=allowed_hosts,
        admit_local=_admit_local if has_programs else None,
        limits=limits,
    ) as site.server:
        try:
            yield site
        finally:
            for writer in site.writers:
                await hang_up(writer)


def codes_at(moment: list[float]) -> Codes:
    """Codes by a clock that the test sets."""
    return Codes(clock=lambda: moment[0])
