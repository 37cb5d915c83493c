"""The open vault, shared with the commands of the same user for as long as the server runs."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from chit.errors import VaultError, VaultLocked
from chit.vault.agent import Agent
from chit.vault.content import Content
from chit.vault.entry import KeyEntry
from chit.vault.store import SecretStore
from chit.web.instance_file import find_instance

_HANDOVER_TRIES = 150
_PAUSE = 0.02
"""Seconds between two tries: nothing tells when a process lets its lock go."""


class KeySharing:
    """Embeds the agent in this process. One that a command left running hands over what it holds, and ends."""

    def __init__(self, store: SecretStore, *, handover_tries: int = _HANDOVER_TRIES) -> None:
        self._store = store
        self._handover_tries = handover_tries
        self._agent: Agent | None = None
        self._opening = asyncio.Lock()
        self.problem: str | None = None
        """Why commands are not served; None while they are."""

    async def open(self) -> None:
        """Listen, whatever was before. What keeps us from it is no error: commands then ask for the passphrase."""
        async with self._opening:  # two at once would each take the other for another process
            if self._agent is None and not await self._listen() and await self._take_over():
                await self._await_end()

    async def close(self) -> None:
        """Stop listening; the vault stays as it is."""
        agent, self._agent = self._agent, None
        if agent is not None:
            await agent.close()

    async def _listen(self) -> bool:
        agent = Agent(self._store.home, self._store.unlocked, self._store.file.find_stamp)
        try:
            await agent.open()
        except VaultError as error:
            self.problem = error.message
            return False
        self._agent, self.problem = agent, None
        return True

    async def _await_end(self) -> None:
        """Of the process that handed over; if it does not end, it stays the one that commands ask."""
        for _ in range(self._handover_tries):
            if await self._listen():
                return
            await asyncio.sleep(_PAUSE)
        self._store.unlocked.lock()  # `chit key lock` would not reach what is held here unseen

    async def _take_over(self) -> bool:
        """Whether an unlocked agent was asked to end; what it held is then open here, unless the file changed.

        That of another server stays as it is.
        """
        if _serves_elsewhere(self._store.home / "run"):
            return False
        client, stamp = self._store.agent, self._store.file.find_stamp()
        status = await client.find_status()
        if status is None or status.locked:
            return False
        found: list[tuple[str, KeyEntry | None]] = []
        with suppress(VaultLocked):
            found = [(info.name, await client.find(info.name)) for info in status.keys]
        keys = {name: entry for name, entry in found if entry is not None}
        if keys and self._store.unlocked.is_locked and stamp == self._store.file.find_stamp():
            self._store.unlocked.hold(Content(id="", keys=keys), stamp)  # the vault's id is not for commands to know
        await client.lock()
        return True


def _serves_elsewhere(folder: Path) -> bool:
    """Whether another process serves this home; one of the same number as a dead server is taken for that."""
    instance = find_instance(folder)
    if instance is None or instance.pid == os.getpid():
        return False
    try:
        os.kill(instance.pid, 0)
    except OSError:
        return False
    return True
