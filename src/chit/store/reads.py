"""The read operations, each a function of a connection."""

from collections.abc import Sequence
from typing import Any

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.messages import Message
from chit.core.surrogates import join_surrogates
from chit.errors import NotFound
from chit.store.protocol import Found, Session
from chit.store.rows import (
    BRIEF_GENERATION_COLUMNS,
    CONVERSATION_COLUMNS,
    GENERATION_COLUMNS,
    MESSAGE_COLUMNS,
    SETTLEMENT_COLUMNS,
    PutBack,
    read_conversation,
    read_generation,
    read_message,
    read_settlement,
    text_of,
)

_FROM = "FROM generations g LEFT JOIN settlements s ON s.generation_id = g.generation_id"
_GENERATIONS = f"SELECT {GENERATION_COLUMNS} {_FROM}"
_BRIEFLY = f"SELECT {BRIEF_GENERATION_COLUMNS} {_FROM}"
_SHORT = 8
_KEPT = "conversation NOT IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL)"
_LOOK_UPS = (
    ("conversation", "conversations", "deleted_at IS NULL"),  # first, since they are few
    ("message", "messages", _KEPT),
    ("generation", "generations", f"message IS NOT NULL AND {_KEPT}"),
)
"""What of each kind is not deleted, last."""


def find(connection: apsw.Connection, name: str) -> Found | None:
    """See `Store.find`. A short name that fits several things of a kind names none of them, deleted ones left out."""
    name = join_surrogates(name)  # what the shell passes on need not be text
    row = connection.execute(
        "SELECT id FROM generations WHERE generation_id = ? ORDER BY seq DESC LIMIT 1", (name,)
    ).fetchone()
    if row is not None:
        return Found("generation", row[0])
    for is_short in (False, True)[: 2 if len(name) >= _SHORT else 1]:
        for kind, table, kept in _LOOK_UPS:
            which = "id = ?"
            if is_short:  # the inner query reads the index of ids alone
                which = f"id IN (SELECT id FROM {table} WHERE substr(id, -{len(name)}) = ?) AND {kept}"  # noqa: S608
            rows = connection.execute(f"SELECT id FROM {table} WHERE {which} LIMIT 2", (name,)).fetchall()  # noqa: S608
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
    query = f"SELECT {CONVERSATION_COLUMNS}, deleted_at IS NULL FROM conversations WHERE id = ?"  # noqa: S608
    row = connection.execute(query, (conversation_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id}", hint="Leave the id out to begin a new one.")
    *columns, is_kept = row
    if not is_kept:
        raise NotFound(
            f"the conversation {conversation_id} was deleted", hint="For a while it can still be brought back."
        )
    return read_conversation(tuple(columns))


def list_messages(connection: apsw.Connection, conversation_id: str, put_back: PutBack) -> list[Message]:
    """See `Store.list_messages`: two queries, however many messages."""
    written = connection.execute(f"{_BRIEFLY} WHERE g.conversation = ? ORDER BY g.seq", (conversation_id,))
    generations = {g.message_id: g for g in (read_generation(row, put_back) for row in written)}
    query = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation = ? ORDER BY seq"  # noqa: S608
    rows = connection.execute(query, (conversation_id,))
    return [read_message(row, generations.get(row[0]), put_back) for row in rows]


def find_generation(connection: apsw.Connection, message_id: str, put_back: PutBack) -> Generation | None:
    """See `Store.find_generation`."""
    row = connection.execute(
        f"{_GENERATIONS} WHERE g.message = ? ORDER BY g.seq DESC LIMIT 1", (message_id,)
    ).fetchone()
    return None if row is None else read_generation(row, put_back)


def find_generations(
    connection: apsw.Connection, message_ids: Sequence[str], put_back: PutBack
) -> dict[str, Generation]:
    """See `Store.find_generations`."""
    query = f"{_BRIEFLY} WHERE g.message IN (SELECT value FROM json_each(?)) ORDER BY g.seq"  # noqa: S608
    rows = connection.execute(query, (text_of(list(message_ids)),))
    return {g.message_id: g for g in (read_generation(row, put_back) for row in rows)}


def find_last_reply(connection: apsw.Connection, origin: str) -> str | None:
    """See `Store.find_last_reply`."""
    row = connection.execute(
        "SELECT message FROM generations WHERE origin = ? AND message IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM conversations WHERE conversations.id = generations.conversation AND private)"
        " ORDER BY seq DESC LIMIT 1",
        (origin,),
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


_SESSIONS = "SELECT hash, label, created_at, expires_at, last_used_at FROM sessions"


def find_session(connection: apsw.Connection, digest: str) -> Session | None:
    """See `Store.find_session`."""
    return next((_read_session(row) for row in connection.execute(f"{_SESSIONS} WHERE hash = ?", (digest,))), None)


def list_sessions(connection: apsw.Connection) -> list[Session]:
    """See `Store.list_sessions`."""
    return [_read_session(row) for row in connection.execute(f"{_SESSIONS} ORDER BY created_at, hash")]


def _read_session(row: tuple[Any, ...]) -> Session:
    digest, label, created_at, expires_at, last_used_at = row
    return Session(hash=digest, label=label, created_at=created_at, expires_at=expires_at, last_used_at=last_used_at)
