"""What the tests of the balance share: a person's keys, a process that watches, an account that answers as told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.upstream import Exchange, open_client

from chit.balance import BalanceWatch
from chit.core.balance import Balance
from chit.core.secret import Secret
from chit.errors import KeyUnavailable, StoreError, UpstreamError, VaultLocked
from chit.notices import BalanceChanged, Notice, Notices
from chit.prefs import UserPrefs
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.store.sqlite import SqliteStore, open_store

NOWHERE = "http://127.0.0.1:9/api/v1"
LOCKED = VaultLocked("the vault is locked")


class Keyring:
    """The two keys of a person, each a text, None, or the error that looking for it raises."""

    def __init__(self, inference: str | KeyUnavailable | None, management: str | KeyUnavailable | None) -> None:
        self.inference = inference
        self.management = management

    def give(self) -> Secret:
        """The one for inference."""
        return self._give(self.inference)

    async def find(self) -> Secret:
        """The management key, after a while."""
        await asyncio.sleep(0)
        return self._give(self.management)

    def _give(self, key: str | KeyUnavailable | None) -> Secret:
        if isinstance(key, str):
            return Secret(key)
        raise key or KeyUnavailable("there is no key")


class Clock:
    """Unix seconds that move only when told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class MoodyStore(SqliteStore):
    """Fails where it is told to."""

    fails = False

    async def find_setting(self, name: str) -> str | None:
        """Fail, or work."""
        if self.fails:
            raise StoreError("the disk is broken")
        return await super().find_setting(name)

    async def record_setting(self, name: str, value: str) -> None:
        """Fail, or work."""
        if self.fails:
            raise StoreError("the disk is full")
        await super().record_setting(name, value)


class Bench:
    """One process of one person: a store, a client, a watch, and everything it publishes."""

    def __init__(self, watch: BalanceWatch, store: SqliteStore, notices: Notices) -> None:
        self.watch = watch
        self.store = store
        self.notices = notices
        self.heard: list[Notice] = []
        notices.subscribe(self.heard.append)

    @property
    def told(self) -> list[Balance]:
        """Every balance that was published."""
        return [notice.balance for notice in self.heard if isinstance(notice, BalanceChanged)]


@asynccontextmanager
async def at_work(
    home: Path,
    base_url: str,
    keys: Keyring | None = None,
    clock: Clock | None = None,
    *,
    low_balance: str = "10",
    store: SqliteStore | None = None,
    runs: bool = False,
) -> AsyncIterator[Bench]:
    """A process; with `runs` the watch works in its background."""
    keys = keys or Keyring(SANDBOX_KEY, MANAGEMENT_KEY)
    async with AsyncExitStack() as closing:
        store = store or open_store(home)
        closing.push_async_callback(store.close)
        client = await closing.enter_async_context(open_client(base_url))
        notices = Notices()
        watch = BalanceWatch(
            store=store,
            client=client,
            notices=notices,
            prefs=UserPrefs(home=home, base_url=base_url, low_balance=Decimal(low_balance)),
            key=keys.give,
            management_key=keys.find,
            clock=clock or Clock(),
        )
        bench = Bench(watch, store, notices)
        task = asyncio.create_task(watch.run()) if runs else None
        try:
            yield bench
        finally:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


class Account:
    """Answers `/key` and `/credits` with what it is told, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.key: tuple[int, Any] = (200, {"data": {"limit": None, "is_management_key": False}})
        self.credits: tuple[int, Any] = (200, {"data": {"total_credits": 25, "total_usage": 1}})
        self.kinds: dict[str, Any] = {MANAGEMENT_KEY: True}
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one question."""
        path = exchange.request.target.rpartition("/")[2]
        self.asked.append(path)
        await self.gate.wait()
        status, body = self.credits if path == "credits" else self.key
        sender = exchange.request.headers["authorization"].removeprefix("Bearer ")
        if path == "key" and sender in self.kinds and isinstance(body, dict) and "data" in body:
            body = {"data": {**body["data"], "is_management_key": self.kinds[sender]}}
        await exchange.reply(status, json.dumps(body).encode())


def out_of_money(status: int | None = 402, kind: str = "unknown") -> UpstreamError:
    """A failure as a generation ends with."""
    return UpstreamError("no", kind=kind, hint="", status=status)
