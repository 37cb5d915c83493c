"""The one event stream of a page: JSON lines, with a blank one now and then so that a broken connection is noticed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from aiohttp import web

from chit.web.hub import Hub
from chit.web.refusal import Refused
from chit.web.routes import Route

KEEP_ALIVE_SECONDS = 15.0


class StreamRoutes:
    """Over one hub."""

    def __init__(self, hub: Hub, *, keep_alive: float = KEEP_ALIVE_SECONDS) -> None:
        self._hub = hub
        self._keep_alive = keep_alive

    def routes(self) -> list[Route]:
        """For the table."""
        return [Route(method="GET", path="/stream", handler=self.stream, kind="stream")]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`?epoch=&since=`: what `/view` gave, or the last event that was read."""
        since = request.query.get("since", "")
        if not since.isdecimal() or len(since) > 15:
            raise Refused(400, "`since` is the number of the last event.")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        lines = self._hub.read(request.query.get("epoch", ""), int(since))
        async with aclosing(_with_keep_alive(lines, self._keep_alive)) as pieces:
            async for data in pieces:
                await response.write(data)
        return response


async def _with_keep_alive(lines: AsyncIterator[bytes], seconds: float) -> AsyncGenerator[bytes]:
    """`lines`, and a blank one after each silence; the first at once, so that the page knows it is connected."""
    yield b"\n"
    waiting = asyncio.ensure_future(anext(lines, None))
    try:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=seconds)
            if not done:
                yield b"\n"
                continue
            if (data := waiting.result()) is None:
                return
            yield data
            waiting = asyncio.ensure_future(anext(lines, None))
    finally:
        waiting.cancel()
