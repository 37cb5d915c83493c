"""A stretch of one branch: messages read from a leaf towards the root, however large the rest of the tree."""

from collections.abc import Sequence
from typing import Any

import apsw

from chit.core.messages import Message
from chit.errors import NotFound
from chit.store.reads import find_generations
from chit.store.rows import MESSAGE_COLUMNS, PutBack, read_message, text_of

_PAGE = f"""
    WITH RECURSIVE path (seq, parent, place) AS (
        SELECT seq, parent, 1 FROM messages WHERE id = :last AND conversation = :conversation
        UNION ALL
        SELECT m.seq, m.parent, place + 1 FROM path CROSS JOIN messages m ON m.id = path.parent
        WHERE place < :limit AND m.conversation = :conversation AND m.seq < path.seq)
    SELECT {MESSAGE_COLUMNS} FROM messages WHERE seq IN (SELECT seq FROM path) ORDER BY seq
"""  # noqa: S608 - the columns are ours
"""A parent is always older than what follows it: a damaged tree that runs in a circle ends there."""
_NEWEST = "SELECT id FROM messages WHERE conversation = ? ORDER BY seq DESC LIMIT 1"
_CHILDREN = "SELECT parent, count(*) FROM messages WHERE parent IN (SELECT value FROM json_each(?)) GROUP BY parent"


def list_messages_page(
    connection: apsw.Connection,
    conversation_id: str,
    leaf_id: str | None,
    before_id: str | None,
    limit: int,
    put_back: PutBack,
) -> list[Message]:
    """See `Store.list_messages_page`."""
    if before_id is not None:
        last = _find_parent(connection, conversation_id, before_id)
    elif leaf_id is not None:
        _find_parent(connection, conversation_id, leaf_id)
        last = leaf_id
    else:
        last = connection.execute(_NEWEST, (conversation_id,)).get
    bindings = {"last": last, "conversation": conversation_id, "limit": limit}
    rows: list[Any] = connection.execute(_PAGE, bindings).fetchall()
    generations = find_generations(connection, [row[0] for row in rows], put_back)
    return [read_message(row, generations.get(row[0]), put_back) for row in rows]


def count_children(connection: apsw.Connection, message_ids: Sequence[str]) -> dict[str, int]:
    """See `Store.count_children`."""
    rows: list[Any] = connection.execute(_CHILDREN, (text_of(list(message_ids)),)).fetchall()
    return dict(rows)


def _find_parent(connection: apsw.Connection, conversation_id: str, message_id: str) -> str | None:
    """Of a message that must be in the conversation; of the first one, None."""
    query = "SELECT parent FROM messages WHERE id = ? AND conversation = ?"
    row = connection.execute(query, (message_id, conversation_id)).fetchone()
    if row is None:
        raise NotFound(f"there is no message {message_id} in that conversation", hint="Open the conversation anew.")
    parent: str | None = row[0]
    return parent
