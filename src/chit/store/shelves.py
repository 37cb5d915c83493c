"""Where a conversation stands: pinned above the list, in it, or archived out of it."""

from collections.abc import Sequence

import apsw

from chit.store.rows import text_of


def pin_conversation(connection: apsw.Connection, conversation_id: str, at: float | None) -> bool:
    """See `Store.pin_conversation`."""
    query = "UPDATE conversations SET pinned_at = ? WHERE id = ? AND deleted_at IS NULL"
    connection.execute(query, (at, conversation_id))
    return connection.changes() == 1


def archive_conversation(connection: apsw.Connection, conversation_id: str, at: float | None) -> bool:
    """See `Store.archive_conversation`."""
    query = "UPDATE conversations SET archived_at = ? WHERE id = ? AND deleted_at IS NULL"
    connection.execute(query, (at, conversation_id))
    return connection.changes() == 1


def bring_back(connection: apsw.Connection, conversation_ids: Sequence[str]) -> None:
    """Out of the archive, since something was said in them."""
    connection.execute(
        "UPDATE conversations SET archived_at = NULL"
        " WHERE id IN (SELECT value FROM json_each(?)) AND archived_at IS NOT NULL",
        (text_of(list(conversation_ids)),),
    )
