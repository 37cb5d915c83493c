"""What every command that opens the store does in passing: settle what is due, adopt what a dead process left."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chit.cli.blocking import finish
from chit.prefs import UserPrefs
from chit.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from chit.cli.unlocking import CommandKeys

MOST_SECONDS = 1.0
"""A command is not kept waiting longer for this (design §4)."""


def do_chores(prefs: UserPrefs, store: SqliteStore) -> None:
    """At most one second, and nothing at all where nothing is due: then not even asyncio is imported.

    Without a key, nothing can be settled; where nothing can be written, nothing is done. Neither keeps from reading.
    """
    settles = prefs.settle == "background"
    if not _is_due(store, settles=settles):
        return
    import asyncio

    from chit.app import open_app
    from chit.cli.unlocking import CommandKeys
    from chit.errors import StoreError

    keys = CommandKeys(prefs)

    async def work() -> None:
        can_settle = settles and await _find_quietly(keys)
        async with open_app(prefs, key=keys.use, scrub=keys.scrub, settling=False) as app:
            if can_settle:
                await app.settler.work_off(MOST_SECONDS)

    with suppress(StoreError):
        asyncio.run(work())


async def _find_quietly(keys: "CommandKeys") -> bool:
    """Whether there is a key without asking anybody for anything."""
    import asyncio

    from chit.errors import KeyUnavailable

    try:
        async with asyncio.timeout(MOST_SECONDS):
            keys.take_given()
            await keys.find(asks=False)
    except (KeyUnavailable, TimeoutError):
        return False
    return True


def _is_due(store: SqliteStore, *, settles: bool) -> bool:
    due = finish(store.next_settlement_at()) if settles else None
    return (due is not None and due <= time.time()) or finish(store.has_orphans())
