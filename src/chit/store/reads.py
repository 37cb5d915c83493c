"""The read operations, each a function of a connection."""

from collections.abc import Sequence

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.messages import Message
from chit.core.surrogates import join_surrogates
from chit.errors import NotFound
from chit.store.protocol import Found
from chit.store.rows import (
    CONVERSATION_COLUMNS,
    GENERATION_COLUMNS,
    MESSAGE_COLUMNS,
    SETTLEMENT_COLUMNS,
    PutBack,
    read_conversation,
    read_generation,
    read_message,
    read_settlement,
)

_GENERATIONS = f"""
    SELECT {GENERATION_COLUMNS} FROM generations g LEFT JOIN settlements s ON s.generation_id = g.generation_id
"""  # noqa: S608 - the columns are ours
_SHORT = 8
_LOOK_UPS = (
    ("message", "SELECT id FROM messages WHERE {what} = ? ORDER BY seq DESC LIMIT 2"),
    ("conversation", "SELECT id FROM conversations WHERE {what} = ? ORDER BY seq DESC LIMIT 2"),
    ("generation", "SELECT id FROM generations WHERE {what} = ? ORDER BY seq DESC LIMIT 2"),
)


def find(connection: apsw.Connection, name: str) -> Found | None:
    """See `Store.find`. A short name that fits several things of a kind names none of them."""
    name = join_surrogates(name)  # what the shell passes on need not be text
    row = connection.execute(
        "SELECT id FROM generations WHERE generation_id = ? ORDER BY seq DESC LIMIT 1", (name,)
    ).fetchone()
    if row is not None:
        return Found("generation", row[0])
    for what in ("id", f"substr(id, -{len(name)})")[: 2 if len(name) >= _SHORT else 1]:
        for kind, query in _LOOK_UPS:
            rows = connection.execute(query.format(what=what), (name,)).fetchall()
            if len(rows) == 1:
                return Found(kind, rows[0][0])  # type: ignore[arg-type]
    return None


def get_message(connection: apsw.Connection, message_id: str, put_back: PutBack) -> Message:
    """See `Store.get_message`."""
    row = connection.execute(f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id = ?", (message_id,)).fetchone()  # noqa: S608
    if row is None:
        raise NotFound(
            f"there is no message {message_id}", hint="`chit show` takes the id that `chit ask --json` prints."
        )
    return read_message(row, find_generation(connection, message_id, put_back), put_back)


def get_conversation(connection: apsw.Connection, conversation_id: str) -> Conversation:
    """See `Store.get_conversation`."""
    query = f"SELECT {CONVERSATION_COLUMNS} FROM conversations WHERE id = ?"  # noqa: S608
    row = connection.execute(query, (conversation_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id}", hint="Leave the id out to begin a new one.")
    return read_conversation(row)


def list_messages(connection: apsw.Connection, conversation_id: str, put_back: PutBack) -> list[Message]:
    """See `Store.list_messages`: two queries, however many messages."""
    generations = {g.message_id: g for g in list_generations(connection, conversation_id, put_back)}
    query = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation = ? ORDER BY seq"  # noqa: S608
    rows = connection.execute(query, (conversation_id,))
    return [read_message(row, generations.get(row[0]), put_back) for row in rows]


def find_generation(connection: apsw.Connection, message_id: str, put_back: PutBack) -> Generation | None:
    """See `Store.find_generation`."""
    row = connection.execute(
        f"{_GENERATIONS} WHERE g.message = ? ORDER BY g.seq DESC LIMIT 1", (message_id,)
    ).fetchone()
    return None if row is None else read_generation(row, put_back)


def find_last_reply(connection: apsw.Connection, origin: str) -> str | None:
    """See `Store.find_last_reply`."""
    row = connection.execute(
        "SELECT message FROM generations WHERE origin = ? AND message IS NOT NULL ORDER BY seq DESC LIMIT 1", (origin,)
    ).fetchone()
    return None if row is None else str(row[0])


def get_generation(connection: apsw.Connection, row_id: str, put_back: PutBack) -> Generation:
    """See `Store.get_generation`."""
    row = connection.execute(f"{_GENERATIONS} WHERE g.id = ?", (row_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no generation {row_id}", hint="`chit show` takes a gen-… id as well.")
    return read_generation(row, put_back)


def list_generations(connection: apsw.Connection, conversation_id: str, put_back: PutBack) -> list[Generation]:
    """See `Store.list_generations`."""
    rows = connection.execute(f"{_GENERATIONS} WHERE g.conversation = ? ORDER BY g.seq", (conversation_id,))
    return [read_generation(row, put_back) for row in rows]


def load_received(connection: apsw.Connection, row_id: str) -> bytes:
    """See `Store.load_received`."""
    rows = connection.execute("SELECT bytes FROM received_bytes WHERE generation = ? ORDER BY seq", (row_id,))
    return b"".join(row[0] for row in rows)


def list_owners(connection: apsw.Connection) -> Sequence[str]:
    """The processes that have unfinished generations."""
    return [row[0] for row in connection.execute("SELECT DISTINCT owner FROM generations WHERE owner IS NOT NULL")]


def list_lessees(connection: apsw.Connection) -> Sequence[str]:
    """The processes that hold settlement jobs."""
    query = "SELECT DISTINCT leased_by FROM settlements WHERE state = 'pending' AND leased_by IS NOT NULL"
    return [row[0] for row in connection.execute(query)]


def next_settlement_at(connection: apsw.Connection) -> float | None:
    """See `Store.next_settlement_at`. A leased job is due again when its lease ends."""
    due: float | None = connection.execute(
        "SELECT min(max(next_attempt_at, coalesce(leased_until, 0))) FROM settlements WHERE state = 'pending'"
    ).get
    return due


def list_pending(connection: apsw.Connection) -> list[Settlement]:
    """See `Store.list_pending`."""
    query = f"SELECT {SETTLEMENT_COLUMNS} FROM settlements WHERE state = 'pending' AND ended_at IS NOT NULL"  # noqa: S608
    return [read_settlement(row) for row in connection.execute(query)]


def find_setting(connection: apsw.Connection, name: str) -> str | None:
    """See `Store.find_setting`."""
    value: str | None = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).get
    return value
