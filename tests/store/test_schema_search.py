"""An older history becomes searchable when it is opened, and is what one that was searchable all along is."""

from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.said import ask
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.messages import MediaPart, Options, ReasoningPart, TextPart, ToolCallPart
from chit.core.search import read_query
from chit.store import connection as connection_module
from chit.store.connection import open_connection
from chit.store.last_words import index_waiting
from chit.store.schema import STEPS
from chit.store.schema_search import SEARCH
from chit.store.search import search
from chit.store.sqlite import open_store

BEFORE = STEPS.index(SEARCH)
QUERIES = (
    "apple",
    "今",
    "zebra",
    "has:error",
    "model:b",
    "cost:>0.2",
    "from:me",
    "-apple",
    "in:title apple",
    "after:1970",
)


async def fill(folder: Path) -> None:
    """Messages of every kind, in every state."""
    store = open_store(folder)
    asked, _ = await ask(store, "apple", "今天 apple", cost="0.1", settled="0.25", model="a/b")
    await ask(store, "zebra", conversation=asked.conversation, state="failed", requested_model="c/b")
    await ask(store, "half \ud800 \0 apple", "x" * 5_000, cost="0.5")
    place = a_conversation(title="apple of titles")
    parts = (TextPart("ap"), ReasoningPart("zebra"), ToolCallPart("1", "zebra", "{}"), TextPart("ple"))
    media = MediaPart({"type": "text", "text": "zebra"})
    messages = [
        a_message(place, parts=(*parts, media)),
        a_message(place, parts=(TextPart("zebra"),), options=Options(visible_to_user=False)),
        a_message(place, source="client", parts=(TextPart("zebra"),)),
    ]
    await store.record_send(conversation=place, messages=messages, generation=a_generation(messages[0], None))
    await send(store, requested_model="running/b")
    gone, _ = await ask(store, "apple that is deleted", "apple")
    await store.delete_conversation(gone.conversation.id, now=1.0)
    await store.close()


def answers(connection: apsw.Connection) -> list[Any]:
    """What is found."""
    pages = [search(connection, read_query(text), None, 50) for text in QUERIES]
    return [([each.id for each in page.messages], [each.id for each in page.titles]) for page in pages]


async def test_an_older_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its messages and titles are found by words and filters, exactly as if search had been there when they came."""
    await fill(tmp_path)
    connection = open_connection(tmp_path / "chit.db")
    index_waiting(connection)
    always = answers(connection)
    assert all(messages or titles for messages, titles in always)
    connection.execute("DROP TABLE message_text; DROP TABLE conversation_titles; DROP TABLE model_names")
    connection.execute("DROP TRIGGER conversation_titles_forget")
    connection.execute("CREATE VIRTUAL TABLE message_text USING fts5 (text, content='', contentless_delete=1)")
    connection.execute("INSERT INTO message_text (rowid, text) VALUES (1, 'what stood there')")
    connection.pragma("user_version", BEFORE)
    connection.close()
    monkeypatch.setattr(connection_module, "STEPS", STEPS[: BEFORE + 1])
    connection = open_connection(tmp_path / "chit.db")
    assert answers(connection) == always
    for table in ("message_text", "conversation_titles"):
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608 - ours
    assert connection.pragma("integrity_check") == "ok"
    connection.execute("DELETE FROM conversations")
    assert answers(connection) == [([], [])] * len(QUERIES)
    connection.close()
