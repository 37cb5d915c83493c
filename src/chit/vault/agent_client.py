"""The agent as a command sees it: whoever listens at this home's socket, if it is the same user."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chit.vault.agent_socket import MOST_LINE, find_path, is_ours
from chit.vault.content import Content, encode_content
from chit.vault.entry import EntryInvalid, KeyEntry, decode_entry
from chit.vault.key_info import KeyInfo, read_info
from chit.vault.peer import find_peer
from chit.vault.unlocked import explain_locked
from chit.vault.vault_file import Stamp

_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """What an agent says of itself."""

    locked: bool
    seconds_left: float | None = None
    """Until it locks by itself; None for never, or locked."""
    keys: tuple[KeyInfo, ...] = ()


class AgentClient:
    """Asks the agent. Nobody there, a stranger there, and nonsense from there are all the same: None."""

    def __init__(self, home: Path, *, seconds: float = _SECONDS, user: int | None = None) -> None:
        """`user` is whose agent is believed."""
        self._path = find_path(home)
        self._seconds = seconds
        self._user = os.geteuid() if user is None else user

    async def find(self, name: str) -> KeyEntry | None:
        """The entry of that name, if an unlocked agent has it. Raises `VaultLocked` if one says that it is locked."""
        answer = await self._ask({"do": "get", "name": name})
        if answer is not None and answer.get("error") == "locked":
            raise explain_locked(str(answer.get("reason", "the vault is locked")))
        try:
            return decode_entry(answer["entry"]) if answer and answer.get("entry") else None
        except EntryInvalid:
            return None

    async def find_status(self) -> AgentStatus | None:
        """What there is; None without an agent."""
        answer = await self._ask({"do": "status"})
        if answer is None:
            return None
        try:
            keys = tuple(read_info(each) for each in answer.get("keys", ()))
            return AgentStatus(locked=bool(answer["locked"]), seconds_left=answer.get("seconds_left"), keys=keys)
        except (KeyError, TypeError):
            return None

    async def lock(self) -> bool:
        """Make it forget the keys; whether there was one to ask."""
        return await self._ask({"do": "lock"}) is not None

    async def hold(self, content: Content, stamp: Stamp | None) -> bool:
        """Hand over what the vault file of that stamp holds; whether there was one to take it."""
        order = {"do": "hold", "content": json.loads(encode_content(content)), "stamp": stamp}
        return await self._ask(order) is not None

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        line = json.dumps(request).encode() + b"\n"
        if len(line) > MOST_LINE or not is_ours(self._path):
            return None
        try:
            async with asyncio.timeout(self._seconds):
                answer = json.loads(await self._exchange(line))
        except (OSError, TimeoutError, ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) and ("ok" in answer) else None

    async def _exchange(self, line: bytes) -> bytes:
        """One line for another; empty from a stranger, who is told nothing."""
        reader, writer = await asyncio.open_unix_connection(os.fspath(self._path), limit=MOST_LINE)
        try:
            if find_peer(writer.get_extra_info("socket")) != self._user:
                return b""
            writer.write(line)
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()
