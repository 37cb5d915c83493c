"""The HTML that messages were rendered to, kept so that a long conversation opens at once. Can always be made anew."""

from collections.abc import Sequence
from typing import Any

import apsw

from chit.core.surrogates import join_surrogates
from chit.store.rows import text_of

_FIND = "SELECT message, html FROM rendered WHERE version = ? AND message IN (SELECT value FROM json_each(?))"
_RECORD = """
    INSERT OR REPLACE INTO rendered (message, version, html)
    SELECT id, :version, :html FROM messages WHERE id = :message AND NOT EXISTS (
        SELECT 1 FROM generations WHERE generations.message = messages.id AND state IN ('sent', 'streaming'))
    AND NOT (SELECT private FROM conversations WHERE conversations.id = messages.conversation)
"""


def find_rendered(connection: apsw.Connection, message_ids: Sequence[str], version: int) -> dict[str, str]:
    """See `Store.find_rendered`."""
    rows: list[Any] = connection.execute(_FIND, (version, text_of(list(message_ids)))).fetchall()
    return dict(rows)


def record_rendered(connection: apsw.Connection, message_id: str, version: int, html: str) -> None:
    """See `Store.record_rendered`. That the parts have changed is minded by a trigger."""
    connection.execute(_RECORD, {"message": message_id, "version": version, "html": join_surrogates(html)})
