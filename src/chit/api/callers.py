"""The calls under way, each under the token it came with: they end when it is revoked (attack case 16)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from chit.errors import StoreError

EVERY = 0.25
"""Seconds between two looks at the tokens of running calls: another process may revoke one."""


class Callers:
    """Run `watch` as a task."""

    def __init__(self, is_revoked: Callable[[str], Awaitable[bool]], *, every: float = EVERY) -> None:
        """`is_revoked` is asked with a token's hash."""
        self._is_revoked = is_revoked
        self._every = every
        self._calls: dict[object, tuple[str, web.BaseRequest]] = {}
        self._some = asyncio.Event()

    @contextmanager
    def hold(self, token: str, request: web.BaseRequest) -> Iterator[None]:
        """While the call is answered."""
        key = object()
        self._calls[key] = token, request
        self._some.set()
        try:
            yield
        finally:
            del self._calls[key]
            if not self._calls:
                self._some.clear()

    async def watch(self) -> None:
        """For ever: break off the calls of tokens that are gone. Sleeps while there are none."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._every)
            for token in {token for token, _ in self._calls.values()}:
                if await self._is_gone(token):
                    self._end(token)

    async def _is_gone(self, token: str) -> bool:
        try:
            return await self._is_revoked(token)
        except StoreError:
            return True  # it cannot be told

    def _end(self, token: str) -> None:
        """Not by asking the handler: what is sent already may wait for a reader that never comes."""
        for of, request in list(self._calls.values()):
            if of == token and request.transport is not None:
                request.transport.abort()
