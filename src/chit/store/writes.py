"""The write operations, each a function of a connection inside a transaction that is already open."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.messages import Message
from chit.core.surrogates import join_surrogates
from chit.core.usage import write_cost
from chit.store.blobs import Blobs
from chit.store.inserts import (
    end_generation,
    insert_conversation,
    insert_generation,
    insert_message,
    open_settlement,
    take_out,
)
from chit.store.prefixes import keep_prefix
from chit.store.protocol import Session
from chit.store.rows import SETTLEMENT_COLUMNS, parts_text, pico_of, read_settlement, text_of
from chit.store.search_index import index_message, index_models, index_new, index_reply, index_settled
from chit.store.shelves import bring_back

_WRITE_REPLY = "UPDATE messages SET parts = ? WHERE id = ? RETURNING seq, created_at"
_DUE = "state = 'pending' AND (next_attempt_at <= :now OR next_attempt_at > :now + 86400)"
"""Due, or due so far ahead that the clock must have jumped (promise G12)."""
_NAMED = "state <> 'settled' AND generation_id IN (SELECT value FROM json_each(:only))"
_CLAIM = f"""
    UPDATE settlements SET leased_by = :owner, leased_until = :now + :lease
    WHERE generation_id IN (
        SELECT generation_id FROM settlements
        WHERE ended_at IS NOT NULL AND {{which}}
            AND (leased_until IS NULL OR leased_until <= :now OR leased_until > :now + 2 * :lease
                OR leased_by IN (SELECT value FROM json_each(:dead)))
        ORDER BY next_attempt_at LIMIT :limit)
    RETURNING {SETTLEMENT_COLUMNS}
"""  # noqa: S608 - the columns are ours
"""A lease that ends later than any lease could was given before the clock jumped. Twice its length, since two processes
that wake together read the clock in one order and may claim in the other."""
_CLAIM_DUE, _CLAIM_NAMED = _CLAIM.format(which=f"({_DUE})"), _CLAIM.format(which=_NAMED)
"""Apart, so that each uses its index."""


def record_send(
    connection: apsw.Connection,
    blobs: Blobs,
    conversation: Conversation | None,
    messages: Sequence[Message],
    generation: Generation,
    prefix: str | None = None,
) -> None:
    """See `Store.record_send`. The last of `messages` is the reply."""
    if conversation is not None:
        insert_conversation(connection, conversation)
    else:
        bring_back(connection, [generation.conversation_id])
    written = [(insert_message(connection, blobs, message), message) for message in messages]
    insert_generation(connection, blobs, generation)
    for (seq, text), message in written:
        if message.id != generation.message_id:
            index_new(connection, seq, message)
        elif message.source != "actor":  # else it is indexed once it is written
            index_models(connection, generation.id)
            index_message(connection, seq, text)
    if prefix is not None:
        keep_prefix(connection, prefix, generation.conversation_id, messages[-1].parent_id)


def record_messages(connection: apsw.Connection, blobs: Blobs, messages: Sequence[Message]) -> None:
    """See `Store.record_messages`."""
    bring_back(connection, [message.conversation_id for message in messages])
    for message in messages:
        seq, _ = insert_message(connection, blobs, message)
        index_new(connection, seq, message)


def record_start(connection: apsw.Connection, row_id: str, generation_id: str) -> None:
    """See `Store.record_start`. An id seen before keeps the settlement it has."""
    generation_id = join_surrogates(generation_id)
    open_settlement(connection, generation_id)
    connection.execute(
        "UPDATE generations SET state = 'streaming', generation_id = ? WHERE id = ?", (generation_id, row_id)
    )


def append_received(connection: apsw.Connection, row_id: str, data: bytes) -> int:
    """See `Store.append_received`. The place of these bytes comes back; it grows with each append."""
    connection.execute("INSERT INTO received_bytes (generation, bytes) VALUES (?, ?)", (row_id, data))
    return connection.last_insert_rowid()


def record_end(
    connection: apsw.Connection,
    blobs: Blobs,
    generation: Generation,
    message: Message,
    *,
    completion: bytes | None,
    now: float,
    due: float,
    received_from: int = 0,
    prefix: str | None = None,
) -> None:
    """See `Store.record_end`. `due` is when a first look for the generation's record is worth while.

    `received_from` is the place of the first received bytes, 0 if that is not known.
    """
    end_generation(connection, blobs, generation, completion=completion, now=now, due=due)
    connection.execute("DELETE FROM received_bytes WHERE seq >= ? AND generation = ?", (received_from, generation.id))
    parts = take_out(connection, blobs, parts_text(message), generation.conversation_id)
    stored: Any = connection.execute(_WRITE_REPLY, (parts, message.id)).fetchone()
    if stored is not None:
        seq, created_at = stored
        if message.created_at != created_at:  # of one that was adopted
            message = replace(message, created_at=created_at)
        _index_reply(connection, seq, message, generation)
        if prefix is not None:
            keep_prefix(connection, prefix, generation.conversation_id, message.id)


def _index_reply(connection: apsw.Connection, seq: int, message: Message, generation: Generation) -> None:
    """An id that was met before may be settled already."""
    query = "SELECT settled_pico FROM settlements WHERE generation_id = ?"
    named = generation.generation_id and join_surrogates(generation.generation_id)
    if named is None or connection.execute(query, (named,)).get is None:
        index_reply(connection, seq, message, generation)
    else:
        index_models(connection, generation.id)
        index_message(connection, seq, message.text)


def adopt(connection: apsw.Connection, dead_owners: Sequence[str], owner: str) -> list[str]:
    """Sign the rows of dead processes as `owner`; their ids come back."""
    adopted: list[str] = []
    for dead in dead_owners:
        rows = connection.execute("UPDATE generations SET owner = ? WHERE owner = ? RETURNING id", (owner, dead))
        adopted += [row[0] for row in rows]
    return adopted


def claim_settlements(
    connection: apsw.Connection,
    *,
    owner: str,
    dead_owners: Sequence[str],
    now: float,
    lease_seconds: float,
    limit: int,
    only: Sequence[str] | None,
) -> list[Settlement]:
    """See `Store.claim_settlements`: one UPDATE, so that two processes never hold the same job."""
    bindings: dict[str, Any] = {
        "owner": owner,
        "dead": text_of(list(dead_owners)),
        "now": now,
        "lease": lease_seconds,
        "limit": limit,
    }
    if only is not None:
        bindings["only"] = text_of([join_surrogates(name) for name in only])
    rows = connection.execute(_CLAIM_DUE if only is None else _CLAIM_NAMED, bindings)
    return [read_settlement(row) for row in rows]


def record_settlement(connection: apsw.Connection, settlement: Settlement) -> bool:
    """See `Store.record_settlement`."""
    info = settlement.info
    cost = info.total_cost if info else None
    pico = pico_of(cost)
    connection.execute(
        "UPDATE settlements SET state = :state, attempts = :attempts, next_attempt_at = :next, record = :record,"
        " settled_cost = :cost, settled_pico = :pico, leased_by = NULL, leased_until = NULL"
        " WHERE generation_id = :id AND state <> 'settled'",
        {
            "id": settlement.generation_id,
            "state": settlement.state,
            "attempts": settlement.attempts,
            "next": settlement.next_attempt_at,
            "record": None if settlement.record is None else text_of(settlement.record),
            "cost": None if cost is None else write_cost(cost),
            "pico": pico,
        },
    )
    is_news = connection.changes() == 1
    if is_news and pico is not None:
        index_settled(connection, settlement.generation_id, pico)
    return is_news


def record_parameters(connection: apsw.Connection, conversation_id: str, parameters: Mapping[str, Any]) -> bool:
    """See `Store.record_parameters`."""
    query = "UPDATE conversations SET parameters = ? WHERE id = ? AND deleted_at IS NULL"
    connection.execute(query, (text_of(parameters), conversation_id))
    return connection.changes() == 1


def record_setting(connection: apsw.Connection, name: str, value: str) -> None:
    """See `Store.record_setting`."""
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))


def record_session(connection: apsw.Connection, session: Session) -> None:
    """See `Store.record_session`."""
    connection.execute("DELETE FROM sessions WHERE expires_at <= ?", (session.created_at,))
    connection.execute(
        "INSERT INTO sessions (hash, label, created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?)",
        (session.hash, join_surrogates(session.label), session.created_at, session.expires_at, session.last_used_at),
    )


def record_session_use(connection: apsw.Connection, digest: str, at: float) -> None:
    """See `Store.record_session_use`."""
    connection.execute("UPDATE sessions SET last_used_at = ? WHERE hash = ?", (at, digest))


def delete_sessions(connection: apsw.Connection, only: str | None) -> list[str]:
    """See `Store.delete_sessions`."""
    where, bindings = ("", ()) if only is None else (" WHERE hash = ?", (only,))
    rows = connection.execute(f"DELETE FROM sessions{where} RETURNING hash", bindings)  # noqa: S608 - ours
    return [row[0] for row in rows]
