"""Words of messages and titles on their way into the index: written last in a transaction, all at once.

The index writes itself out before every statement that could fail halfway: words in between would make it do so for
each. A connection that nobody attached writes them at once.
"""

from typing import Any, Literal
from weakref import WeakKeyDictionary

import apsw

from chit.store.rows import text_of

Table = Literal["messages", "conversations"]
_KEEP: dict[Table, str] = {
    "messages": "INSERT OR REPLACE INTO message_text (rowid, words) VALUES (?, ?)",
    "conversations": "INSERT OR REPLACE INTO conversation_titles (rowid, words) VALUES (?, ?)",
}
_EXISTING = "SELECT seq FROM {table} WHERE seq IN (SELECT value FROM json_each(?))"
_attached: WeakKeyDictionary[apsw.Connection, dict[Table, dict[int, str]]] = WeakKeyDictionary()


def attach(connection: apsw.Connection) -> None:
    """From now on every transaction of `connection` must end with `write_words`; what is rolled back is forgotten."""
    waiting: dict[Table, dict[int, str]] = {table: {} for table in _KEEP}

    def forget() -> None:
        for words in waiting.values():
            words.clear()

    _attached[connection] = waiting
    connection.set_rollback_hook(forget)


def write_words(connection: apsw.Connection) -> None:
    """All that wait; none of rows that are gone again."""
    for table, words in _attached.get(connection, {}).items():
        if words:
            found: list[Any] = connection.execute(_EXISTING.format(table=table), (text_of([*words]),)).fetchall()
            connection.executemany(_KEEP[table], [(seq, words[seq]) for (seq,) in found])
            words.clear()


def keep_words(connection: apsw.Connection, table: Table, rows: list[tuple[int, str]]) -> None:
    """Make messages or conversations findable by these, in the place of others."""
    if (waiting := _attached.get(connection)) is not None:
        waiting[table].update(rows)
    else:
        connection.executemany(_KEEP[table], rows)
