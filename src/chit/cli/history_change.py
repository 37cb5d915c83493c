"""The work of `chit rename` and `chit delete`."""

import time
from collections.abc import Sequence

from chit.cli.history_home import check_conversation, find_conversation, run_with_history
from chit.cli.terminal import neutralise, write_out
from chit.core.conversation import UNDO_SECONDS
from chit.errors import InputError, NotFound
from chit.store.ids import short_id
from chit.store.sqlite import SqliteStore

_MOST_TITLE = 300
"""Characters, as on the pages."""


def rename_conversation(name: str, title: str) -> None:
    """Raises `NotFound`, and `InputError` for a title that says nothing."""
    words = " ".join(title.split())
    if not words or len(words) > _MOST_TITLE:
        raise InputError(f"a title has at most {_MOST_TITLE} characters, and not none", hint="Choose another one.")

    async def work(store: SqliteStore) -> str:
        conversation_id = await find_conversation(store, name)
        if not await store.rename_conversation(conversation_id, words):
            raise _tell_gone(name)
        return conversation_id

    write_out(neutralise(f"{short_id(run_with_history(work))} is now “{words}”.\n"))


def delete_conversations(names: Sequence[str]) -> None:
    """Out of sight; those whose time is over go for good. Raises `NotFound` and `InputError` before anything is
    deleted.
    """

    async def work(store: SqliteStore) -> list[tuple[str, str]]:
        ids = list(dict.fromkeys([await check_conversation(store, name) for name in names]))
        now, deleted = time.time(), []
        for conversation_id in ids:
            title = (await store.get_conversation(conversation_id)).title
            await store.delete_conversation(conversation_id, now=now)
            deleted.append((conversation_id, title))
        await store.purge_deleted(now - UNDO_SECONDS)
        return deleted

    deleted = run_with_history(work)
    for _, title in deleted:
        write_out(neutralise(f"Deleted: {title or 'Untitled'}\n"))
    write_out(f"Undo: chit delete --restore {' '.join(id for id, _ in deleted)}\n")


def restore_conversations(names: Sequence[str]) -> None:
    """By their full ids, since what is deleted has no short ones. Raises `NotFound`; those named before are back."""

    async def work(store: SqliteStore) -> None:
        for name in names:
            if not await store.restore_conversation(name):
                raise NotFound(
                    f"nothing that was deleted can be brought back by the id {name}",
                    hint="It takes the full id that `chit delete` printed, and goes well for an hour at least.",
                )
            title = (await store.get_conversation(name)).title
            write_out(neutralise(f"Back again: {title or 'Untitled'}\n"))

    run_with_history(work)


def _tell_gone(name: str) -> NotFound:
    return NotFound(f"the conversation {name} was just deleted", hint="`chit list` shows what there is.")
