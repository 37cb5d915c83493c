"""What was last in use, by short names: for a shell that completes them. Read from a file that may be anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from chit.core.jsontext import decode_json
from chit.errors import StoreError
from chit.store.connection import find_schema, open_unchanged
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.reads import find_setting
from chit.store.schema import STEPS
from chit.store.summaries import list_conversations

_MESSAGES = """
    SELECT m.id, m.source, m.parts FROM (SELECT * FROM messages ORDER BY seq DESC LIMIT :limit) m
    JOIN conversations c ON c.id = m.conversation
    WHERE c.deleted_at IS NULL AND NOT c.private AND m.source IN ('user', 'actor') AND c.origin <> 'api'
    ORDER BY m.seq DESC
"""
_PENDING = """
    SELECT generation_id FROM settlements WHERE state = 'pending' ORDER BY rowid DESC LIMIT :limit
"""
_LIMIT = 200

Named = tuple[str, str]
"""An id, and a few words about it."""


class Recent:
    """One look at the history of a home. Nothing is written, migrated or left behind."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def list_conversations(self) -> list[Named]:
        """The latest in use first, with their titles."""
        return [(each.id, each.title) for each in list_conversations(self._connection, None, _LIMIT)]

    def list_messages(self) -> list[Named]:
        """Questions and replies, the newest first, with what they say."""
        rows = self._connection.execute(_MESSAGES, {"limit": _LIMIT})
        return [(id, f"{'model' if source == 'actor' else 'you'}: {_read_words(parts)}") for id, source, parts in rows]

    def list_pending(self) -> list[Named]:
        """The `gen-…` ids whose costs are not settled, the newest first."""
        return [(row[0], "") for row in self._connection.execute(_PENDING, {"limit": _LIMIT})]

    def find_setting(self, name: str) -> str | None:
        """See `Store.find_setting`."""
        return find_setting(self._connection, name)


@contextmanager
def look_at(folder: Path) -> Iterator[Recent]:
    """Raises `StoreError`: there is no history, or none that this Chit knows."""
    database = Home(folder).database
    connection = open_unchanged(database)
    try:
        if find_schema(connection) != len(STEPS):
            raise StoreError("the history was written by another version")
        yield Recent(connection)
    except apsw.Error as error:
        raise explain_store_error(error, database, connection) from error
    finally:
        connection.close()


def _read_words(parts: str) -> str:
    found = decode_json(parts.encode())
    return " ".join(
        str(part.get("text", "")) for part in found if isinstance(part, dict) and part.get("type") == "text"
    )
