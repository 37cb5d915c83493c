"""The local API in the server of the pages: whose account it is, and its routes among theirs."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chit.api.local_api import open_local_api
from chit.web.desk import Desk
from chit.web.key_ring import KeyRing
from chit.web.routes import Route
from chit.web.walls import Admit

LOOK_EVERY = 5.0
"""Seconds between two looks for the key where it is kept, each of which counts as use; calls come in hundreds."""


@asynccontextmanager
async def open_programs(desk: Desk, *, in_sandbox: bool) -> AsyncIterator[tuple[list[Route], Admit]]:
    """Routes, and who is let in to them. The account is the person's own, whichever one the pages show.

    Of a server that was started in the sandbox it is the sandbox's; the tokens are the person's own in any case.
    """
    app, tokens = (desk.app, desk.own.store) if in_sandbox else (desk.own, None)
    check_key = _needs_none if in_sandbox else KeyCheck(desk.ring).check
    async with open_local_api(app, check_key, tokens=tokens) as api:
        routes = [
            Route(method=each.method, path=each.path, handler=each.handler, kind="json", needs="local token")
            for each in api.endpoints()
        ]
        yield routes, api.admit


class KeyCheck:
    """Whether there is a key to send with: by what was met last, and now and then by a look."""

    def __init__(self, ring: KeyRing, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self._ring = ring
        self._clock = clock
        self._looked_at: float | None = None

    async def check(self) -> None:
        """Raises `VaultLocked`, or `KeyUnavailable` where there is none."""
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            self._ring.use()
            return
        await self._ring.check()
        self._looked_at = now


async def _needs_none() -> None:
    """The sandbox has its own."""
