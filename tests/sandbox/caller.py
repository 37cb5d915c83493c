"""Someone who calls a sandbox with its key, and whole replies; nothing here sleeps."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox

Eventually = Callable[[Callable[[], Any]], Awaitable[None]]
"""What waits until a condition holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole reply."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body parsed."""
        return orjson.loads(self.body)

    @property
    def chunks(self) -> list[Any]:
        """The events of a stream, `[DONE]` left out."""
        events = [event for event in self.body.split(b"\n\n") if event.startswith(b"data: ")]
        return [orjson.loads(event.removeprefix(b"data: ")) for event in events if event != b"data: [DONE]"]

    @property
    def text(self) -> str:
        """The content of all deltas joined."""
        deltas = [chunk["choices"][0]["delta"] for chunk in self.chunks if chunk["choices"]]
        return "".join(delta["content"] or "" for delta in deltas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone who calls one sandbox."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def origin(self) -> str:
        """The sandbox's address without `/api/v1`."""
        return self.sandbox.base_url.removesuffix("/api/v1")

    async def send(self, method: str, path: str, *, key: str = SANDBOX_KEY, **options: Any) -> Answer:
        """One request to a path under `/api/v1`, or under the root if it begins with `/sandbox`."""
        address = f"{self.origin if path.startswith('/sandbox') else self.sandbox.base_url}{path}"
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key else {})
        async with self.session.request(method, address, headers=headers, **options) as response:
            return Answer(status=response.status, headers=dict(response.headers), body=await response.read())

    async def complete(self, model: str | None = None, text: str = "Hello?", **members: Any) -> Answer:
        """One completion."""
        key = members.pop("key", SANDBOX_KEY)
        body = {"messages": [{"role": "user", "content": text}], **members}
        return await self.send(
            "POST", "/chat/completions", key=key, json=body if model is None else body | {"model": model}
        )

    async def open_stream(self, model: str) -> aiohttp.ClientResponse:
        """A stream left open."""
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello?"}]}
        headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
        return await self.session.post(f"{self.sandbox.base_url}/chat/completions", json=body, headers=headers)


async def until(condition: Callable[[], Any]) -> None:
    """Let others run until the condition holds; a generous limit keeps a failing test from hanging."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (conditions of all kinds, most without an event)
            await asyncio.sleep(0.001)
