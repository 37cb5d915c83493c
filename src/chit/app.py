"""The composition root: builds every part and wires them together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from chit.balance import BalanceWatch, FindKey
from chit.catalogue import Catalogue
from chit.core.jsontext import encode_json
from chit.core.secret import Secret
from chit.engine import Engine
from chit.notices import Notices
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.prefs import UserPrefs
from chit.relay import Relay
from chit.settlement import Settler
from chit.store.private import open_private_store
from chit.store.protocol import Store
from chit.vault.fingerprint import KEY_MARKS, Marks, find_change, read_marks


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts, open and running."""

    prefs: UserPrefs
    store: Store
    client: OpenRouterClient
    notices: Notices
    engine: Engine
    relay: Relay
    catalogue: Catalogue
    settler: Settler
    balance: BalanceWatch


@asynccontextmanager
async def open_app(
    prefs: UserPrefs,
    *,
    key: Callable[[], Secret],
    management_key: FindKey | None = None,
    settling: bool | None = None,
    timeouts: Timeouts | None = None,
    scrub: Callable[[str], str] = lambda text: text,
) -> AsyncIterator[App]:
    """Everything, closed in order at the end; generations that still run are stopped then.

    `key` is asked before each call to OpenRouter; `management_key` finds the one that the account's credits need, and
    may raise `KeyUnavailable`. With `settling`, pending generations are settled and the balance is refreshed in the
    background; None leaves that to the preferences.
    `scrub` hides the keys that the caller knows in what OpenRouter says of a failure; a key that was sent, and what
    looks like one, is hidden without it.
    What a dead process left unfinished is adopted first. Raises `StoreError`.
    """
    async with AsyncExitStack() as closing:  # last opened, first closed, whatever fails on the way
        store = open_private_store(prefs.home)
        closing.push_async_callback(store.close)
        notices = Notices()
        client = _make_client(prefs, key, timeouts, scrub)
        closing.push_async_callback(client.close)
        catalogue = Catalogue(store=store, client=client, base_url=prefs.base_url)
        engine = _make_engine(prefs, store, client, notices, catalogue)
        relay = Relay(store=store, client=client, notices=notices, catalogue=catalogue)
        settler = Settler(store=store, client=client, notices=notices)
        await engine.adopt()
        balance = BalanceWatch(
            store=store, client=client, notices=notices, prefs=prefs, key=key, management_key=management_key
        )
        if prefs.settle == "background" if settling is None else settling:
            for run, name in ((settler.run, "settlement"), (balance.run, "balance")):
                closing.push_async_callback(end_task, asyncio.create_task(run(), name=name))
        closing.push_async_callback(engine.close)
        closing.push_async_callback(relay.close)
        yield App(
            prefs=prefs,
            store=store,
            client=client,
            notices=notices,
            engine=engine,
            relay=relay,
            catalogue=catalogue,
            settler=settler,
            balance=balance,
        )


def _make_engine(
    prefs: UserPrefs, store: Store, client: OpenRouterClient, notices: Notices, catalogue: Catalogue
) -> Engine:
    return Engine(
        store=store,
        client=client,
        notices=notices,
        catalogue=catalogue,
        default_model=prefs.model,
        default_parameters=prefs.parameters,
    )


def _make_client(
    prefs: UserPrefs, key: Callable[[], Secret], timeouts: Timeouts | None, scrub: Callable[[str], str]
) -> OpenRouterClient:
    return OpenRouterClient(
        base_url=prefs.base_url,
        key=key,
        app_name=prefs.app_name,
        app_url=prefs.app_url,
        timeouts=timeouts,
        scrub=scrub,
    )


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel it, and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def check_key_marks(store: Store, marks: Marks) -> str | None:
    """What to warn of where a key or the vault is not the one that Chit last used (attack case 39), else None.

    `marks` are remembered, so that the same change is told once, and the first sight of a key says nothing. Raises
    `StoreError`.
    """
    known = await _find_key_marks(store)
    await _remember(store, known, marks)
    return find_change(known, marks)


async def record_key_marks(store: Store, marks: Marks) -> None:
    """After a change of the keys that is our own: from now on these are the ones expected. Raises `StoreError`."""
    await _remember(store, await _find_key_marks(store), marks)


async def has_key_mark(store: Store, name: str) -> bool:
    """Whether a key of that name was ever kept or used here. Raises `StoreError`."""
    marks = await _find_key_marks(store)
    return marks is not None and name in marks.fingerprints


async def _find_key_marks(store: Store) -> Marks | None:
    """None where there are none, or none that can be read: then everything is seen for the first time."""
    return read_marks(await store.find_setting(KEY_MARKS))


async def _remember(store: Store, known: Marks | None, seen: Marks) -> None:
    """Known marks that are not seen now are kept: a locked vault shows nothing, and must not be a way to forget."""
    before = {"vault_id": known.vault_id, "fingerprints": dict(known.fingerprints)} if known else None
    now = {
        "vault_id": seen.vault_id or (known.vault_id if known else None),
        "fingerprints": {**(known.fingerprints if known else {}), **seen.fingerprints},
    }
    if now != before:
        await store.record_setting(KEY_MARKS, encode_json(now).decode())
