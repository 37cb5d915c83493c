"""Ways to leave a caller in the middle of a reply."""

import asyncio
import socket
import struct

from aiohttp import web


async def stay_silent() -> None:
    """Wait until the caller leaves."""
    await asyncio.Event().wait()


def hang_up(request: web.Request, *, reset: bool) -> None:
    """Close the connection in the middle of a reply: after what was written, or at once by a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
