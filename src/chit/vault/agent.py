"""Serves the keys of an unlocked vault to the commands of the same user, over a Unix socket.

A line of JSON each way. `{"do": "get", "name": …}` gives an entry, `status` what there is, `lock` forgets the keys, and
`hold` hands over what a command has just opened or saved. Looking at the status does not count as use.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from chit.errors import VaultDamaged, VaultLocked
from chit.vault.agent_socket import MOST_LINE, Listener, open_listener
from chit.vault.content import decode_content
from chit.vault.entry import encode_entry
from chit.vault.key_info import describe_content
from chit.vault.peer import find_peer
from chit.vault.unlocked import Unlocked
from chit.vault.vault_file import Stamp

_READ_SECONDS = 10.0
_LOOK_SECONDS = 30.0
"""How often to look whether it is time to lock, at the latest."""


class Agent:
    """One listening socket. To be embedded in a server, or run on its own by `agent_process`."""

    def __init__(
        self, home: Path, unlocked: Unlocked, find_stamp: Callable[[], Stamp | None], *, user: int | None = None
    ) -> None:
        """`find_stamp` tells of the vault file whether it is still the one that was opened. `user` is who may ask."""
        self._home = home
        self._unlocked = unlocked
        self._find_stamp = find_stamp
        self._user = os.geteuid() if user is None else user
        self._listener: Listener | None = None
        self._server: asyncio.Server | None = None
        self._watching: asyncio.Task[None] | None = None

    async def open(self, listener: Listener | None = None) -> None:
        """Listen. Raises `VaultError`: somebody else listens, or the place cannot be used."""
        if self._server is not None:
            raise RuntimeError("this agent is open already")
        self._listener = listener or open_listener(self._home)
        self._server = await asyncio.start_unix_server(self._serve, sock=self._listener.socket, limit=MOST_LINE)
        self._watching = asyncio.create_task(self._watch(), name="auto-lock")

    async def close(self) -> None:
        """Stop listening; the vault stays as it is."""
        if self._server is None or self._watching is None or self._listener is None:
            return
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching
        self._server.close()
        self._listener.close()
        self._server = self._watching = self._listener = None

    async def _watch(self) -> None:
        """Lock when the time has come, though nobody asks."""
        while True:
            left = self._unlocked.seconds_left()
            await asyncio.sleep(_LOOK_SECONDS if left is None else min(left, _LOOK_SECONDS))
            _ = self._unlocked.is_locked  # looking locks

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: strangers, long lines and silence end it."""
        try:
            if find_peer(writer.get_extra_info("socket")) == self._user:
                with suppress(TimeoutError, ValueError, RecursionError, OSError):
                    while line := await asyncio.wait_for(reader.readline(), _READ_SECONDS):
                        writer.write(json.dumps(self._answer(json.loads(line))).encode() + b"\n")
                        await writer.drain()
        finally:
            writer.close()

    def _answer(self, request: Any) -> dict[str, Any]:
        """Raises `ValueError` for what is no request."""
        match request:
            case {"do": "status"}:
                return self._status()
            case {"do": "get", "name": str(name)}:
                return self._get(name)
            case {"do": "lock"}:
                self._unlocked.lock()
                return {"ok": True}
            case {"do": "hold", "content": dict(content), "stamp": [int(inode), int(changed), int(size)]}:
                return self._hold(content, (inode, changed, size))
        raise ValueError("no such request")

    def _status(self) -> dict[str, Any]:
        content = self._unlocked.look()
        if content is None:
            return {"ok": True, "locked": True}
        keys = [info.as_dict() for info in describe_content(content)]
        return {"ok": True, "locked": False, "seconds_left": self._unlocked.seconds_left(), "keys": keys}

    def _get(self, name: str) -> dict[str, Any]:
        try:
            entry = self._unlocked.use(self._find_stamp()).keys.get(name)
        except VaultLocked as error:
            return {"ok": False, "error": "locked", "reason": error.message}
        return {"ok": True, "entry": None if entry is None else encode_entry(entry)}

    def _hold(self, content: dict[str, Any], stamp: Stamp) -> dict[str, Any]:
        try:
            self._unlocked.hold(decode_content(json.dumps(content).encode()), stamp)
        except VaultDamaged:
            raise ValueError("no content") from None
        return {"ok": True}
