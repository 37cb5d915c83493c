"""Searching as an operation of the store on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import apsw

from chit.core.search import SearchQuery
from chit.core.search_page import SearchPage
from chit.errors import StoreError
from chit.store.connection import in_memory
from chit.store.database import Database
from chit.store.last_words import has_waiting, index_waiting
from chit.store.protocol import SEARCH_LIMIT
from chit.store.search import search
from chit.store.searcher import Searcher


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
        try:
            await self._catch_up(has_waiting, index_waiting)
            is_indexed = True
        except StoreError:  # on a full disk, say
            is_indexed = False
        self._searcher = self._searcher or Searcher(self._connect)

        def look(connection: apsw.Connection) -> SearchPage:
            with nullcontext() if is_indexed else _indexed_in_memory(connection):
                return search(connection, query, before, limit)

        def work(connection: apsw.Connection) -> SearchPage:
            return self._read(look, connection)

        return await self._searcher.run(work, seconds) or SearchPage(is_complete=False)


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
