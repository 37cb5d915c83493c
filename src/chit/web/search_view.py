"""The screen that searches: what was asked for in its address, and a page of what was found."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup, escape

from chit.core.excerpt import Piece
from chit.core.search import FILTERS, MOST_TEXT, SearchQuery, read_query
from chit.core.search_page import SearchPage
from chit.core.search_words import describe_state
from chit.store.protocol import SEARCH_LIMIT, Store
from chit.web import pages

SECONDS = 2.0
"""How long a search may take."""
_MOST_DIGITS = 18
_PAGE = "older"
"""The member of the address that says from where on the page goes."""


class SearchView:
    """Of each browser only the newest search goes on: whoever types on has no use for the one before."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[SearchPage]] = {}

    async def write(self, store: Store, address_query: str, session_hash: str) -> dict[str, Any]:
        """`html`, and in `q` what stands in the box. Raises `StoreError`."""
        asked = _read(address_query)
        fields = {name: asked.get(name, "")[:MOST_TEXT] for name in FILTERS}
        text = asked.get("q", "")[:MOST_TEXT]
        query = read_query(text, fields)
        before = _read_place(asked.get(_PAGE, ""))
        page = SearchPage(is_idle=True) if query.is_empty else await self._search(store, query, before, session_hash)
        kept = {name: value for name, value in {"q": text, **fields}.items() if value}
        html = pages.render(
            "search",
            fields=fields,
            is_filtered=any(fields.values()),
            state=describe_state(query, page, seconds=SECONDS, is_older=before is not None),
            page=page,
            is_idle=query.is_empty,
            older=None if page.more is None else f"/search?{urlencode({**kept, _PAGE: page.more})}",
            is_older=before is not None,
            newest=f"/search?{urlencode(kept)}",
            marked=mark,
        )
        return {"html": html, "q": text}

    async def _search(self, store: Store, query: SearchQuery, before: int | None, session_hash: str) -> SearchPage:
        task = asyncio.ensure_future(store.search(query, before=before, limit=SEARCH_LIMIT, seconds=SECONDS))
        if earlier := self._running.get(session_hash):
            earlier.cancel()
        self._running[session_hash] = task
        try:
            await asyncio.wait([task])
            return SearchPage(is_complete=False) if task.cancelled() else task.result()
        finally:
            task.cancel()
            if self._running.get(session_hash) is task:
                del self._running[session_hash]


def mark(pieces: tuple[Piece, ...]) -> Markup:
    """An excerpt as markup."""
    marked = (Markup("<mark>{}</mark>").format(each.text) if each.is_found else escape(each.text) for each in pieces)
    return Markup("").join(marked)


def _read(address_query: str) -> dict[str, str]:
    """The members of an address, the first of each name."""
    try:
        return dict(reversed(parse_qsl(address_query, max_num_fields=50)))
    except ValueError:
        return {}


def _read_place(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS else None
