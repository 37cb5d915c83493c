"""One connection: how long a head may take, how many there may be, and what a mistake in HTTP itself is told."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from chit.web.refusal import refuse

_BUG = 500
_log = logging.getLogger("chit.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one caller may take of the server."""

    head_seconds: float = 30.0
    """For a whole head to come, and between two requests: who sends it byte by byte is cut off."""
    last_seconds: float = 1.0
    """For what is left of a body that nobody wants."""
    connections: int = 256
    """At once, so that a stranger on this machine cannot take the file handles that replies are stored with."""
    line_bytes: int = 8190
    """Of the request line and of a header."""
    headers: int = 64
    body_bytes: int = 64 * 1024 * 1024
    """A message with its attachments. Handlers that take less say so."""


class Connection(web.RequestHandler):
    """aiohttp's, with limits; its own errors look like ours and repeat nothing of the request, here or in a log."""

    def __init__(self, server: web.Server, limits: Limits) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.head_seconds,
            lingering_time=limits.last_seconds,
            max_line_size=limits.line_bytes,
            max_field_size=limits.line_bytes,
            max_headers=limits.headers,
            auto_decompress=False,  # nobody sends us packed bodies, but for a bomb
            access_log=None,  # type: ignore[arg-type] # it may be None, and is never asked for then
            logger=_log,
        )
        self._all = server
        self._most = limits.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One too many is closed again."""
        super().connection_made(transport)
        if len(self._all.connections) > self._most:
            transport.abort()  # type: ignore[attr-defined] # it is a `WriteTransport`

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to bytes that are not HTTP, and to what escaped from the walls."""
        if request.writer.output_size or isinstance(exc, ConnectionError):
            raise ConnectionResetError("broken off: nothing more can be said, or nobody is there")
        if status >= _BUG:
            _log.error("the server failed", exc_info=exc)
        response = refuse(status, "This is not a request." if status < _BUG else "This is a bug in Chit, sorry.")
        response.force_close()
        return response


def make_connection(server: web.Server, limits: Limits) -> Callable[[], Connection]:
    """For `loop.create_server`."""
    return lambda: Connection(server, limits)
