"""Ten thousand messages in one branch, and one of 50 MB: nothing recurses, and no work grows beyond what is shown."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.histories import check_whole
from tests.store.samples import a_conversation, a_generation, a_message
from tests.upstream import Exchange, Upstream, opened

from chit.core.messages import TextPart
from chit.store.backup import make_backup
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.restoration import restore
from chit.store.sqlite import SqliteStore, open_store

TURNS = 5_000
PAGE = 30


def fill(home: Home, turns: int, text: str = "Why?") -> tuple[str, str]:
    """One branch of so many questions and replies; its conversation and its last message."""
    home.create()
    connection = open_connection(home.database)
    conversation = a_conversation()
    columns = "id, conversation, parent, source, parts, options, extra, created_at"
    insert = f"INSERT INTO messages ({columns}) VALUES (?, ?, ?, ?, ?, ?, '{{}}', 1)"  # noqa: S608 - of this test
    generate = (
        "INSERT INTO generations (id, message, conversation, origin, streamed, state, reported_cost, reported_pico,"
        " created_at, request) VALUES (?, ?, ?, 'cli', 1, 'done', '0.1', 100000000000, 1, '{}')"
    )
    options = '{"visible_to_user":true,"visible_to_engine":true}'
    before = None
    with connection:
        connection.execute(
            "INSERT INTO conversations (id, title, origin, created_at) VALUES (?, 'Long', 'cli', 1)", (conversation.id,)
        )
        for number in range(turns):
            parts = f'[{{"type":"text","text":"{text} {number}"}}]'
            question, reply = f"{number:08}-question", f"{number:08}-reply"
            connection.execute(insert, (question, conversation.id, before, "user", parts, options))
            connection.execute(insert, (reply, conversation.id, question, "actor", parts, options))
            connection.execute(generate, (f"g{number}", reply, conversation.id))
            before = reply
    connection.close()
    assert before is not None
    return conversation.id, before


async def count_steps(store: SqliteStore, reading: Callable[[], Coroutine[Any, Any, Any]]) -> int:
    """How many hundreds of SQLite's own steps reading takes."""
    steps = 0

    def step() -> bool:
        nonlocal steps
        steps += 1
        return False

    store._reader.set_progress_handler(step, 100)
    await reading()
    store._reader.set_progress_handler(None)
    return steps


async def look(store: SqliteStore, conversation: str, leaf: str) -> list[int]:
    """What each thing costs that a page does to show the end of a conversation."""
    page = [message.id for message in await store.list_messages_page(conversation, leaf, None, PAGE)]
    readings: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: store.list_messages_page(conversation, leaf, None, PAGE),
        lambda: store.list_messages_page(conversation, None, None, PAGE),
        lambda: store.list_messages_page(conversation, None, page[0], PAGE),
        lambda: store.list_versions(page),
        lambda: store.count_children(page),
        lambda: store.find_rendered(page, 1),
        lambda: store.find_generations(page),
        lambda: store.find_generation(leaf),
        lambda: store.get_message(leaf),
        lambda: store.find_newest_under(conversation, leaf),
    ]
    return [await count_steps(store, reading) for reading in readings]


@pytest.mark.long
async def test_a_page_costs_no_more_in_a_huge_conversation(tmp_path: Path) -> None:
    """Showing the end of ten thousand messages takes as many steps as showing that of a hundred."""
    costs = []
    for turns in (50, TURNS):
        home = Home(tmp_path / str(turns))
        conversation, leaf = fill(home, turns)
        store = open_store(home.folder)
        costs.append(await look(store, conversation, leaf))
        (listed,) = await store.list_conversations(None, 60)
        assert listed.cost == Decimal(turns) / 10
        await store.close()
    short, long = costs
    assert all(many <= 2 * few + 10 for few, many in zip(short, long, strict=True)), costs


@pytest.mark.long
async def test_a_huge_conversation_goes_on(tmp_path: Path) -> None:
    """It opens, and all of it is sent with the next question."""
    conversation, _ = fill(Home(tmp_path), TURNS)
    bodies: list[bytes] = []

    async def answer(exchange: Exchange) -> None:
        bodies.append(exchange.request.body)
        await exchange.reply(
            200, b'{"id":"gen-1","choices":[{"message":{"role":"assistant","content":"Yes"},"finish_reason":"stop"}]}'
        )

    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path, model="a/b") as app:
        running = await app.engine.send((TextPart("And?"),), conversation_id=conversation, stream=False)
        await running.wait()
        assert running.error is None
        assert running.message.text == "Yes"
        assert bodies[0].count(b'"role"') == 2 * TURNS + 1
        assert len(await app.store.list_messages(conversation)) == 2 * TURNS + 2


@pytest.mark.long
def test_a_huge_history_is_backed_up_and_deleted(tmp_path: Path) -> None:
    """A backup of it is whole and restores; deleting it for good, messages, replies and all, ends."""
    home = Home(tmp_path / "home")
    conversation, _ = fill(home, TURNS)
    made = make_backup(home)
    assert made.contents is not None
    assert (made.contents.replies, made.contents.cost) == (TURNS, Decimal(TURNS) / 10)
    restore(home, made.path)
    check_whole(home)

    async def forget() -> None:
        store = open_store(home.folder)
        assert await store.delete_conversation(conversation, now=1.0)
        assert await store.purge_deleted(2.0) == 1
        await store.close()

    asyncio.run(forget())
    connection = apsw.Connection(str(home.database))
    assert connection.execute("SELECT count(*) FROM messages").get == 0
    connection.close()


@pytest.mark.long
async def test_a_message_of_50_mb(tmp_path: Path) -> None:
    """It is stored, read, listed, paged and backed up as it is."""
    home = Home(tmp_path / "home")
    store = open_store(home.folder)
    conversation = a_conversation()
    text = "All work and no play. " * (50 * 1024 * 1024 // 22)
    message = a_message(conversation, parts=(TextPart(text),))
    await store.record_send(conversation=conversation, messages=[message], generation=a_generation(message, None))
    (listed,) = await store.list_conversations(None, 60)
    assert listed.id == conversation.id
    for read in (
        await store.get_message(message.id),
        *await store.list_messages_page(conversation.id, None, None, PAGE),
    ):
        assert read.text == text
    await store.close()
    made = make_backup(home)
    assert made.flaws == ()
    assert made.size > len(text)
