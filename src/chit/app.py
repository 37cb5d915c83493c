"""The composition root: builds every part and wires them together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from chit.core.secret import Secret
from chit.engine import Engine
from chit.notices import Notices
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.prefs import UserPrefs
from chit.settlement import Settler
from chit.store.protocol import Store
from chit.store.sqlite import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts, open and running."""

    prefs: UserPrefs
    store: Store
    client: OpenRouterClient
    notices: Notices
    engine: Engine
    settler: Settler


@asynccontextmanager
async def open_app(
    prefs: UserPrefs, *, key: Callable[[], Secret], settling: bool | None = None, timeouts: Timeouts | None = None
) -> AsyncIterator[App]:
    """Everything, closed in order at the end; generations that still run are stopped then.

    `key` is asked before each call to OpenRouter. With `settling`, pending generations are settled in the background;
    None leaves that to the preferences.
    What a dead process left unfinished is adopted first. Raises `StoreError`.
    """
    async with AsyncExitStack() as closing:  # last opened, first closed, whatever fails on the way
        store = open_store(prefs.home)
        closing.push_async_callback(store.close)
        notices = Notices()
        client = OpenRouterClient(
            base_url=prefs.base_url, key=key, app_name=prefs.app_name, app_url=prefs.app_url, timeouts=timeouts
        )
        closing.push_async_callback(client.close)
        engine = Engine(
            store=store,
            client=client,
            notices=notices,
            default_model=prefs.model,
            default_parameters=prefs.parameters,
        )
        settler = Settler(store=store, client=client, notices=notices)
        await engine.adopt()
        if prefs.settle == "background" if settling is None else settling:
            closing.push_async_callback(_cancel, asyncio.create_task(settler.run(), name="settlement"))
        closing.push_async_callback(engine.close)
        yield App(prefs=prefs, store=store, client=client, notices=notices, engine=engine, settler=settler)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
