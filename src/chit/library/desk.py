"""What every part of an open library shares: the parts of Chit, the keys, and what runs."""

import asyncio
import time
from typing import Protocol

from chit.app import App as Parts
from chit.core.messages import Message
from chit.library.keys import LibraryKeys
from chit.named import get_named
from chit.prefs import UserPrefs
from chit.store.protocol import Found, Store

PAUSE_SECONDS = 2.0


class Live(Protocol):
    """A reply that runs."""

    async def stop(self) -> Message:
        """End it, and keep what came."""


class Desk:
    """Open until `close`."""

    def __init__(self, parts: Parts, keys: LibraryKeys, *, prefs: UserPrefs, settles: bool) -> None:
        """`prefs` are whole, those of `parts` without defaults. With `settles`, costs are looked up on the side."""
        self.keys = keys
        self.prefs = prefs
        self._parts = parts
        self._settles = settles
        self._is_closed = False
        self._live: set[Live] = set()

    @property
    def parts(self) -> Parts:
        """Raises `RuntimeError` once closed: a mistake of the programmer."""
        if self._is_closed:
            raise RuntimeError("this app is closed: its `async with` block has ended")
        return self._parts

    @property
    def store(self) -> Store:
        """As `parts`."""
        return self.parts.store

    def begin(self, live: Live) -> None:
        """It runs now."""
        self._live.add(live)

    def end(self, live: Live) -> None:
        """It has ended."""
        self._live.discard(live)

    async def close(self) -> None:
        """Stop what runs; what came is kept."""
        await asyncio.gather(*(live.stop() for live in list(self._live)), return_exceptions=True)
        self._is_closed = True

    async def find(self, name: str) -> Found:
        """What an id names, short ones too. Raises `NotFound`."""
        return await get_named(self.store, name, hint="`list_conversations` tells what there is.")

    async def settle(self, generation_id: str, seconds: float) -> None:
        """Return once its record is there or was given up, or after `seconds`."""
        if self._settles:
            await self.parts.settler.wait_settled(generation_id, seconds)
            return
        deadline = time.monotonic() + seconds
        if not await self._is_pending(generation_id):
            return  # what is settled can be read without a key
        await self.keys.find()
        while True:
            await self.parts.settler.settle_now([generation_id])
            left = deadline - time.monotonic()
            if left <= 0 or not await self._is_pending(generation_id):
                return
            await asyncio.sleep(min(PAUSE_SECONDS, left))

    async def _is_pending(self, generation_id: str) -> bool:
        return any(each.generation_id == generation_id for each in await self.store.list_pending())
