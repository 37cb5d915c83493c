"""Deleting for good: what is left in the files."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from tests.store.contract import append
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.conversation import Conversation
from chit.core.messages import MediaPart, Part, TextPart
from chit.core.search import read_query
from chit.store import deletion
from chit.store.connection import open_connection
from chit.store.last_words import index_waiting
from chit.store.sqlite import SqliteStore, open_store

LONG = "QUJD" * 2000
OTHER = "REVG" * 2000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store, closed at the end."""
    store = open_store(tmp_path)
    yield store
    await store.close()


async def say(store: SqliteStore, text: str, *media: str) -> Conversation:
    """A conversation whose reply is that text with those attachments; its words stand in every place there is."""
    conversation = a_conversation(title=f"{text} in the title")
    parts: tuple[Part, ...] = (TextPart(text), *(MediaPart({"type": "file", "data": each}) for each in media))
    question = a_message(conversation, parts=parts)
    answer = a_message(conversation, source="actor", parts=(), parent_id=question.id)
    generation = a_generation(answer, store.owner, request=f'{{"said": "{text}"}}'.encode())
    await store.record_send(conversation=conversation, messages=[question, answer], generation=generation)
    await append(store, generation, text.encode())
    ended = replace(generation, state="done", owner=None, completion={"said": text}, error={"raw": text})
    await store.record_end(ended, replace(answer, parts=parts), now=1.0)
    await store.record_rendered(answer.id, 1, f"<p>{text}</p>")
    return conversation


def content(folder: Path) -> bytes:
    """All bytes of the database and its log."""
    return b"".join(path.read_bytes() for path in folder.glob("chit.db*"))


async def test_purged_words_are_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    """After a purge neither the database, its index of words nor its log holds what was said; the rest is there."""
    secret, kept = await say(store, "zanzibarwards"), await say(store, "kilimanjaro")
    assert content(tmp_path).count(b"zanzibarwards") > 5
    assert (await store.search(read_query("zanzibarwards"))).messages  # it is in the index
    await store.delete_conversation(secret.id, now=1.0)
    assert await store.purge_deleted(2.0) == 1
    assert b"zanzibar" not in content(tmp_path)
    connection = open_connection(tmp_path / "chit.db")
    query = "SELECT count(*) FROM message_text WHERE message_text MATCH ?"
    assert connection.execute(query, ("kilimanjaro",)).get == len(await store.list_messages(kept.id)) == 2
    assert connection.execute(query, ("zanzibarwards",)).get == 0
    connection.execute("INSERT INTO message_text (message_text) VALUES ('integrity-check')")
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


async def test_unused_attachments_are_removed(store: SqliteStore, tmp_path: Path) -> None:
    """A file goes with the last conversation that holds it, and comes back when it is sent again."""
    one, two = await say(store, "one", LONG, OTHER), await say(store, "two", LONG)
    blobs = tmp_path / "blobs"
    assert len(list(blobs.iterdir())) == 2
    await store.delete_conversation(one.id, now=1.0)
    assert await store.purge_deleted(2.0) == 1
    (left,) = blobs.iterdir()
    assert left.read_text() == LONG
    await store.delete_conversation(two.id, now=1.0)
    left.unlink()
    assert await store.purge_deleted(2.0) == 1
    connection = open_connection(tmp_path / "chit.db")
    assert connection.execute("SELECT (SELECT count(*) FROM blobs) + (SELECT count(*) FROM blob_uses)").get == 0
    connection.close()
    again = await say(store, "again", LONG)
    assert len(await store.list_messages(again.id)) == 2
    assert [path.read_text() for path in blobs.iterdir()] == [LONG]


async def test_a_purge_that_broke_off_is_made_up_for(store: SqliteStore, tmp_path: Path) -> None:
    """What a purge that was killed half way has left goes with the next one, however old, and cannot be restored."""
    conversation = await say(store, "one", LONG)
    await store.delete_conversation(conversation.id, now=5.0)
    connection = open_connection(tmp_path / "chit.db")
    deletion.doom(connection, 6.0)
    assert not await store.restore_conversation(conversation.id)
    assert connection.execute("SELECT request LIKE '%one%' FROM generations").get
    assert await store.purge_deleted(0.0) == 1
    assert connection.execute("SELECT request FROM generations").get == ""
    connection.close()
    assert not list((tmp_path / "blobs").iterdir())


async def test_attachments_that_were_left_are_removed(store: SqliteStore, tmp_path: Path) -> None:
    """Where a purge was killed before its sweep, the next one sweeps, with nothing to purge."""
    conversation = await say(store, "one", LONG)
    connection = open_connection(tmp_path / "chit.db")
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    connection.execute("DELETE FROM blob_uses")
    connection.close()
    assert await store.purge_deleted(0.0) == 0
    assert not list((tmp_path / "blobs").iterdir())


async def test_a_reply_that_begins_during_a_purge_is_finished(store: SqliteStore, tmp_path: Path) -> None:
    """Its conversation stays until it has ended, and then nothing of what it said is left."""
    conversation, answer, _ = await send(store, state="done")
    await store.delete_conversation(conversation.id, now=1.0)
    connection = open_connection(tmp_path / "chit.db")
    deletion.doom(connection, 2.0)
    late = a_message(conversation, source="actor", parent_id=answer.id)
    generation = a_generation(late, store.owner)
    await store.record_send(conversation=None, messages=[late], generation=generation)
    assert await store.purge_deleted(2.0) == 0
    await store.record_end(replace(generation, state="done", owner=None, completion={"a": 1}), late, now=3.0)
    assert deletion.remove_conversations(connection) == 0
    connection.close()
    assert await store.purge_deleted(2.0) == 1
    left = await store.get_generation(generation.id)
    assert (left.request, left.completion, left.state) == (b"", None, "done")


async def test_many_conversations_go_in_several_transactions(store: SqliteStore) -> None:
    """More than one transaction takes are all purged, those that may not go yet left out."""
    conversations = [(await send(store, state="done"))[0] for _ in range(45)]
    for number, conversation in enumerate(conversations):
        await store.delete_conversation(conversation.id, now=float(number))
    running, _, _ = await send(store)
    await store.delete_conversation(running.id, now=0.0)
    assert await store.purge_deleted(44.0) == 44
    assert await store.restore_conversation(conversations[44].id)
    assert await store.restore_conversation(running.id)


async def test_large_requests_go_in_several_transactions(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many generations a conversation has and however large they are, each is emptied, figures left alone."""
    monkeypatch.setattr(deletion, "_BYTES_AT_ONCE", 250)
    conversation, answer, first = await send(store, request=b"x" * 1000, state="done")
    for _ in range(7):
        generation = a_generation(answer, None, request=b"x" * 100, state="done")
        await store.record_send(conversation=None, messages=[], generation=generation)
    await store.delete_conversation(conversation.id, now=1.0)
    assert await store.purge_deleted(2.0) == 1
    left = await store.list_generations(conversation.id)
    assert len(left) == 8
    assert {(g.request, g.requested_model, g.message_id) for g in left} == {(b"", first.requested_model, "")}


async def test_a_reader_keeps_only_the_log(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody reads, the log cannot be emptied; the purge ends all the same and the next one empties it."""
    monkeypatch.setattr(deletion, "_LOG_MILLISECONDS", 0)
    first, second = await say(store, "zanzibarwards"), await say(store, "kilimanjaro")
    reader = apsw.Connection(str(tmp_path / "chit.db"))
    reader.execute("BEGIN; SELECT count(*) FROM messages")
    await store.delete_conversation(first.id, now=1.0)
    assert await store.purge_deleted(2.0) == 1
    assert b"zanzibarwards" in (tmp_path / "chit.db-wal").read_bytes()
    reader.execute("COMMIT")
    reader.close()
    await store.delete_conversation(second.id, now=1.0)
    assert await store.purge_deleted(2.0) == 1
    assert b"zanzibarwards" not in content(tmp_path)


async def test_words_are_merged_to_an_end(store: SqliteStore, tmp_path: Path) -> None:
    """A step at a time: words are merged until nothing is left to merge, and then there is nothing to do."""
    conversation = await say(store, "zanzibarwards")
    connection = open_connection(tmp_path / "chit.db")
    index_waiting(connection)
    connection.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    steps = 0
    while deletion.merge_words(connection):
        steps += 1
    assert steps > 0
    assert not deletion.merge_words(connection)
    connection.close()
