"""The local API in the server of the pages: whose account it is, and its routes among theirs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chit.api.local_api import open_local_api
from chit.core.local_token import LocalToken
from chit.store.protocol import Store
from chit.web.desk import Desk
from chit.web.routes import Route
from chit.web.walls import Admit

_LOOK_EVERY = 5.0
"""Seconds between two looks for the key where it is kept, each of which counts as use; calls come in hundreds."""


class Mirrored:
    """The person's local tokens, in the sandbox: each is put into its history, where its calls are counted."""

    def __init__(self, own: Store, sandbox: Store) -> None:
        self._own = own
        self._sandbox = sandbox

    async def find_token(self, digest: str) -> LocalToken | None:
        """As the person's own history has it. Raises `StoreError`."""
        token = await self._own.find_token(digest)
        if token is None or token.revoked_at is not None:
            return token
        kept = await self._sandbox.find_token(digest)
        if kept is None:
            await self._sandbox.revoke_token(token.name, now=token.created_at)  # an earlier one of that name
            await self._sandbox.record_token(token)
        elif kept.terms != token.terms:
            await self._sandbox.change_terms(token.name, lambda _: token.terms)
        return token


@asynccontextmanager
async def open_programs(desk: Desk, *, in_sandbox: bool) -> AsyncIterator[tuple[list[Route], Admit]]:
    """Routes, and who is let in to them. The account is the person's own, whichever one the pages show.

    Of a server that was started in the sandbox it is the sandbox's, for the same tokens.
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

    app = desk.app if in_sandbox else desk.own
    tokens = Mirrored(desk.own.store, app.store) if in_sandbox else None
    async with open_local_api(app, check_key, tokens=tokens) as api:
        yield (
            [
                Route(method=each.method, path=each.path, handler=each.handler, kind="json", needs="local token")
                for each in api.endpoints()
            ],
            api.admit,
        )
