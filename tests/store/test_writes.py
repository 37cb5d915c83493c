"""The write operations, seen from SQL."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.contract import settled
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.conversation import Conversation
from chit.core.messages import MediaPart, Message, TextPart
from chit.core.usage import Usage
from chit.store import writes
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.reads import get_generation

LONG = "QUJD" * 2000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def blobs(home: Home) -> Blobs:
    """Its blobs."""
    return Blobs(home.blobs)


@pytest.fixture
def connection(home: Home) -> Iterator[apsw.Connection]:
    """A connection to its database, current and empty."""
    connection = open_connection(home.database)
    yield connection
    connection.close()


def matches(connection: apsw.Connection, words: str) -> list[int]:
    """Positions of the messages whose text has these words."""
    return [row[0] for row in connection.execute("SELECT rowid FROM message_text WHERE message_text MATCH ?", (words,))]


def store_messages(connection: apsw.Connection, blobs: Blobs, *texts: str) -> tuple[Conversation, list[Message]]:
    """A conversation of these messages, each the parent of the next."""
    conversation = a_conversation()
    messages: list[Message] = []
    for text in texts:
        parent = messages[-1].id if messages else None
        messages.append(a_message(conversation, parts=(TextPart(text),) if text else (), parent_id=parent))
    writes.record_send(connection, blobs, conversation, messages, a_generation(messages[-1], "owner"))
    return conversation, messages


def test_the_text_of_a_message_can_be_searched(connection: apsw.Connection, blobs: Blobs) -> None:
    """A question is indexed when it is sent and an answer when it ended; a message without text is not."""
    _, (_, answer) = store_messages(connection, blobs, "why is the sky blue", "")
    assert matches(connection, "sky") == [1]
    generation = a_generation(answer, "owner", id="row")
    writes.record_send(connection, blobs, None, [], generation)
    for text in ("scattering \ud800 of light", "rayleigh scattering"):
        ended = replace(answer, parts=(TextPart(text),))
        writes.record_end(connection, blobs, replace(generation, state="done"), ended, completion=None, now=1, due=3)
    assert matches(connection, "rayleigh") == [2]
    assert matches(connection, "light") == []


def test_an_answer_that_became_empty_is_not_found(connection: apsw.Connection, blobs: Blobs) -> None:
    """When a message is recorded again without text, its old words are gone from the index."""
    _, (answer,) = store_messages(connection, blobs, "old words")
    ended = a_generation(answer, None, state="cut")
    writes.record_end(connection, blobs, ended, replace(answer, parts=()), completion=None, now=1, due=3)
    assert matches(connection, "words") == []


def test_deleted_messages_cannot_be_found(connection: apsw.Connection, blobs: Blobs) -> None:
    """With a conversation its messages and their words go; its generations, and so its costs, stay."""
    conversation, _ = store_messages(connection, blobs, "one word", "another word")
    kept, _ = store_messages(connection, blobs, "word kept")
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    assert matches(connection, "word") == [3]
    assert connection.execute("SELECT count(*) FROM messages WHERE conversation <> ?", (kept.id,)).get == 0
    assert connection.execute("SELECT count(*) FROM generations").get == 2
    row_id = connection.execute("SELECT id FROM generations WHERE message IS NULL").get
    assert get_generation(connection, row_id, blobs.put_back).message_id == ""


def test_a_long_conversation_can_be_deleted(connection: apsw.Connection, blobs: Blobs) -> None:
    """Two thousand turns go at once, though each hangs on the one before."""
    conversation, _ = store_messages(connection, blobs, *["turn"] * 2000)
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    assert connection.execute("SELECT count(*) FROM messages").get == 0
    assert matches(connection, "turn") == []


def test_a_message_needs_its_parent(connection: apsw.Connection, blobs: Blobs) -> None:
    """A message cannot hang on one that does not exist, nor outlive it."""
    conversation = a_conversation()
    orphan = a_message(conversation, parent_id="nobody")
    connection.execute("BEGIN")
    writes.record_send(connection, blobs, conversation, [orphan], a_generation(orphan, "owner"))
    with pytest.raises(apsw.ConstraintError):
        connection.execute("COMMIT")
    connection.execute("ROLLBACK")
    _, (first, _) = store_messages(connection, blobs, "a", "b")
    with pytest.raises(apsw.ConstraintError):
        connection.execute("DELETE FROM messages WHERE id = ?", (first.id,))


def test_large_media_is_stored_once(connection: apsw.Connection, blobs: Blobs, home: Home) -> None:
    """Media that stands in request, message and completion is one file and one row, and none of it is in the tables."""
    conversation = a_conversation()
    media = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LONG}"}}
    message = a_message(conversation, parts=(MediaPart(media),))
    request = b'{"messages": ["%b"]}' % LONG.encode()
    generation = a_generation(message, "owner", request=request)
    writes.record_send(connection, blobs, conversation, [message], generation)
    completion = b'{"images":["%b"]}' % LONG.encode()
    writes.record_end(connection, blobs, generation, message, completion=completion, now=1, due=3)
    (path,) = home.blobs.iterdir()
    assert connection.execute("SELECT hash, size FROM blobs").fetchall() == [(path.name, len(LONG))]
    sizes = connection.execute(
        "SELECT max(length(parts)), max(length(request)), max(length(completion)) FROM messages, generations"
    ).fetchone()
    assert sizes is not None
    assert max(sizes) < 300
    stored = get_generation(connection, generation.id, blobs.put_back)
    assert (stored.request, stored.completion) == (request, {"images": [LONG]})


def test_costs_are_text_and_pico_dollars(connection: apsw.Connection, blobs: Blobs) -> None:
    """A cost is kept as plain decimal text, with the integer for sums beside it; unknown is NULL in both."""
    _, (answer,) = store_messages(connection, blobs, "x")
    for number, cost in enumerate((Decimal("1.98E-5"), None)):
        row = a_generation(answer, None, id=f"row-{number}", generation_id=f"gen-{number}", usage=Usage(cost=cost))
        writes.record_send(connection, blobs, None, [], row)
        writes.record_end(connection, blobs, row, answer, completion=None, now=1, due=3)
    writes.record_settlement(connection, settled("gen-0", total_cost=1.98e-05))
    writes.record_settlement(connection, settled("gen-1", total_cost=None))
    query = """SELECT reported_cost, reported_pico, settled_cost, settled_pico
        FROM generations JOIN settlements USING (generation_id) ORDER BY generation_id"""
    assert connection.execute(query).fetchall() == [
        ("0.0000198", 19_800_000, "0.0000198", 19_800_000),
        (None, None, None, None),
    ]


def test_the_end_of_a_deleted_message_keeps_its_cost(connection: apsw.Connection, blobs: Blobs) -> None:
    """A generation whose message is gone meanwhile ends all the same, and its figures stay."""
    conversation, (answer,) = store_messages(connection, blobs, "x")
    row = a_generation(answer, "owner")
    writes.record_send(connection, blobs, None, [], row)
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    ended = replace(row, state="done", usage=Usage(cost=Decimal("0.1")))
    writes.record_end(connection, blobs, ended, answer, completion=None, now=1, due=3)
    assert get_generation(connection, row.id, blobs.put_back).usage.cost == Decimal("0.1")
    assert matches(connection, "x") == []


@pytest.mark.parametrize("only", [None, ["gen-1"]])
def test_claims_use_an_index(connection: apsw.Connection, only: list[str] | None) -> None:
    """Neither kind of claim reads the whole table of settlements, which only grows."""
    asked: list[tuple[str, Any]] = []

    def note(cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        asked.append((sql, bindings))
        return True

    connection.exec_trace = note
    writes.claim_settlements(connection, owner="me", dead_owners=["x"], now=1.0, lease_seconds=1.0, limit=1, only=only)
    connection.exec_trace = None
    ((sql, bindings),) = asked
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)]
    of_settlements = [step for step in plan if "settlements" in step]
    assert of_settlements
    assert all("USING" in step for step in of_settlements)
