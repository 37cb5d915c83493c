"""A raw server that says exactly the bytes it is told to, and the parts that the tests around the engine share."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chit.app import App, open_app
from chit.core.events import Event, ReasoningAdded, TextAdded
from chit.core.secret import Secret
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.prefs import UserPrefs
from chit.running import Running
from chit.sandbox.account import SANDBOX_KEY

STREAM = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}


def give_key() -> Secret:
    """The sandbox's ordinary key."""
    return Secret(SANDBOX_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Number of the connection it came on, from 1."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the connection to answer on."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Write these bytes now."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] = JSON) -> None:
        """A whole reply."""
        await self.send(head(status, {**headers, "Content-Length": str(len(body))}) + body)

    async def open_stream(self, headers: Mapping[str, str] = STREAM) -> None:
        """The head of a chunked reply."""
        await self.send(head(200, {**headers, "Transfer-Encoding": "chunked"}))

    async def chunk(self, data: bytes) -> None:
        """One piece of a chunked body; empty ends it."""
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def hang_up(self) -> None:
        """Close in the middle."""
        self.writer.close()

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the caller leaves."""
        with suppress(ConnectionError):
            while await self.reader.read(4096):
                pass


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers."""
    lines = [
        f"HTTP/1.1 {status} {responses.get(status, 'Odd')}",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Upstream:
    """Answers every request with one function, for as long as the connection lives."""

    base_url: str

    def __init__(self, answer: Callable[[Exchange], Awaitable[None]]) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0, limit=64 * 1024 * 1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/api/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        failures = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        for failure in failures:
            if isinstance(failure, Exception):
                raise failure

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.create_task(self._serve(reader, writer, self.connections)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            while (request := await _read_request(reader, number)) is not None:
                self.requests.append(request)
                await self._answer(Exchange(request, reader, writer))
        except ConnectionError:
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader, number: int) -> Request | None:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = lines[0].split(" ")
    headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body, connection=number)


def event(value: Any) -> bytes:
    """One server-sent event with a JSON value."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def text_chunk(text: str, *, generation_id: str | None = "gen-1", finish: str | None = None) -> bytes:
    """A chunk of a stream that adds text."""
    named = {} if generation_id is None else {"id": generation_id}
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({**named, "model": "a/b", "provider": "Somebody", "choices": [choice]})


DONE = b"data: [DONE]\n\n"


async def until(condition: Callable[[], Any]) -> None:
    """Let others run until the condition holds; a generous limit keeps a failing test from hanging."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds, most without an event
            await asyncio.sleep(0.001)


async def collect(running: Running, since: int = 0) -> list[Event]:
    """All events until the end."""
    async with asyncio.timeout(20):
        return [seen async for _, seen in running.watch(since)]


def shown_text(events: list[Event]) -> str:
    """What a person has seen of the reply's text."""
    return "".join(seen.text for seen in events if isinstance(seen, TextAdded))


def shown_reasoning(events: list[Event]) -> str:
    """What a person has seen of the reasoning."""
    return "".join(seen.text for seen in events if isinstance(seen, ReasoningAdded))


def open_client(base_url: str, **members: Any) -> OpenRouterClient:
    """A client with the sandbox's key."""
    return OpenRouterClient(base_url=base_url, key=give_key, **members)


@asynccontextmanager
async def opened(
    base_url: str, home: Path, *, settling: bool = False, model: str | None = None, timeouts: Timeouts | None = None
) -> AsyncIterator[App]:
    """The whole of Chit on one home; generations are settled only on request unless `settling`."""
    prefs = UserPrefs(home=home, base_url=base_url, model=model)
    async with open_app(prefs, key=give_key, settling=settling, timeouts=timeouts) as app:
        yield app
