"""Words of messages and titles on their way into the index: written last in a transaction, and indexed many at a time.

The index writes itself out before every statement that could fail halfway: words in between would make it do so for
each. And each time that it does, it adds a segment, which must be merged with others, the more the longer the history:
so words wait in a table of their own until they are many, or until somebody searches. A connection that nobody
attached indexes them at once.
"""

from typing import Literal
from weakref import WeakKeyDictionary

import apsw

Table = Literal["messages", "conversations"]
AT_ONCE = 128
"""Messages and titles that enter the index together: about 3 ms of CPU time."""
_INDEXES: dict[Table, str] = {"messages": "message_text", "conversations": "conversation_titles"}
_WAIT = """
    INSERT OR REPLACE INTO waiting_words (place, seq, words) SELECT '{place}', ?1, ?2
    WHERE EXISTS (SELECT 1 FROM {place} WHERE seq = ?1)
"""
_MOVE = """
    INSERT OR REPLACE INTO {index} (rowid, words) SELECT seq, words FROM waiting_words WHERE place = '{place}'
"""
_attached: WeakKeyDictionary[apsw.Connection, dict[Table, dict[int, str]]] = WeakKeyDictionary()


def attach(connection: apsw.Connection) -> None:
    """From now on every transaction of `connection` must end with `leave_words` and `index_many`.

    What is rolled back is forgotten.
    """
    words: dict[Table, dict[int, str]] = {place: {} for place in _INDEXES}

    def forget() -> None:
        for rows in words.values():
            rows.clear()

    _attached[connection] = words
    connection.set_rollback_hook(forget)


def keep_words(connection: apsw.Connection, place: Table, rows: list[tuple[int, str]]) -> None:
    """Make messages or conversations findable by these, in the place of others."""
    if (words := _attached.get(connection)) is not None:
        words[place].update(rows)
    else:
        connection.executemany(_WAIT.format(place=place), rows)
        index_waiting(connection)


def leave_words(connection: apsw.Connection) -> None:
    """Store all that the transaction has brought, but for rows that are gone again: from here on they wait."""
    for place, rows in _attached.get(connection, {}).items():
        if rows:
            connection.executemany(_WAIT.format(place=place), [*rows.items()])
            rows.clear()


def index_many(connection: apsw.Connection) -> None:
    """Index those that wait, if they are many. Where that fails they go on waiting, and nothing else fails with it."""
    query = "SELECT EXISTS (SELECT 1 FROM waiting_words LIMIT 1 OFFSET ?)"
    if not connection.execute(query, (AT_ONCE - 1,)).get:
        return
    connection.execute("SAVEPOINT words")
    try:
        index_waiting(connection)
    except apsw.Error:
        if not connection.in_transaction:  # SQLite has given it up as a whole, on a full disk say
            raise
        connection.execute("ROLLBACK TO words")
    connection.execute("RELEASE words")


def has_waiting(connection: apsw.Connection) -> bool:
    """Whether something was written that cannot be found yet."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM waiting_words)").get)


def index_waiting(connection: apsw.Connection) -> None:
    """All that wait."""
    for place, index in _INDEXES.items():
        connection.execute(_MOVE.format(place=place, index=index))
    connection.execute("DELETE FROM waiting_words")
