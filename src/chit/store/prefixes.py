"""Where conversations of the local API can go on, by the hash of what was said until then."""

from collections.abc import Sequence

import apsw

from chit.store.protocol import Prefix

_KEEP = "INSERT OR REPLACE INTO api_prefixes (hash, conversation, message) VALUES (?, ?, ?)"
_FIND = """
    SELECT p.conversation, p.message FROM api_prefixes p JOIN conversations c ON c.id = p.conversation
    WHERE p.hash = ? AND c.deleted_at IS NULL AND EXISTS (SELECT 1 FROM messages WHERE id = p.message)
"""


def keep_prefix(connection: apsw.Connection, prefix: str, conversation_id: str, message_id: str | None) -> None:
    """In the place of another message that was reached in the same words. The beginning is not kept."""
    if message_id is not None:
        connection.execute(_KEEP, (prefix, conversation_id, message_id))


def find_prefix(connection: apsw.Connection, prefixes: Sequence[str]) -> Prefix | None:
    """See `Store.find_prefix`."""
    for prefix in prefixes:
        for conversation_id, message_id in connection.execute(_FIND, (prefix,)):
            return Prefix(hash=prefix, conversation_id=conversation_id, message_id=message_id)
    return None
