"""Tokens of the person's own home that call a sandbox: known there by a copy, so that its ledger can name them."""

import time
from collections.abc import Callable

from chit.core.local_token import LocalToken
from chit.store.protocol import Store


class GuestTokens:
    """In the store of the sandbox. Their budgets are of its play money, apart from what they spend elsewhere."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    async def welcome(self, token: LocalToken) -> None:
        """Know it from now on, by its present terms. Raises `StoreError`."""
        known = await self._store.find_token(token.hash)
        if known is None:
            if not await self._store.record_token(token):  # its name was another's, who is gone
                await self._store.revoke_token(token.name, now=self._clock())
                await self._store.record_token(token)
        elif known.terms != token.terms:
            await self._store.change_terms(known.name, lambda _: token.terms)
