"""A program at the local API of a server, and what it got of each reply."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from tests.chaos.questions import MODEL
from tests.chaos.world import World

_TIMEOUT = aiohttp.ClientTimeout(total=30.0)


class Program:
    """Asks the local API in OpenAI's way. It sends nothing twice, and neither must Chit."""

    def __init__(self, world: World, web: aiohttp.ClientSession, address: str, token: str) -> None:
        self._world = world
        self._web = web
        parts = urlsplit(address)
        self._url = f"{parts.scheme}://{parts.netloc}/v1/chat/completions"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask_on(self, *, streamed: bool) -> None:
        """One question after the other, until the server is gone."""
        while True:
            question = self._world.questions.next()
            self._world.sightings.asked += 1
            messages = [{"role": "user", "content": question.text}]
            body = {"model": MODEL, "messages": messages, "stream": streamed}
            received = bytearray()
            try:
                await self._receive(body, received)
            except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError):
                return
            except (aiohttp.ClientError, TimeoutError):
                pass  # it broke off, as upstream did or since the server was killed
            finally:
                self._world.sightings.texts[question.number].append(_read_chunks(bytes(received), streamed=streamed))

    async def _receive(self, body: Any, received: bytearray) -> None:
        async with self._web.post(self._url, json=body, headers=self._headers, timeout=_TIMEOUT) as response:
            async for data in response.content.iter_any():
                if response.status == 200:
                    received += data


def _read_chunks(received: bytes, *, streamed: bool) -> str:
    """The reply's text in what a program got; the last line may be half."""
    if not streamed:
        return _join_texts([received], "message")
    lines = received.split(b"\n")[:-1]
    return _join_texts([line[6:] for line in lines if line.startswith(b"data: {")], "delta")


def _join_texts(objects: Sequence[bytes], member: str) -> str:
    text = ""
    for each in objects:
        with suppress(ValueError, KeyError, IndexError, TypeError):
            text += json.loads(each)["choices"][0][member]["content"] or ""
    return text
