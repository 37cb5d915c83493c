"""The history for a command that reads or changes it, and the conversations that a person names."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chit.cli.blocking import finish
from chit.cli.housekeeping import do_chores
from chit.cli.prefs import load_prefs_aloud
from chit.core.generation import Generation
from chit.errors import InputError, NotFound
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
    found = await store.find(name)
    if found is None:
        raise NotFound(f"nothing here has the id {name}", hint="`chit list` shows the ids.")
    match found.kind:
        case "conversation":
            return found.id
        case "message":
            return (await store.get_message(found.id)).conversation_id
    generation: Generation = await store.get_generation(found.id)
    return generation.conversation_id


async def check_conversation(store: Store, name: str) -> str:
    """The id of a conversation that this names itself: what is deleted must have been meant. Raises as it says."""
    found = await store.find(name)
    if found is not None and found.kind != "conversation":
        raise InputError(f"{name} is no conversation, but something in one", hint="`chit list` shows conversations.")
    return await find_conversation(store, name)
