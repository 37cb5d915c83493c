"""The local API in the server of the pages: whose account it is, and its routes among theirs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chit.api.local_api import open_local_api
from chit.web.desk import Desk
from chit.web.routes import Route
from chit.web.walls import Admit

_LOOK_EVERY = 5.0
"""Seconds between two looks for the key where it is kept, each of which counts as use; calls come in hundreds."""


@asynccontextmanager
async def open_programs(desk: Desk, *, in_sandbox: bool) -> AsyncIterator[tuple[list[Route], Admit]]:
    """Routes, and who is let in to them. The account is the person's own, whichever one the pages show.

    Of a server that was started in the sandbox it is the sandbox's.
    """
    looked_at = -_LOOK_EVERY

    async def check_key() -> None:
        nonlocal looked_at
        now = time.monotonic()
        if not in_sandbox and now - looked_at >= _LOOK_EVERY:
            await desk.ring.check()
            looked_at = now
        elif not in_sandbox:
            desk.ring.use()

    async with open_local_api(desk.app if in_sandbox else desk.own, check_key) as api:
        yield (
            [
                Route(method=each.method, path=each.path, handler=each.handler, kind="json", needs="local token")
                for each in api.endpoints()
            ],
            api.admit,
        )
