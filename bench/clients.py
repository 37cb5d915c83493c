"""The clients that are compared, each behind the same function: ask for so many events, get the text of the reply.

Each imports what it needs when it is opened, so that nobody pays for the others' modules. None of them parses less than
it must to hand over the text.
"""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import CANARY
from bench.upstream import MODEL

if TYPE_CHECKING:
    from chit.core.fault import Fault
    from chit.core.generation import Generation
    from chit.core.messages import Message
    from chit.errors import ChitError, StoreError
    from chit.running import Running

Ask = Callable[[int], Awaitable[str]]
QUESTION = "Say words."


@asynccontextmanager
async def open_bare(base_url: str) -> AsyncIterator[Ask]:
    """Nothing but aiohttp and orjson: what a careless but fast program would do."""
    import aiohttp
    import orjson

    headers = {"Authorization": f"Bearer {CANARY}", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:

        async def ask(events: int) -> str:
            text, rest = "", b""
            async with session.post(f"{base_url}/chat/completions", data=orjson.dumps(_request(events))) as response:
                async for data in response.content.iter_any():
                    *lines, rest = (rest + data).split(b"\n\n")
                    for line in lines:
                        if line != b"data: [DONE]":
                            chunk = orjson.loads(line[6:])
                            text += chunk["choices"][0]["delta"]["content"]
            return text

        yield ask


@asynccontextmanager
async def open_openai(base_url: str) -> AsyncIterator[Ask]:
    """The `openai` package, as its own documentation streams."""
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=base_url, api_key=CANARY) as client:

        async def ask(events: int) -> str:
            text = ""
            async for chunk in await client.chat.completions.create(**_request(events)):
                text += chunk.choices[0].delta.content or ""
            return text

        yield ask


@asynccontextmanager
async def open_recording(base_url: str) -> AsyncIterator[Ask]:
    """Chit as it is used: everything committed to SQLite before it is shown."""
    from chit.app import open_app
    from chit.core.messages import TextPart
    from chit.core.secret import Secret
    from chit.prefs import UserPrefs

    key = Secret(CANARY)
    with tempfile.TemporaryDirectory() as folder:
        async with open_app(UserPrefs(home=Path(folder), base_url=base_url), key=lambda: key) as app:

            async def ask(events: int) -> str:
                parameters = {"model": MODEL, "max_tokens": events}
                return await _watch(await app.engine.send([TextPart(QUESTION)], parameters=parameters))

            yield ask


@asynccontextmanager
async def open_discarding(base_url: str) -> AsyncIterator[Ask]:
    """Chit's client, parser, fold and events, with a ledger that keeps nothing."""
    from chit.core.generation import Generation
    from chit.core.guidance import explain
    from chit.core.jsontext import encode_json
    from chit.core.messages import Message
    from chit.core.secret import Secret
    from chit.openrouter.client import OpenRouterClient
    from chit.running import Running

    key = Secret(CANARY)
    async with OpenRouterClient(base_url=base_url, key=lambda: key) as client:

        async def ask(events: int) -> str:
            body = encode_json(_request(events))
            generation = Generation(
                id="", message_id="", conversation_id="", origin="library", request=body, streamed=True
            )
            message = Message(id="", conversation_id="", parent_id=None, source="actor", parts=(), created_at=0.0)
            running = Running(
                ledger=_Discarding(),
                send=lambda: client.open_completion(body, streamed=True, model=MODEL),
                generation=generation,
                message=message,
                scrub=client.scrub,
                explain=explain,
                advise=_add_nothing,
            ).begin()
            return await _watch(running)

        yield ask


class _Discarding:
    """A `running.Ledger` for which everything is durable at once."""

    async def record_start(self, generation: "Generation", generation_id: str) -> None:
        """Nothing."""

    def append_received(
        self, generation: "Generation", data: bytes, done: "Callable[[StoreError | None], None]"
    ) -> None:
        """Done."""
        done(None)

    async def record_end(self, generation: "Generation", message: "Message", *, now: float) -> None:
        """Nothing."""


async def _add_nothing(_fault: "Fault", error: "ChitError") -> "ChitError":
    return error


async def _watch(running: "Running") -> str:
    from chit.core.events import TextAdded

    text = ""
    async for _, event in running.watch():
        if isinstance(event, TextAdded):
            text += event.text
    if running.error is not None:
        raise running.error
    return text


def _request(events: int) -> dict[str, Any]:
    return {
        "model": MODEL,
        "max_tokens": events,
        "stream": True,
        "messages": [{"role": "user", "content": QUESTION}],
    }


CLIENTS: dict[str, Callable[[str], AbstractAsyncContextManager[Ask]]] = {
    "bare": open_bare,
    "recording": open_recording,
    "discarding": open_discarding,
    "openai": open_openai,
}
