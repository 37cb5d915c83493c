"""A history for the commands that list, find and change it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.cli.person import Person
from tests.dossiers import a_dossier, same

from chit.core.dossier import Dossier
from chit.store.sqlite import SqliteStore, open_store


def with_store(person: Person, work: Callable[[SqliteStore], Coroutine[Any, Any, Any]]) -> Any:
    """What `work` makes of the person's history."""

    async def run() -> Any:
        store = open_store(person.home)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def put(person: Person, *dossiers: Dossier) -> None:
    """These conversations, in order."""

    async def work(store: SqliteStore) -> None:
        for dossier in dossiers:
            added = await store.add_dossier(dossier, scrub=same, now=1000.0)
            assert added.conflict is None

    with_store(person, work)


def talks(person: Person, *titles: str, **members: Any) -> list[Dossier]:
    """A question and an answer for each title, there in that order."""
    made = [a_dossier(title, **members) for title in titles]
    put(person, *made)
    return made
