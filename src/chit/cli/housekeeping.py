"""What every command that opens the store does in passing: settle what is due, adopt what a dead process left."""

import time

from chit.cli.blocking import finish
from chit.prefs import UserPrefs
from chit.store.sqlite import SqliteStore

MOST_SECONDS = 1.0
"""A command is not kept waiting longer for this (design §4)."""


def do_chores(prefs: UserPrefs, store: SqliteStore) -> None:
    """At most one second, and nothing at all where nothing is due: then not even asyncio is imported.

    Without a key, nothing can be settled; that is no error here.
    """
    if not _is_due(store):
        return
    import asyncio

    from chit.app import open_app
    from chit.errors import KeyUnavailable
    from chit.vault.sources import load_key

    try:
        key = load_key(None)
    except KeyUnavailable:
        return

    async def work() -> None:
        async with open_app(prefs, key=lambda: key, settling=False) as app:
            await app.settler.work_off(MOST_SECONDS)

    asyncio.run(work())


def _is_due(store: SqliteStore) -> bool:
    due = finish(store.next_settlement_at())
    return (due is not None and due <= time.time()) or finish(store.has_orphans())
