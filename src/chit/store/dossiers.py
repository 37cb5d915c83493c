"""Whole conversations: read as of one moment, and added in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import apsw

from chit.core.blob_text import fill_request, list_references
from chit.core.dossier import Dossier, withhold
from chit.core.dossier_merge import DossierConflict, Merge, plan_merge
from chit.core.generation import RUNNING, Generation, Settlement
from chit.core.jsontext import encode_json
from chit.errors import NotFound
from chit.store import inserts, writes
from chit.store.blobs import Blobs
from chit.store.charges import count_changed
from chit.store.dossier_protocol import Added
from chit.store.reads import load_received
from chit.store.rows import (
    BRIEF_GENERATION_COLUMNS,
    CONVERSATION_COLUMNS,
    MESSAGE_COLUMNS,
    SETTLEMENT_COLUMNS,
    read_conversation,
    read_generation,
    read_message,
    read_settlement,
    text_of,
)
from chit.store.search_index import index_message, index_models

FIRST_LOOK = 2.0
"""Seconds until the record of a reply is looked for that still ran when it was exported."""

_LIST = """
    SELECT conversation FROM (
        SELECT conversation, min(seq) AS first FROM generations
        WHERE conversation NOT IN (SELECT id FROM conversations WHERE deleted_at IS NULL) GROUP BY conversation
        ORDER BY first)
    UNION ALL
    SELECT id FROM (SELECT id FROM conversations WHERE deleted_at IS NULL ORDER BY last_seq, seq)
"""
_CONVERSATION = f"SELECT deleted_at, is_doomed, {CONVERSATION_COLUMNS} FROM conversations WHERE id = ?"  # noqa: S608
_MESSAGES = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation = ? ORDER BY seq"  # noqa: S608
_GENERATIONS = f"""
    SELECT g.request, {BRIEF_GENERATION_COLUMNS}
    FROM generations g LEFT JOIN settlements s ON s.generation_id = g.generation_id
    WHERE g.conversation = ? ORDER BY g.seq
"""  # noqa: S608 - the columns are ours
_SETTLEMENTS = f"SELECT {SETTLEMENT_COLUMNS} FROM settlements WHERE generation_id IN (SELECT value FROM json_each(?))"  # noqa: S608


def list_dossiers(connection: apsw.Connection) -> list[str]:
    """See `DossierStore.list_dossiers`."""
    return [str(row[0]) for row in connection.execute(_LIST)]


def load_dossier(connection: apsw.Connection, blobs: Blobs, conversation_id: str) -> Dossier:
    """See `DossierStore.load_dossier`."""
    connection.execute("BEGIN")
    try:
        dossier, deleted_at, _ = _read(connection, blobs, conversation_id)
    finally:
        connection.execute("COMMIT")
    if dossier is None:
        raise NotFound(f"there is no conversation {conversation_id}", hint="It may have been deleted.")
    return dossier if deleted_at is None else withhold(replace(dossier, conversation=None))


def add_dossier(
    connection: apsw.Connection, blobs: Blobs, incoming: Dossier, scrub: Callable[[str], str], now: float
) -> Added:
    """See `DossierStore.add_dossier`."""
    home, deleted_at, is_doomed = _read(connection, blobs, incoming.id)
    if is_doomed and incoming.conversation is not None:
        return Added(conflict="it is just being deleted here; import it again in a moment")
    known = _find_settlements(connection, incoming.generations)
    try:
        merge = plan_merge(home, known, incoming, scrub)
    except DossierConflict as error:
        return Added(conflict=str(error))
    if conflict := _find_strangers(connection, merge):
        return Added(conflict=conflict)
    _write(connection, blobs, incoming, merge, known, now)
    comes_back = deleted_at is not None and incoming.conversation is not None
    if comes_back:
        connection.execute("UPDATE conversations SET deleted_at = NULL WHERE id = ?", (incoming.id,))
    return Added(
        is_new=merge.adds_conversation, changed=comes_back or not merge.is_nothing, messages=len(merge.messages)
    )


def _read(connection: apsw.Connection, blobs: Blobs, conversation_id: str) -> tuple[Dossier | None, float | None, bool]:
    """All there is, deleted or not; since when it is deleted, and whether for good."""
    row = connection.execute(_CONVERSATION, (conversation_id,)).fetchone()
    deleted_at, is_doomed = (row[0], bool(row[1])) if row else (None, False)
    generations, requests = [], []
    for request, *columns in connection.execute(_GENERATIONS, (conversation_id,)):
        requests.append(request)
        generations.append(replace(read_generation(tuple(columns), blobs.put_back), request=request.encode()))
    if row is None and not generations:
        return None, None, False
    messages = [read_message(each, None, blobs.put_back) for each in connection.execute(_MESSAGES, (conversation_id,))]
    dossier = Dossier(
        id=conversation_id,
        conversation=read_conversation(row[2:]) if row else None,
        messages=tuple(messages),
        generations=tuple(generations),
        blobs=_load_blobs(blobs, requests),
        received={each.id: load_received(connection, each.id) for each in generations if each.state in RUNNING},
    )
    return dossier, deleted_at, is_doomed


def _load_blobs(blobs: Blobs, requests: Iterable[str]) -> dict[str, str]:
    names = {name for request in requests for name in list_references(request)}
    return {name: blobs.put_back(b'"\\u0062lob:sha256:%s"' % name.encode())[1:-1].decode() for name in names}


def _find_settlements(connection: apsw.Connection, generations: Iterable[Generation]) -> dict[str, Settlement]:
    names = [each.generation_id for each in generations if each.generation_id is not None]
    found = map(read_settlement, connection.execute(_SETTLEMENTS, (text_of(names),)))
    return {settlement.generation_id: settlement for settlement in found}


def _find_strangers(connection: apsw.Connection, merge: Merge) -> str | None:
    """Why what is new to this conversation cannot be added to it: other conversations have it."""
    for table, ids in (("messages", merge.messages), ("generations", merge.generations)):
        query = f"SELECT 1 FROM {table} WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1"  # noqa: S608 - ours
        if connection.execute(query, (text_of([each.id for each in ids]),)).fetchone():
            return f"{table} in it belong to another conversation here"
    return None


def _write(
    connection: apsw.Connection,
    blobs: Blobs,
    incoming: Dossier,
    merge: Merge,
    known: dict[str, Settlement],
    now: float,
) -> None:
    if merge.adds_conversation and incoming.conversation is not None:
        inserts.insert_conversation(connection, incoming.conversation)
    written = [inserts.insert_message(connection, blobs, message) for message in merge.messages]
    for settlement in merge.settlements:
        _insert_settlement(connection, settlement, is_new=settlement.generation_id not in known)
    for generation in merge.generations:
        whole = replace(generation, request=fill_request(generation.request.decode(), incoming.blobs).encode())
        inserts.insert_generation(connection, blobs, whole)
        completion = None if whole.completion is None else encode_json(whole.completion)
        inserts.end_generation(connection, blobs, whole, completion=completion, now=now, due=now + FIRST_LOOK)
        index_models(connection, whole.id)
    for generation in merge.filled:
        whole = replace(generation, request=fill_request(generation.request.decode(), incoming.blobs).encode())
        _fill_generation(connection, blobs, whole)
    for seq, text in written:
        index_message(connection, seq, text)
    count_changed(connection)


def _fill_generation(connection: apsw.Connection, blobs: Blobs, generation: Generation) -> None:
    """What was said, put back into a row that had lost it with its conversation."""
    place, completion, error = generation.conversation_id, generation.completion, generation.error
    connection.execute(
        "UPDATE generations SET message = ?, request = ?, completion = ?, error = ? WHERE id = ?",
        (
            generation.message_id or None,
            inserts.take_out(connection, blobs, generation.request, place),
            None if completion is None else inserts.take_out(connection, blobs, encode_json(completion), place),
            None if error is None else text_of(error),
            generation.id,
        ),
    )


def _insert_settlement(connection: apsw.Connection, settlement: Settlement, *, is_new: bool) -> None:
    """As it was elsewhere. Of one that is here already, only the outcome is taken."""
    if is_new:
        inserts.open_settlement(connection, settlement.generation_id)
        connection.execute(
            "UPDATE settlements SET ended_at = ? WHERE generation_id = ?",
            (settlement.ended_at, settlement.generation_id),
        )
    writes.record_settlement(connection, settlement)
