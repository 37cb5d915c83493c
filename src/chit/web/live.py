"""The streams that are running now, each under the session that opened it: they end when it ends (attack case 16)."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from chit.errors import StoreError
from chit.notices import Notice, SessionRevoked
from chit.store.protocol import Store

EVERY = 0.5
"""Seconds between two looks at the store while a stream runs: another process may revoke a session, and it expires."""


class LiveStreams:
    """Subscribe `on_notice`, and run `watch` as a task."""

    def __init__(self, store: Store, *, every: float = EVERY, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._every = every
        self._clock = clock
        self._streams: dict[object, tuple[str, web.BaseRequest]] = {}
        self._some = asyncio.Event()

    @contextmanager
    def hold(self, digest: str, request: web.BaseRequest) -> Iterator[None]:
        """While the stream that answers `request` runs."""
        key = object()
        self._streams[key] = digest, request
        self._some.set()
        try:
            yield
        finally:
            del self._streams[key]
            if not self._streams:
                self._some.clear()

    def on_notice(self, notice: Notice) -> None:
        """A session that was revoked in this process loses its streams at once."""
        if isinstance(notice, SessionRevoked):
            self._end(notice.hash)

    def end_all(self) -> None:
        """The server closes."""
        for digest in {digest for digest, _ in self._streams.values()}:
            self._end(digest)

    async def watch(self) -> None:
        """For ever: end the streams of sessions that are gone. Sleeps while no stream runs."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._every)
            for digest in {digest for digest, _ in self._streams.values()}:
                if not await self._stands(digest):
                    self._end(digest)

    async def _stands(self, digest: str) -> bool:
        try:
            session = await self._store.find_session(digest)
        except StoreError:
            return False  # it cannot be told, and a page comes back by itself
        return session is not None and session.expires_at > self._clock()

    def _end(self, digest: str) -> None:
        """Not by asking the handler: what is sent already may wait for a reader that never comes."""
        for of, request in list(self._streams.values()):
            if of == digest and request.transport is not None:
                request.transport.abort()
