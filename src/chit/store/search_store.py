"""Searching as an operation of the store on SQLite."""

from contextlib import suppress

import apsw

from chit.core.search import SearchQuery
from chit.core.search_page import SearchPage
from chit.errors import StoreError
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
        with suppress(StoreError):  # where nothing can be written, what was indexed before is found all the same
            await self._catch_up(has_waiting, index_waiting)
        self._searcher = self._searcher or Searcher(self._connect)

        def look(connection: apsw.Connection) -> SearchPage:
            return self._read(lambda db: search(db, query, before, limit), connection)

        return await self._searcher.run(look, seconds) or SearchPage(is_complete=False)
