"""What every command that opens the store does in passing: settle what is due, adopt what a dead process left."""

import time
from contextlib import suppress

from chit.cli.blocking import finish
from chit.prefs import UserPrefs
from chit.store.sqlite import SqliteStore

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
    from chit.core.secret import Secret
    from chit.errors import KeyUnavailable, StoreError
    from chit.vault.sources import load_key

    key: Secret | None = None
    with suppress(KeyUnavailable):
        key = load_key(None)

    async def work() -> None:
        async with open_app(prefs, key=lambda: key or load_key(None), settling=False) as app:
            if key is not None and settles:
                await app.settler.work_off(MOST_SECONDS)

    with suppress(StoreError):
        asyncio.run(work())


def _is_due(store: SqliteStore, *, settles: bool) -> bool:
    due = finish(store.next_settlement_at()) if settles else None
    return (due is not None and due <= time.time()) or finish(store.has_orphans())
