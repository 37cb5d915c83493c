"""The tables of an llm database as far as they are there, and which rows of them belong together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw

from chit.core.attachments import clean_name, make_attachment
from chit.core.media_kind import find_media_kind, is_text
from chit.core.members import DossierInvalid
from chit.core.messages import MediaPart, Part, TextPart
from chit.transfer.zip_reading import MOST_DOCUMENT

Row = Mapping[str, Any]

_NOTE = """
    CREATE TEMP TABLE noted (conversation TEXT NOT NULL, kind TEXT NOT NULL, place INTEGER NOT NULL, moment);
    CREATE TEMP TABLE noted_tools (kind TEXT NOT NULL, response TEXT NOT NULL, place INTEGER NOT NULL);
"""
"""A moment has no type: row numbers of old versions are compared as numbers, and come before ids, which are text."""
_INDEX = """
    CREATE INDEX temp.noted_by_conversation ON noted (conversation, kind, place);
    CREATE INDEX temp.noted_tools_by_response ON noted_tools (kind, response, place);
    CREATE TEMP TABLE conversations_noted AS
        SELECT conversation, max(moment) AS moment FROM noted GROUP BY conversation ORDER BY moment, conversation;
"""
"""Their row numbers, from 1 on, say which was used last."""


class Rows:
    """Over a connection that only reads. Raises `apsw.Error`, and `UnicodeDecodeError` for text that is none."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        query = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        names = [str(row[0]) for row in connection.execute(query)]
        self._columns = {
            name: {str(row[1]) for row in connection.execute("SELECT * FROM pragma_table_info(?)", (name,))}
            for name in names
        }
        self._room = 0
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute(_NOTE)
        self._note()
        connection.execute(_INDEX)

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is such a table with these columns."""
        return table in self._columns and self._columns[table].issuperset(columns)

    def begin_conversation(self) -> None:
        """From here on, rows may take as much as one conversation may."""
        self._room = MOST_DOCUMENT

    def count_conversations(self) -> int:
        """All there are."""
        (count,) = next(self._connection.execute("SELECT count(*) FROM conversations_noted"))
        return int(count)

    def get_conversation(self, number: int) -> str:
        """What llm calls the one with this number; they go from 1 on, and the one that was used last comes last."""
        query = "SELECT conversation FROM conversations_noted WHERE rowid = ?"
        (key,) = next(self._connection.execute(query, (number,)))
        return str(key)

    def read(self, table: str, columns: Sequence[str], rest: str, bindings: Sequence[Any]) -> Iterator[Row]:
        """Rows of a table as `t`, with None for columns that it does not have; nothing where there is no such table.

        `rest` is what follows `FROM`. Raises `DossierInvalid` where a conversation takes too much.
        """
        if table not in self._columns:
            return
        named = ", ".join(f't."{each}"' if each in self._columns[table] else f"NULL AS {each}" for each in columns)
        for values in self._connection.execute(f"SELECT {named} FROM main.{table} t {rest}", tuple(bindings)):  # noqa: S608 - names of ours
            self._room -= sum(len(value) for value in values if isinstance(value, str | bytes))
            if self._room < 0:
                raise DossierInvalid(f"it is larger than {MOST_DOCUMENT // 1024**2} MiB")
            yield dict(zip(columns, values, strict=True))

    def read_noted(self, kind: str, table: str, columns: Sequence[str], key: str) -> Iterator[Row]:
        """The rows of a conversation, in order."""
        rest = "JOIN noted n ON n.place = t.rowid WHERE n.conversation = ? AND n.kind = ? ORDER BY n.moment, t.rowid"
        return self.read(table, columns, rest, (key, kind))

    def read_tools(self, table: str, columns: Sequence[str], response: str) -> Iterator[Row]:
        """The rows of `tool_calls` or `tool_results` that belong to a response."""
        rest = "JOIN noted_tools n ON n.place = t.rowid WHERE n.kind = ? AND n.response = ? ORDER BY t.rowid"
        return self.read(table, columns, rest, (table, response))

    def _note(self) -> None:
        turns = "WHERE id NOT IN (SELECT id FROM main.turns)" if self.has("turns", "id") else ""
        if self.has("responses", "id", "conversation_id"):
            self._note_rows("response", "responses", "coalesce(conversation_id, id)", "id", turns)
        if self.has("turns", "id", "thread_id"):
            self._note_rows("turn", "turns", "thread_id", "id", "WHERE thread_id IS NOT NULL")
        for table in ("logs", "log"):
            if self.has(table, "prompt", "response"):
                chat = "coalesce(chat_id, id)" if self.has(table, "chat_id", "id") else "rowid"
                self._note_rows(table, table, f"'{table}-' || {chat}", "rowid", "")
        for table in ("tool_calls", "tool_results"):
            if self.has(table, "response_id"):
                self._connection.execute(
                    f"INSERT INTO noted_tools SELECT '{table}', response_id, rowid FROM main.{table}"  # noqa: S608 - ours
                    " WHERE response_id IS NOT NULL"
                )

    def _note_rows(self, kind: str, table: str, key: str, moment: str, where: str) -> None:
        self._connection.execute(
            f"INSERT INTO noted SELECT CAST({key} AS TEXT), '{kind}', rowid, {moment} FROM main.{table} {where}"  # noqa: S608 - ours
        )


def read_text(value: Any) -> str:
    """Of a column that should be text."""
    return value if isinstance(value, str) else ""


def read_attachment(row: Row) -> Part:
    """What went along with a prompt. A file that is only named is not looked for: the database may be anybody's."""
    content, url, path = row["content"], row["url"], read_text(row["path"])
    if isinstance(content, bytes) and content:
        kind = find_media_kind(content)
        if kind is not None or is_text(content):
            return make_attachment(content, kind, clean_name(path or f"attachment.{kind.format if kind else 'txt'}"))
        return TextPart(f"[A file of a kind that Chit does not know: {read_text(row['type']) or 'unknown'}]")
    if isinstance(url, str) and url.startswith(("https://", "http://")):
        return MediaPart({"type": "image_url", "image_url": {"url": url}})
    return TextPart(f"[A file that is not in the database: {clean_name(path) if path else 'without a name'}]")
