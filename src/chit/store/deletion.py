"""Deleting conversations: first out of sight, later for good. What they cost is never forgotten.

For good means out of the file: `secure_delete` overwrites rows, but words stay in a segment of the full-text index
until it is merged, and old pages in the log until it is emptied.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import apsw

from chit.core.surrogates import join_surrogates
from chit.store.blobs import Blobs
from chit.store.rows import text_of
from chit.store.search_index import index_title

_AT_ONCE = 5
"""Conversations in one transaction, so that nobody else's commit waits for long."""
_BYTES_AT_ONCE = 4 * 1024 * 1024
"""Of what generations hold: the requests of a long conversation are far larger than itself."""
_MERGE_PAGES = 500
_LOG_MILLISECONDS = 500
"""How long emptying the log may wait for readers: everybody's commits wait as long."""
_IS_RUNNING = "state IN ('sent', 'streaming')"
_HAS_CONTENT = "(octet_length(request) > 0 OR completion IS NOT NULL OR error IS NOT NULL)"
_DOOM = f"""
    UPDATE conversations SET is_doomed = 1 WHERE deleted_at < ? AND NOT EXISTS (
        SELECT 1 FROM generations WHERE conversation = conversations.id AND {_IS_RUNNING})
"""  # noqa: S608 - all of it is ours
_TO_EMPTY = f"""
    SELECT g.seq, octet_length(request) + coalesce(octet_length(completion), 0)
    FROM conversations c CROSS JOIN generations g ON g.conversation = c.id
    WHERE c.deleted_at IS NOT NULL AND c.is_doomed AND {_HAS_CONTENT}
"""  # noqa: S608 - all of it is ours
_TO_REMOVE = f"""
    SELECT id FROM conversations WHERE deleted_at IS NOT NULL AND is_doomed AND NOT EXISTS (
        SELECT 1 FROM generations WHERE conversation = conversations.id AND ({_IS_RUNNING} OR {_HAS_CONTENT}))
    LIMIT {_AT_ONCE}
"""  # noqa: S608 - all of it is ours
_UNUSED = "SELECT hash FROM blobs WHERE NOT EXISTS (SELECT 1 FROM blob_uses WHERE blob_uses.hash = blobs.hash)"


def rename_conversation(connection: apsw.Connection, conversation_id: str, title: str) -> bool:
    """See `Store.rename_conversation`."""
    query = "UPDATE conversations SET title = ? WHERE id = ? AND deleted_at IS NULL"
    connection.execute(query, (join_surrogates(title), conversation_id))
    is_renamed = connection.changes() == 1
    if is_renamed:
        index_title(connection, conversation_id)
    return is_renamed


def delete_conversation(connection: apsw.Connection, conversation_id: str, now: float) -> bool:
    """See `Store.delete_conversation`."""
    connection.execute(
        "UPDATE conversations SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (now, conversation_id)
    )
    return connection.changes() == 1


def restore_conversation(connection: apsw.Connection, conversation_id: str) -> bool:
    """See `Store.restore_conversation`."""
    connection.execute(
        "UPDATE conversations SET deleted_at = NULL WHERE id = ? AND deleted_at IS NOT NULL AND NOT is_doomed",
        (conversation_id,),
    )
    return connection.changes() == 1


def doom(connection: apsw.Connection, older_than: float) -> None:
    """Begin to purge what was deleted before then: from here on it cannot be restored."""
    connection.execute(_DOOM, (older_than,))


def empty_generations(connection: apsw.Connection) -> int:
    """Take what was said out of some generations of doomed conversations; how many, 0 when there are no more.

    Before their messages go: that changes their rows, and a row is written as a whole, request included.
    """
    chosen: list[int] = []
    room = _BYTES_AT_ONCE
    rows: Iterator[Any] = connection.execute(_TO_EMPTY)
    for seq, size in rows:
        chosen.append(seq)
        room -= size
        if room <= 0:
            break
    connection.execute(
        "UPDATE generations SET request = '', completion = NULL, error = NULL"
        " WHERE seq IN (SELECT value FROM json_each(?))",
        (text_of(chosen),),
    )
    return connection.changes()


def remove_conversations(connection: apsw.Connection) -> int:
    """Remove some of the doomed conversations; how many, 0 when there are no more."""
    chosen = [row[0] for row in connection.execute(_TO_REMOVE)]
    for statement in (
        "DELETE FROM blob_uses WHERE conversation IN (SELECT value FROM json_each(?))",
        "DELETE FROM conversations WHERE id IN (SELECT value FROM json_each(?))",
    ):
        connection.execute(statement, (text_of(chosen),))
    return connection.changes()


def sweep_blobs(connection: apsw.Connection, blobs: Blobs) -> None:
    """Remove the attachments that nothing refers to any more.

    Only after the commit of what referred to them, and within a transaction: who holds the write lock can be sure that
    nobody finds such a file still there and relies on it.
    """
    unused: list[Any] = connection.execute(_UNUSED).fetchall()
    for (name,) in unused:
        blobs.remove(name)
        connection.execute("DELETE FROM blobs WHERE hash = ?", (name,))


def merge_words(connection: apsw.Connection) -> bool:
    """A step towards a full-text index without the words of deleted messages; False when there is nothing left to do.

    https://www.sqlite.org/fts5.html#the_merge_command
    """
    return any([_merge(connection, table) for table in ("message_text", "conversation_titles")])


def _merge(connection: apsw.Connection, table: str) -> bool:
    before = connection.total_changes()
    connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-_MERGE_PAGES,))  # noqa: S608
    return connection.total_changes() - before >= 2


def empty_log(connect: Callable[[], apsw.Connection]) -> None:
    """Bring everything into the file itself; where that cannot be done just now, it is left to the next time.

    Raises `StoreError`.
    """
    connection = connect()
    try:
        connection.set_busy_timeout(_LOG_MILLISECONDS)
        with suppress(apsw.Error):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()
