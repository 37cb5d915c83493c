"""An open reply of a completion: its bytes as they come, and how they ended."""

import asyncio
from collections.abc import Mapping

import aiohttp

from chit.core.fault import Fault
from chit.openrouter.faults import read_connection_fault

MAX_REPLY_BYTES = 512 * 1024 * 1024
"""Cap on one reply, decompressed."""


class Reply:
    """A reply with a good status. Close it, in whatever way its reading ended."""

    def __init__(self, response: aiohttp.ClientResponse, *, idle_seconds: float) -> None:
        self._response = response
        connection = response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = None
            connection.protocol.start_timeout()  # stops the first byte's clock; aiohttp's own would cost at every read
            closed = connection.protocol.closed or asyncio.get_running_loop().create_future()
            closed.add_done_callback(self._break_off)
        self._idle = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._waiting_since: float | None = None
        self._clock = self._loop.call_later(idle_seconds, self._check_silence)
        self._received = 0
        self.fault: Fault | None = None
        """Set once reading broke off; None after a clean end."""

    @property
    def status(self) -> int:
        """HTTP's status."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""
        return {name.lower(): value for name, value in self._response.headers.items()}

    @property
    def generation_id(self) -> str | None:
        """`X-Generation-Id`, where it was sent."""
        return self._response.headers.get("X-Generation-Id") or None

    @property
    def is_stream(self) -> bool:
        """Whether the body is server-sent events; a request to stream can be answered with plain JSON."""
        return self._response.content_type == "text/event-stream"

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; empty at the end, with `fault` set if it was not a clean one.

        Silence for longer than the idle limit is a fault; any byte, a comment's too, counts as life.
        """
        if self.fault is not None:
            return b""
        self._waiting_since = self._loop.time()
        try:
            data = await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.fault = read_connection_fault(error, started=True)
            data = self._take_rest()
        self._waiting_since = None
        self._received += len(data)
        if self._received > MAX_REPLY_BYTES:
            text = f"the reply is larger than {MAX_REPLY_BYTES} bytes"
            self.fault = Fault(phase="streaming", cause="garbled", text=text)
            return b""
        return data

    def _check_silence(self) -> None:
        """One timer for the whole reply, set again for when the wait that goes on now would be too long."""
        since = self._waiting_since
        now = self._loop.time()
        if since is not None and now - since >= self._idle:
            self._response.content.set_exception(aiohttp.SocketTimeoutError(f"nothing came for {self._idle:g} s"))
        else:
            self._clock = self._loop.call_at((since or now) + self._idle, self._check_silence)

    def _take_rest(self) -> bytes:
        """What had arrived before the connection broke: received, perhaps billed, and not to be lost.

        aiohttp refuses to hand it out while its stream carries an exception, and has no public way to take that back.
        """
        content = self._response.content
        content._exception = None
        return content.read_nowait()

    async def read_all(self) -> bytes:
        """The whole body, or what came of it before `fault`."""
        pieces: list[bytes] = []
        while data := await self.read():
            pieces.append(data)
        return b"".join(pieces)

    def _break_off(self, closed: asyncio.Future[None]) -> None:
        """Whoever still reads when the connection is gone. aiohttp forgets them after a body that is not HTTP."""
        error = closed.exception()
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the reply is not HTTP"), error or aiohttp.ClientError())

    def close(self) -> None:
        """Close the connection at once: upstream sees it within a round trip. Idempotent."""
        self._clock.cancel()
        self._response.close()
