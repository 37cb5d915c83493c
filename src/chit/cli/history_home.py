"""The history for a command that reads or changes it, and the conversations that a person names."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chit.cli.blocking import finish
from chit.cli.housekeeping import do_chores
from chit.cli.prefs import load_prefs_aloud
from chit.errors import InputError
from chit.named import get_conversation_id, get_named
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore, open_store

T = TypeVar("T")


@contextmanager
def open_history() -> Iterator[SqliteStore]:
    """For reading, without an event loop; what is due is done in passing. Raises `StoreError`."""
    prefs = load_prefs_aloud()
    store = open_store(prefs.home)
    try:
        do_chores(prefs, store)
        yield store
    finally:
        finish(store.close())


def run_with_history(work: Callable[[SqliteStore], Awaitable[T]]) -> T:
    """For what writes or takes its time. Raises `StoreError` and what `work` raises."""
    import asyncio

    async def run() -> T:
        store = open_store(load_prefs_aloud().home)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def find_conversation(store: Store, name: str) -> str:
    """The id of the conversation that this names, or that has the message or generation that it names.

    Raises `NotFound`.
    """
    return await get_conversation_id(store, await get_named(store, name))


async def check_conversation(store: Store, name: str) -> str:
    """The id of a conversation that this names itself: what is deleted must have been meant. Raises as it says."""
    found = await get_named(store, name)
    if found.kind != "conversation":
        raise InputError(f"{name} is no conversation, but something in one", hint="`chit list` shows conversations.")
    return found.id
