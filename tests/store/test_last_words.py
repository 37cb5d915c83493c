"""Words are written last in a transaction and indexed many at a time: all of them, and none of what never was."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.messages import Message, TextPart
from chit.core.search import read_query
from chit.errors import StoreError
from chit.store import writes
from chit.store.connection import open_connection
from chit.store.last_words import AT_ONCE
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
    for table in ("waiting_words", "message_text_docsize", "conversation_titles_docsize"):
        assert count(store, table) == 0
    await store.close()


def count(store: SqliteStore, table: str) -> int:
    """Rows of a table."""
    return int(store._read(lambda db: db.execute(f"SELECT count(*) FROM {table}").get))  # noqa: S608 - ours


async def test_words_enter_the_index_many_at_a_time(tmp_path: Path) -> None:
    """They wait in a table until they are many; then the index has each of them once, and none waits."""
    store = open_store(tmp_path)
    first, send = make_send(store, "quagga")
    await store._write(send)
    sent = 1
    while count(store, "message_text_docsize") == 0:
        _, send = make_send(store, f"zebra {sent}")
        await store._write(send)
        sent += 1
        assert sent <= AT_ONCE
    assert sent * 2 >= AT_ONCE > (sent - 1) * 2  # a question and a title each
    assert count(store, "message_text_docsize") == count(store, "conversation_titles_docsize") == sent
    assert count(store, "waiting_words") == 0
    assert await find(store, "quagga") == [first.id]
    await store.close()


async def test_what_waits_is_found_by_whoever_opens_the_history_next(tmp_path: Path) -> None:
    """Words that a process left waiting, and those of another one that is still open, are found at once."""
    first, second = open_store(tmp_path), open_store(tmp_path)
    question, send = make_send(first, "zebra")
    await first._write(send)
    assert count(second, "waiting_words") > 0
    assert await find(second, "zebra") == [question.id]
    later, send = make_send(first, "zebra again")
    await first._write(send)
    await first.close()
    await second.close()
    third = open_store(tmp_path)
    assert await find(third, "zebra") == [later.id, question.id]
    await third.close()


async def test_a_process_indexes_what_others_left_with_its_own(tmp_path: Path) -> None:
    """What waited when a history was opened counts, so that a row of short runs leaves no more waiting than one run."""
    for number in range(AT_ONCE):
        store = open_store(tmp_path)
        _, send = make_send(store, f"zebra {number}")
        await store._write(send)
        left = count(store, "waiting_words")
        await store.close()
        assert left < AT_ONCE
        if left == 0:
            return
    raise AssertionError("nothing was ever indexed")


async def test_words_that_wait_go_with_their_message(tmp_path: Path) -> None:
    """Removing a conversation takes its words and its title out of the table in which they wait."""
    store = open_store(tmp_path)
    question, send = make_send(store, "zebra")
    await store._write(send)

    def remove(db: apsw.Connection) -> None:
        db.execute("DELETE FROM generations WHERE conversation = ?", (question.conversation_id,))
        db.execute("DELETE FROM conversations WHERE id = ?", (question.conversation_id,))

    assert count(store, "waiting_words") == 2
    await store._write(remove)
    assert count(store, "waiting_words") == 0
    await store.close()


async def test_an_index_that_cannot_be_written_keeps_nothing_else_from_being(tmp_path: Path) -> None:
    """On a damaged index words go on waiting and everything else is stored; whoever searches is told."""
    store = open_store(tmp_path)
    _, send = make_send(store, "zebra")
    await store._write(send)
    assert await find(store, "zebra")
    await store._write(lambda db: db.execute("UPDATE message_text_data SET block = x'00' WHERE id > 1"))
    for number in range(AT_ONCE):
        _, send = make_send(store, f"quagga {number}")
        await store._write(send)
    assert count(store, "waiting_words") == 2 * AT_ONCE
    await store.record_setting("name", "value")
    with pytest.raises(StoreError):
        await find(store, "quagga")
    await store.close()


async def test_a_search_does_not_wait_for_another_writer(tmp_path: Path) -> None:
    """While somebody else writes, what is indexed is found, and the page says that there may be more."""
    store, other = open_store(tmp_path), open_connection(tmp_path / "chit.db")
    question, send = make_send(store, "zebra")
    await store._write(send)
    assert await find(store, "zebra") == [question.id]
    later, send = make_send(store, "zebra again")
    await store._write(send)
    other.execute("BEGIN IMMEDIATE")
    page = await store.search(read_query("zebra"), seconds=1.0)
    assert ([each.id for each in page.messages], page.is_complete) == ([question.id], False)
    other.execute("ROLLBACK")
    assert await find(store, "zebra") == [later.id, question.id]
    other.close()
    await store.close()


async def test_a_store_that_is_closed_searches_nothing(tmp_path: Path) -> None:
    """Neither a thread nor a connection is opened for it."""
    store = open_store(tmp_path)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.search(read_query("zebra"))
    assert store._searcher is None


async def test_a_transaction_that_sqlite_gives_up_is_told(tmp_path: Path) -> None:
    """Where indexing takes the whole transaction with it, as on a full disk, who waited for it hears that."""
    store, other = open_store(tmp_path), open_connection(tmp_path / "chit.db")
    other.execute(
        "CREATE TRIGGER full BEFORE DELETE ON waiting_words BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END"
    )
    for number in range(AT_ONCE // 2 - 1):
        _, send = make_send(store, f"zebra {number}")
        await store._write(send)
    question, send = make_send(store, "quagga")
    with pytest.raises(StoreError, match="the disk is full"):
        await store._write(send)
    assert (await store.list_messages(question.conversation_id), count(store, "waiting_words")) == ([], AT_ONCE - 2)
    other.execute("DROP TRIGGER full")
    await store._write(send)
    assert (count(store, "waiting_words"), await find(store, "quagga")) == (0, [question.id])
    other.close()
    await store.close()
