"""Words of messages and titles on their way into the index: written last in a transaction, and indexed many at a time.

The index writes itself out before every statement that could fail halfway: words in between would make it do so for
each. And each time that it does, it adds a segment, which must be merged with others, the more the longer the history:
so words wait in a table of their own until they are many, or until somebody searches. A connection that nobody
attached indexes them at once.
"""

from typing import Any, Literal
from weakref import WeakKeyDictionary

import apsw

Table = Literal["messages", "conversations"]
AT_ONCE = 128
"""Messages and titles that enter the index together: about 3 ms of CPU time."""
_INDEXES: dict[Table, str] = {"messages": "message_text", "conversations": "conversation_titles"}
_KEEP = "INSERT OR REPLACE INTO {index} (rowid, words) VALUES (?, ?)"
_WAIT = "INSERT OR REPLACE INTO waiting_words (place, seq, words) VALUES (?, ?, ?)"
_MOVE = """
    INSERT OR REPLACE INTO {index} (rowid, words)
    SELECT seq, words FROM waiting_words JOIN {place} USING (seq) WHERE place = '{place}'
"""


class _Words:
    """Those of one connection's transaction under way, and how many of earlier ones it knows to wait."""

    def __init__(self, waiting: int) -> None:
        self.rows: dict[tuple[Table, int], str] = {}
        self.waiting = waiting


_attached: WeakKeyDictionary[apsw.Connection, _Words] = WeakKeyDictionary()


def attach(connection: apsw.Connection) -> None:
    """From now on every transaction of `connection` must end with `leave_words` and `index_many`.

    What is rolled back is forgotten.
    """
    waiting: Any = connection.execute("SELECT count(*) FROM waiting_words").get
    words = _attached[connection] = _Words(waiting)
    connection.set_rollback_hook(words.rows.clear)


def leave_words(connection: apsw.Connection) -> None:
    """Store all that the transaction has brought: from here on they wait, whatever happens."""
    words = _attached.get(connection)
    if words is not None and words.rows:
        connection.executemany(_WAIT, [(table, seq, text) for (table, seq), text in words.rows.items()])
        words.waiting += len(words.rows)
        words.rows.clear()


def index_many(connection: apsw.Connection) -> None:
    """Index those that wait, if they are many."""
    words = _attached.get(connection)
    if words is not None and words.waiting >= AT_ONCE:
        index_waiting(connection)
        words.waiting = 0


def has_waiting(connection: apsw.Connection) -> bool:
    """Whether something was written that cannot be found yet."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM waiting_words)").get)


def index_waiting(connection: apsw.Connection) -> bool:
    """All that wait; none of rows that are gone again. False: none is left."""
    for place, index in _INDEXES.items():
        connection.execute(_MOVE.format(place=place, index=index))
    connection.execute("DELETE FROM waiting_words")
    return False


def keep_words(connection: apsw.Connection, table: Table, rows: list[tuple[int, str]]) -> None:
    """Make messages or conversations findable by these, in the place of others."""
    if (words := _attached.get(connection)) is not None:
        words.rows.update({(table, seq): text for seq, text in rows})
    else:
        connection.executemany(_KEEP.format(index=_INDEXES[table]), rows)
