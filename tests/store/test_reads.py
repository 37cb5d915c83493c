"""The read operations: what a list of many costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.samples import a_conversation, a_generation, a_message

from chit.store import reads, writes
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.home import Home


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A connection to an empty database."""
    home = Home(tmp_path / "home")
    home.create()
    connection = open_connection(home.database)
    yield connection
    connection.close()


def test_a_conversation_takes_two_queries(connection: apsw.Connection, tmp_path: Path) -> None:
    """However many messages and generations it has, a conversation is read with two statements."""
    blobs = Blobs(tmp_path)
    conversation = a_conversation()
    messages = [a_message(conversation) for _ in range(20)]
    writes.record_send(connection, blobs, conversation, messages, a_generation(messages[0], "owner"))
    for message in messages[1:]:
        writes.record_send(connection, blobs, None, [], a_generation(message, "owner"))
    statements: list[str] = []

    def note(cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        statements.append(sql)
        return True

    connection.exec_trace = note
    assert [m.id for m in reads.list_messages(connection, conversation.id, blobs.put_back)] == [m.id for m in messages]
    assert len(statements) == 2


def test_signatures_are_listed_once(connection: apsw.Connection, tmp_path: Path) -> None:
    """Each owner of unfinished rows and each holder of a lease is named once; who has neither is not."""
    blobs = Blobs(tmp_path)
    conversation = a_conversation()
    message = a_message(conversation)
    writes.record_send(connection, blobs, conversation, [message], a_generation(message, "one"))
    for owner in ("one", "two", None):
        writes.record_send(connection, blobs, None, [], a_generation(message, owner))
    for number in range(3):
        generation = a_generation(message, None, generation_id=f"gen-{number}")
        writes.record_end(connection, blobs, generation, message, completion=None, now=1, due=1)
    writes.claim_settlements(connection, owner="three", dead_owners=[], now=1.0, lease_seconds=9.0, limit=2, only=None)
    assert sorted(reads.list_owners(connection)) == ["one", "two"]
    assert reads.list_lessees(connection) == ["three"]
