"""What a transaction writes last, once for all of its operations: the words they made findable, and the sums.

The index of words writes itself out before every statement that could fail halfway, and sums are the same few rows for
most calls, so each is written once a commit, however many operations are in it. A connection that nobody attached
writes everything at once.
"""

from typing import Any
from weakref import WeakKeyDictionary

import apsw

from chit.store.charges import count_changed
from chit.store.rows import text_of
from chit.store.schema_search import KEEP_TITLE, KEEP_WORDS

_KEEP = {"messages": f"{KEEP_WORDS} VALUES (?, ?)", "conversations": f"{KEEP_TITLE} VALUES (?, ?)"}
_EXISTING = "SELECT seq FROM {table} WHERE seq IN (SELECT value FROM json_each(?))"
_attached: "WeakKeyDictionary[apsw.Connection, LastWrites]" = WeakKeyDictionary()


class LastWrites:
    """Of the one transaction that a connection has open."""

    def __init__(self) -> None:
        self.words: dict[str, dict[int, str]] = {table: {} for table in _KEEP}
        self.changed: dict[str, None] = {}
        """Names of generations whose charge may have changed."""

    def attach(self, connection: apsw.Connection) -> None:
        """From now on the transactions of `connection` end with `write`, and begin with `clear`."""
        _attached[connection] = self

    def clear(self) -> None:
        """Forget what a transaction left that was rolled back."""
        self.changed.clear()
        for words in self.words.values():
            words.clear()

    def write(self, connection: apsw.Connection) -> None:
        """Everything; of rows that are gone again, nothing."""
        if self.changed:
            count_changed(connection, first=tuple(self.changed))
        for table, words in self.words.items():
            if words:
                rows: list[Any] = connection.execute(_EXISTING.format(table=table), (text_of([*words]),)).fetchall()
                connection.executemany(_KEEP[table], [(seq, words[seq]) for (seq,) in rows])


def keep_words(connection: apsw.Connection, table: str, seq: int, words: str) -> None:
    """Make a message or a conversation findable by these, in the place of others."""
    if (last := _attached.get(connection)) is not None:
        last.words[table][seq] = words
    else:
        connection.execute(_KEEP[table], (seq, words))


def count_charge(connection: apsw.Connection, name: str) -> None:
    """Bring the sums up to date with the generation of that name, our id or a `gen-…` one."""
    if (last := _attached.get(connection)) is not None:
        last.changed[name] = None
    else:
        count_changed(connection, first=(name,))
