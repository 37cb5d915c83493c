"""Rows as they come into being and end, for what happens now and for what an import brings."""

from typing import Any

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.surrogates import join_surrogates
from chit.store.blobs import Blobs
from chit.store.rows import generation_values, mend_texts, message_values, parts_text, text_of
from chit.store.search_index import index_new_title

_INSERT_CONVERSATION = """
    INSERT INTO conversations (id, title, origin, private, parameters, pinned_at, archived_at, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_MESSAGE = """
    INSERT INTO messages (id, conversation, parent, source, parts, options, extra, created_at)
    VALUES (:id, :conversation, :parent, :source, :parts, :options, :extra, :created_at) RETURNING seq
"""
_INSERT_GENERATION = """
    INSERT INTO generations (id, message, conversation, owner, origin, streamed, state, requested_model, request,
        created_at)
    VALUES (:id, :message, :conversation, :owner, :origin, :streamed, :state, :requested_model, :request, :created_at)
"""
_INSERT_CALL = """
    INSERT INTO token_calls (generation, token) VALUES (?, (SELECT id FROM local_tokens WHERE hash = ?))
"""
_END_GENERATION = """
    UPDATE generations SET owner = NULL, state = :state, generation_id = coalesce(generation_id, :generation_id),
        model = :model, provider = :provider, finish_reason = :finish_reason, reported_cost = :reported_cost,
        reported_pico = :reported_pico, prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens,
        reasoning_tokens = :reasoning_tokens, cached_tokens = :cached_tokens, upstream_cost = :upstream_cost,
        is_byok = :is_byok, time_to_first_token_ms = :time_to_first_token_ms, duration_ms = :duration_ms,
        reasoning_ms = :reasoning_ms, completion = :completion, error = :error
    WHERE id = :id
"""
_END_SETTLEMENT = """
    INSERT INTO settlements (generation_id, ended_at, next_attempt_at) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET ended_at = excluded.ended_at, next_attempt_at = excluded.next_attempt_at
        WHERE state = 'pending' AND ended_at IS NULL
"""


def insert_conversation(connection: apsw.Connection, conversation: Conversation) -> None:
    """With its place on the shelves and its parameters."""
    title = join_surrogates(conversation.title)
    connection.execute(
        _INSERT_CONVERSATION,
        (
            conversation.id,
            title,
            conversation.origin,
            conversation.private,
            text_of(conversation.parameters),
            conversation.pinned_at,
            conversation.archived_at,
            conversation.created_at,
        ),
    )
    index_new_title(connection, connection.last_insert_rowid(), title)


def insert_message(connection: apsw.Connection, blobs: Blobs, message: Message) -> tuple[int, str]:
    """The newest of all. Its place and its text: it is not searchable before it is indexed."""
    parts = take_out(connection, blobs, parts_text(message), message.conversation_id)
    seq: Any = connection.execute(_INSERT_MESSAGE, {**message_values(message), "parts": parts}).get
    return int(seq), message.text


def insert_generation(connection: apsw.Connection, blobs: Blobs, generation: Generation) -> None:
    """As it is sent. `end_generation` adds what it came to. The token that asked for it must be there."""
    connection.execute(
        _INSERT_GENERATION,
        {
            "id": generation.id,
            "message": generation.message_id or None,
            "conversation": generation.conversation_id,
            "owner": generation.owner,
            "origin": generation.origin,
            "streamed": generation.streamed,
            "state": generation.state,
            "requested_model": generation.requested_model and join_surrogates(generation.requested_model),
            "request": take_out(connection, blobs, generation.request, generation.conversation_id),
            "created_at": generation.created_at,
        },
    )
    if generation.token is not None:
        connection.execute(_INSERT_CALL, (connection.last_insert_rowid(), generation.token))


def end_generation(
    connection: apsw.Connection,
    blobs: Blobs,
    generation: Generation,
    *,
    completion: bytes | None,
    now: float,
    due: float,
) -> None:
    """The final row; a settlement that waits for the end becomes due."""
    values = mend_texts(generation_values(generation))
    if (generation_id := values["generation_id"]) is not None:
        connection.execute(_END_SETTLEMENT, (generation_id, now, due))
    stored = None if completion is None else take_out(connection, blobs, completion, generation.conversation_id)
    connection.execute(_END_GENERATION, {**values, "completion": stored})


def open_settlement(connection: apsw.Connection, generation_id: str) -> None:
    """Its job, unless it has one."""
    connection.execute("INSERT INTO settlements (generation_id) VALUES (?) ON CONFLICT DO NOTHING", (generation_id,))


def take_out(connection: apsw.Connection, blobs: Blobs, text: bytes, conversation_id: str) -> str:
    """The text of a column, its large media in files that the conversation uses."""

    def remember(name: str, size: int) -> None:
        connection.execute("INSERT INTO blobs (hash, size) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, size))
        use = (name, conversation_id)
        connection.execute("INSERT INTO blob_uses (hash, conversation) VALUES (?, ?) ON CONFLICT DO NOTHING", use)

    return blobs.take_out(text, remember).decode("utf-8", "replace")
