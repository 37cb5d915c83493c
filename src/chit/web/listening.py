"""The sockets: 127.0.0.1 and ::1 on one port, both or neither (attack case 10)."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chit.about import DEFAULT_PORT
from chit.errors import InputError

PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 10)
"""Tried in order where none is asked for."""
_BACKLOG = 128
_TRIES = 20
"""For port 0: the free port of one family may be taken in the other."""
_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL}

MakeSocket = Callable[[socket.AddressFamily, socket.SocketKind], socket.socket]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Sockets that listen already: whoever comes waits until the server takes them."""

    port: int
    sockets: tuple[socket.socket, ...]
    taken: tuple[int, ...] = ()
    """Ports that were tried first and are somebody else's."""

    def close(self) -> None:
        """Idempotent."""
        for each in self.sockets:
            each.close()


def open_listening(port: int | None = None, *, make_socket: MakeSocket = socket.socket) -> Listening:
    """On `port`, 0 for any that is free, None for the first free one of `PORTS`. Raises `InputError`."""
    if port is not None:
        try:
            sockets = _open_both(port, make_socket)
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}", hint="Choose another with --port, 0 for any free one."
            ) from error
        return Listening(port=sockets[0].getsockname()[1], sockets=sockets)
    taken: list[int] = []
    for each in PORTS:
        with suppress(OSError):
            return Listening(port=each, sockets=_open_both(each, make_socket), taken=tuple(taken))
        taken.append(each)
    raise InputError(
        f"none of the ports {PORTS[0]} to {PORTS[-1]} can be used",
        hint="Choose another with --port, 0 for any free one.",
    )


def _open_both(port: int, make_socket: MakeSocket) -> tuple[socket.socket, ...]:
    tries = _TRIES if port == 0 else 1
    while True:
        tries -= 1
        try:
            return _try_both(port, make_socket)
        except OSError:
            if not tries:
                raise


def _try_both(port: int, make_socket: MakeSocket) -> tuple[socket.socket, ...]:
    first = _open(socket.AF_INET, "127.0.0.1", port, make_socket)
    try:
        return first, _open(socket.AF_INET6, "::1", first.getsockname()[1], make_socket)
    except OSError as error:
        if error.errno in _NO_IPV6:
            return (first,)
        first.close()
        raise


def _open(family: socket.AddressFamily, host: str, port: int, make_socket: MakeSocket) -> socket.socket:
    """Bound and listening: while it is only bound, Linux would let another share the address."""
    opened = make_socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a restart, not beside another
        opened.bind((host, port))
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
