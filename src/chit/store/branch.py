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
_THESE = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
_NEWEST = "SELECT id FROM messages WHERE conversation = ? ORDER BY seq DESC LIMIT 1"
_CHILDREN = "SELECT parent, count(*) FROM messages WHERE parent IN (SELECT value FROM json_each(?)) GROUP BY parent"

_VERSIONS = """
    WITH asked AS MATERIALIZED (
        SELECT id, conversation, parent FROM messages WHERE id IN (SELECT value FROM json_each(?)))
    SELECT asked.id, m.id, m.seq FROM asked CROSS JOIN messages m
        ON m.parent = asked.parent AND m.conversation = asked.conversation
    UNION ALL
    SELECT asked.id, m.id, m.seq FROM asked CROSS JOIN messages m
        ON asked.parent IS NULL AND m.conversation = asked.conversation AND +m.parent IS NULL
    ORDER BY 3
"""
_NEWEST_UNDER = """
    WITH RECURSIVE under (id, seq) AS (
        SELECT id, seq FROM messages WHERE id = :id AND conversation = :conversation
        UNION ALL
        SELECT m.id, m.seq FROM under CROSS JOIN messages m ON m.parent = under.id
        WHERE m.conversation = :conversation AND m.seq > under.seq)
    SELECT id FROM under ORDER BY seq DESC LIMIT 1
"""
_DOWN_TO = """
    WITH RECURSIVE path (id, parent, seq) AS (
        SELECT id, parent, seq FROM messages WHERE id = :leaf AND conversation = :conversation
        UNION ALL
        SELECT m.id, m.parent, m.seq FROM path CROSS JOIN messages m ON m.id = path.parent
        WHERE path.id <> :id AND m.conversation = :conversation AND m.seq < path.seq)
    SELECT id FROM path ORDER BY seq
"""


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


def find_messages(connection: apsw.Connection, message_ids: Sequence[str], put_back: PutBack) -> dict[str, Message]:
    """See `Store.find_messages`."""
    rows: list[Any] = connection.execute(_THESE, (text_of(list(message_ids)),)).fetchall()
    generations = find_generations(connection, [row[0] for row in rows], put_back)
    return {row[0]: read_message(row, generations.get(row[0]), put_back) for row in rows}


def count_children(connection: apsw.Connection, message_ids: Sequence[str]) -> dict[str, int]:
    """See `Store.count_children`."""
    rows: list[Any] = connection.execute(_CHILDREN, (text_of(list(message_ids)),)).fetchall()
    return dict(rows)


def list_versions(connection: apsw.Connection, message_ids: Sequence[str]) -> dict[str, list[str]]:
    """See `Store.list_versions`."""
    versions: dict[str, list[str]] = {}
    rows: list[Any] = connection.execute(_VERSIONS, (text_of(list(message_ids)),)).fetchall()
    for message_id, version, _ in rows:
        versions.setdefault(message_id, []).append(version)
    return {message_id: found for message_id, found in versions.items() if len(found) > 1}


def find_newest_under(connection: apsw.Connection, conversation_id: str, message_id: str) -> str:
    """See `Store.find_newest_under`."""
    row = connection.execute(_NEWEST_UNDER, {"id": message_id, "conversation": conversation_id}).fetchone()
    if row is None:
        raise _missing(message_id)
    newest: str = row[0]
    return newest


def find_stretch(
    connection: apsw.Connection, conversation_id: str, message_id: str, leaf_id: str, limit: int
) -> tuple[str, int]:
    """See `Store.find_stretch`. Two thirds of the page come before the message, for what led to it."""
    bindings = {"leaf": leaf_id, "id": message_id, "conversation": conversation_id}
    path = [row[0] for row in connection.execute(_DOWN_TO, bindings)]
    if path[:1] != [message_id]:
        raise _missing(message_id)
    if len(path) <= limit:
        return leaf_id, 0
    return path[limit // 3], len(path) - 1 - limit // 3


def _find_parent(connection: apsw.Connection, conversation_id: str, message_id: str) -> str | None:
    """Of a message that must be in the conversation; of the first one, None."""
    query = "SELECT parent FROM messages WHERE id = ? AND conversation = ?"
    row = connection.execute(query, (message_id, conversation_id)).fetchone()
    if row is None:
        raise _missing(message_id)
    parent: str | None = row[0]
    return parent


def _missing(message_id: str) -> NotFound:
    return NotFound(f"there is no message {message_id} in that conversation", hint="Open the conversation anew.")
