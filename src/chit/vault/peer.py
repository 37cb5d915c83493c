"""Who is at the other end of a Unix socket."""

import struct
import sys
from typing import Protocol

_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_VERSION = 0, 1, 0
"""From macOS's <sys/un.h>; `struct xucred` begins with its version and the user id."""
_SOL_SOCKET, _SO_PEERCRED = 1, 17
"""From Linux's <asm-generic/socket.h>; `struct ucred` is process, user and group id."""


class Optioned(Protocol):
    """A socket."""

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
        """A structure of the system's."""


def find_peer(connection: Optioned, platform: str = sys.platform) -> int | None:
    """The user id of the process that connected or listens; None where it cannot be told, which is a stranger."""
    try:
        if platform == "linux":
            return int(struct.unpack("3i", connection.getsockopt(_SOL_SOCKET, _SO_PEERCRED, struct.calcsize("3i")))[1])
        if platform == "darwin":
            version, user = struct.unpack("II", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)[:8])
            return int(user) if version == _XUCRED_VERSION else None
    except (OSError, struct.error):
        pass
    return None
