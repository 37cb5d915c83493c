"""Words are written last in a transaction: all of them, and none of what did not come to be."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.messages import Message, TextPart
from chit.core.search import read_query
from chit.errors import StoreError
from chit.store import writes
from chit.store.sqlite import SqliteStore, open_store


async def submit(store: SqliteStore, *operations: Callable[[apsw.Connection], Any]) -> list[Any]:
    """Run them in as few transactions as the writer needs; results and errors."""
    return await asyncio.gather(*map(store._write, operations), return_exceptions=True)


def make_send(store: SqliteStore, words: str) -> tuple[Message, Callable[[apsw.Connection], None]]:
    """A question, and the operation that records it."""
    conversation = a_conversation()
    question = a_message(conversation, parts=(TextPart(words),))
    reply = a_message(conversation, source="actor", parent_id=question.id)
    generation = a_generation(reply, store.owner)
    return question, lambda db: writes.record_send(db, store._blobs, conversation, [question, reply], generation)


async def find(store: SqliteStore, words: str) -> list[str]:
    """Ids of the messages found by them."""
    return [each.id for each in (await store.search(read_query(words))).messages]


async def test_what_a_failing_operation_wrote_is_not_kept_for_the_next(tmp_path: Path) -> None:
    """Of a transaction that is rolled back no words stay behind, and its neighbours' are all there."""
    store = open_store(tmp_path)
    good, send_good = make_send(store, "zebra")
    _, send_bad = make_send(store, "quagga")

    def fail(db: apsw.Connection) -> None:
        send_bad(db)
        raise StoreError("on purpose")

    results = await submit(store, send_good, fail)
    assert [type(result) for result in results] == [type(None), StoreError]
    assert (await find(store, "zebra"), await find(store, "quagga")) == ([good.id], [])
    await store.close()


async def test_what_goes_in_the_same_transaction_is_not_made_findable(tmp_path: Path) -> None:
    """A conversation that is sent to and removed before the commit leaves no words in the index."""
    store = open_store(tmp_path)
    question, send = make_send(store, "zebra")

    def send_and_remove(db: apsw.Connection) -> None:
        send(db)
        db.execute("DELETE FROM generations WHERE conversation = ?", (question.conversation_id,))
        db.execute("DELETE FROM conversations WHERE id = ?", (question.conversation_id,))

    await submit(store, send_and_remove)
    left = "SELECT (SELECT count(*) FROM message_text_docsize) + (SELECT count(*) FROM conversation_titles_docsize)"
    assert store._read(lambda db: db.execute(left).get) == 0
    await store.close()
