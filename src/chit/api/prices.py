"""What calls can cost at most, for tokens that have a budget."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from chit.catalogue import Catalogue
from chit.core.generation import read_text
from chit.core.local_token import LocalToken
from chit.core.price_bound import bound_price
from chit.errors import ChitError

KEPT_SECONDS = 300.0
"""Until the catalogue is read again; it is itself at most a day old."""
_PATIENCE = 3.0
"""Seconds that a first call may wait for the catalogue to come from OpenRouter."""


class Prices:
    """The catalogue by id, kept in memory."""

    def __init__(self, catalogue: Catalogue, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self._catalogue = catalogue
        self._clock = clock
        self._known: Mapping[str, Mapping[str, Any]] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def bound(self, token: LocalToken, request: Mapping[str, Any], size: int) -> Decimal | None:
        """What `budgets.enter` wants to know: US dollars; None where nothing bounds them, or no budget asks."""
        if next(token.terms.budgets(), None) is None:
            return None
        async with self._reading:
            now = self._clock()
            if self._read_at is None or now - self._read_at >= KEPT_SECONDS:
                self._read_at = now
                await self._read()
        return bound_price(request, size=size, known=self._known)

    async def _read(self) -> None:
        """Without a catalogue what was known stays: calls then go one at a time rather than not at all."""
        with suppress(ChitError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                models = await self._catalogue.list_models()
            self._known = {id: model for model in models if (id := read_text(model.get("id")))}
