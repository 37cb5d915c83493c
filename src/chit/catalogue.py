"""OpenRouter's models as the account sees them, kept for a day: to suggest by, never to restrict."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from chit.core.generation import read_text
from chit.core.kept_catalogue import SETTING, Models, read_catalogue, trim_model, write_catalogue
from chit.errors import ChitError, KeyUnavailable, StoreError, UpstreamError
from chit.openrouter.client import OpenRouterClient
from chit.store.protocol import Store

FRESH_SECONDS = 24 * 3600.0


class Catalogue:
    """The models of one base URL. Kept in the store, so that the next program need not fetch them.

    Another key at the same base URL finds what was kept for the first one: good enough to suggest by.
    """

    def __init__(
        self, *, store: Store, client: OpenRouterClient, base_url: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives unix seconds: what is kept outlives the process."""
        self._store = store
        self._client = client
        self._base_url = base_url
        self._clock = clock

    async def list_models(self, *, is_fresh: bool = False, may_lack_key: bool = False) -> Models:
        """OpenRouter's records (field guide §7.2) without their longest members, at most a day old.

        With `is_fresh` they are asked for anyway; with `may_lack_key` without a key, where there is none. Raises
        `ChitError` where there are none yet and none can be had; older ones are better than that.
        """
        kept, kept_at = await self._load()
        if kept and not is_fresh and 0 <= self._clock() - kept_at < FRESH_SECONDS:
            return kept
        try:
            models = [trim_model(model) for model in await self._fetch(may_lack_key=may_lack_key)]
        except ChitError:
            if kept:
                return kept
            raise
        kept_now = write_catalogue(models, base_url=self._base_url, fetched_at=self._clock())
        with suppress(StoreError):  # the next one fetches them again
            await self._store.record_setting(SETTING, kept_now)
        return models

    async def list_kept(self) -> Models:
        """What was kept, however old, without asking anybody; nothing where there is none. Raises `StoreError`."""
        return (await self._load())[0]

    async def find_ids(self, seconds: float) -> tuple[str, ...]:
        """The ids, for a suggestion beside an error; none if they cannot be had in time."""
        try:
            async with asyncio.timeout(seconds):
                models = await self.list_models()
        except (ChitError, TimeoutError):
            return ()
        return tuple(id for model in models if (id := read_text(model.get("id"))))

    async def _fetch(self, *, may_lack_key: bool) -> Models:
        """What the account may use; the public list where that is not to be had, with a management key for one."""
        try:
            return await self._client.fetch_my_models()
        except UpstreamError:
            return await self._client.fetch_models()
        except KeyUnavailable:
            if not may_lack_key:
                raise
            return await self._client.fetch_models()

    async def _load(self) -> tuple[Models, float]:
        return read_catalogue(await self._store.find_setting(SETTING), self._base_url)
