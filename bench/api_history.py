"""Calls as the local API records them, by the million: made by the very functions that record one."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.api_load import SYSTEM
from bench.api_upstream import COST, make_whole
from bench.search_history import Language
from bench.upstream import MODEL, make_generation_id

if TYPE_CHECKING:
    from chit.core.answer import Answer

_AT_ONCE = 2_000
_DAYS = 365
_STREAM = 400_000


@cache
def make_language() -> Language:
    """Words for all of them; two texts in a million may be alike."""
    return Language(7, stream=_STREAM)


def fill_calls(home: Path, numbers: range, *, total: int, digest: str) -> float:
    """Calls of the token with that hash, all of them settled, over a year; the seconds of CPU that it took."""
    import apsw

    from chit.store.blobs import Blobs
    from chit.store.charges import MANY, count_changed
    from chit.store.connection import open_connection
    from chit.store.home import Home
    from chit.store.last_words import attach, index_many, leave_words

    place = Home(home)
    place.create()
    connection = open_connection(place.database)
    connection.execute("PRAGMA synchronous = OFF")
    attach(connection)
    settle = "INSERT INTO settlements (generation_id, state, settled_cost, settled_pico) VALUES (?, 'settled', ?, ?)"
    settled = (f"{COST:.7f}", round(COST * 10**12))
    blobs, spent = Blobs(place.blobs), 0.0
    for first in range(numbers.start, numbers.stop, _AT_ONCE):
        some = range(first, min(first + _AT_ONCE, numbers.stop))
        calls = list(_make_calls(some, total, digest))
        started = time.process_time()
        with connection:
            connection.executemany(settle, [(make_generation_id(-number - 1), *settled) for number in some])
            for begin, end in calls:
                _record(connection, blobs, begin, end)
            while count_changed(connection, MANY):
                pass
            leave_words(connection)
            index_many(connection)
        spent += time.process_time() - started
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()
    return spent


def _record(connection: Any, blobs: Any, begin: dict[str, Any], end: dict[str, Any]) -> None:
    from chit.store import writes

    writes.record_send(connection, blobs, **begin)
    writes.record_end(connection, blobs, **end)


def _make_calls(numbers: range, total: int, digest: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What `record_send` and `record_end` are given of each."""
    from chit.core.answer import apply_answer
    from chit.core.call import read_turns
    from chit.core.conversation import Conversation, title_from
    from chit.core.generation import Generation
    from chit.core.jsontext import encode_json
    from chit.core.messages import Message
    from chit.core.prefix import extend_prefix, hash_prefixes
    from chit.store.ids import new_id

    language, now = make_language(), time.time()
    for number in numbers:
        at = now - (total - number) * _DAYS * 86_400 / total
        asked, answer = language.text(3.4), _make_answer(number, language.text(4.0))
        wires = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"Question {number}: {asked}"}]
        conversation = Conversation(id=new_id(), title=title_from(asked), origin="api", created_at=at)
        messages: list[Message] = []
        for source, parts, extra in read_turns(wires):
            before = messages[-1].id if messages else None
            messages.append(
                Message(
                    id=new_id(),
                    conversation_id=conversation.id,
                    parent_id=before,
                    source=source,
                    parts=parts,
                    extra=extra,
                    created_at=at,
                )
            )
        actor = Message(
            id=new_id(),
            conversation_id=conversation.id,
            parent_id=messages[-1].id,
            source="actor",
            created_at=at,
        )
        generation = Generation(
            id=new_id(),
            message_id=actor.id,
            conversation_id=conversation.id,
            origin="api",
            token=digest,
            request=encode_json({"model": MODEL, "messages": wires}),
            streamed=False,
            requested_model=MODEL,
            created_at=at,
        )
        ended, told = apply_answer(generation, answer, None), replace(actor, parts=answer.parts)
        prefix = hash_prefixes(digest, wires)[-1]
        yield (
            {
                "conversation": conversation,
                "messages": [*messages, actor],
                "generation": generation,
                "prefix": prefix,
            },
            {
                "generation": ended,
                "message": told,
                "completion": encode_json(answer.completion),
                "now": at,
                "due": at,
                "received_from": 1,
                "prefix": extend_prefix(prefix, told),
            },
        )


def _make_answer(number: int, text: str) -> "Answer":
    from chit.core.answer import judge_body
    from chit.core.jsontext import decode_object, encode_json

    body = decode_object(make_whole().partition(b"\r\n\r\n")[2])
    body["id"] = make_generation_id(-number - 1)
    body["choices"][0]["message"]["content"] = text
    return judge_body(encode_json(body), None)
