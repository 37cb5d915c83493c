"""Searching as an operation of the store on SQLite."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import apsw

from chit.core.search import SearchQuery
from chit.core.search_page import SearchPage
from chit.errors import DiskFull
from chit.store.connection import in_memory
from chit.store.database import Database
from chit.store.last_words import has_waiting, index_waiting
from chit.store.protocol import SEARCH_LIMIT
from chit.store.search import search
from chit.store.searcher import Searcher

Prepare = Callable[[apsw.Connection], AbstractContextManager[None]]


class SearchDatabase(Database):
    """See `protocol.Store` for what each method promises."""

    _searcher: Searcher | None = None

    async def close(self) -> None:
        """See `Store.close`."""
        if self._searcher is not None:
            await self._searcher.close()
        await super().close()

    async def search(
        self, query: SearchQuery, *, before: int | None = None, limit: int = SEARCH_LIMIT, seconds: float = 2.0
    ) -> SearchPage:
        """See `Store.search`."""
        started = time.monotonic()
        prepare, is_indexed = await self._index_waiting(seconds / 2)
        self._searcher = self._searcher or Searcher(self._connect)

        def look(connection: apsw.Connection) -> SearchPage:
            with prepare(connection):
                return search(connection, query, before, limit)

        def work(connection: apsw.Connection) -> SearchPage:
            return self._read(look, connection)

        found = await self._searcher.run(work, started + seconds - time.monotonic())
        return found if found and is_indexed else replace(found or SearchPage(), is_complete=False)

    async def _index_waiting(self, seconds: float) -> tuple[Prepare, bool]:
        """What is to be done around a search, and whether it will find everything. It waits no longer than that."""
        import asyncio

        if not self._read(has_waiting):
            return _as_it_is, True
        try:
            async with asyncio.timeout(seconds):
                await self._write(index_waiting)
        except TimeoutError:  # another program is writing, or something long is written here
            return _as_it_is, False
        except DiskFull:
            return _indexed_in_memory, True
        return _as_it_is, True


def _as_it_is(_: apsw.Connection) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def _indexed_in_memory(connection: apsw.Connection) -> Iterator[None]:
    """What waits can be found within."""
    connection.pragma("query_only", False)
    try:
        with in_memory(connection):
            index_waiting(connection)
            yield
    finally:
        connection.pragma("query_only", True)
