"""Histories to back up, restore and migrate: with a bit of everything, and a mark by which one is known again."""

import asyncio
from pathlib import Path
from typing import Any

import apsw
from tests.store.contract import append, claim, run_to_end, settled
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.messages import MediaPart
from chit.store.examination import examine
from chit.store.home import Home
from chit.store.protocol import Integrity
from chit.store.schema import STEPS
from chit.store.sqlite import open_store


def fill(home: Home, mark: str) -> None:
    """A settled generation and a pending one, a running one with its bytes, an attachment of its own, a browser."""
    asyncio.run(_fill(home, mark))


async def _fill(home: Home, mark: str) -> None:
    store = open_store(home.folder)
    await store.record_setting("mark", mark)
    await run_to_end(store, f"gen-{mark}-1")
    await claim(store, 1000.0)
    await store.record_settlement(settled(f"gen-{mark}-1"))
    await run_to_end(store, f"gen-{mark}-2", now=500.0)
    _, _, running = await send(store)
    await store.record_start(running, f"gen-{mark}-3")
    assert await append(store, running, b"some ", mark.encode()) == [None, None]
    conversation = a_conversation()
    media = mark.encode().hex().upper() * 4096
    message = a_message(conversation, parts=(MediaPart({"type": "image_url", "url": media}),))
    generation = a_generation(message, None, state="failed")
    await store.record_send(conversation=conversation, messages=[message], generation=generation)
    await store.close()
    database = apsw.Connection(str(home.database))
    database.execute("INSERT INTO sessions VALUES (?, 'Firefox', 1, 9e9, 1)", (mark,))
    database.close()


def read_mark(home: Home) -> str | None:
    """By which history is in the home, as Chit itself opens it."""
    store = open_store(home.folder)
    try:
        mark: str | None = store._read(lambda db: db.execute("SELECT value FROM settings WHERE name = 'mark'").get)
        return mark
    finally:
        asyncio.run(store.close())


def check_whole(home: Home) -> None:
    """Pages, rows and attachments."""
    found = examine(home)
    assert found is not None
    assert found.integrity == Integrity()


_FIRST_ROWS = """
    INSERT INTO settings VALUES ('mark', 'first');
    INSERT INTO conversations (id, title, origin, created_at) VALUES ('c1', 'Why?', 'cli', 1), ('c2', 'Gone', 'web', 2);
    UPDATE conversations SET deleted_at = 5 WHERE id = 'c2';
    INSERT INTO settlements VALUES ('gen-1', 'settled', 1, 3, NULL, NULL, NULL, '0.1', 100000000000, '{}');
    INSERT INTO settlements VALUES ('gen-2', 'pending', 2, 3, 9, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO blobs VALUES (:hash, 5000);
    INSERT INTO blob_uses VALUES (:hash, 'c1');
    INSERT INTO local_tokens VALUES ('digest', 'editor', '{}', 1, NULL);
    INSERT INTO sessions VALUES ('digest', 'Firefox', 1, 9e9, 1);
    INSERT INTO received_bytes (generation, bytes) VALUES ('g9', x'6162');
"""
_MESSAGE = """
    INSERT INTO messages (id, conversation, parent, source, parts, options, extra, created_at)
    VALUES (?, 'c1', ?, ?, ?, '{"visible_to_user":true,"visible_to_engine":true}', '{}', 1.5)
"""
_GENERATION = """
    INSERT INTO generations (id, message, conversation, owner, origin, streamed, state, generation_id, requested_model,
        model, reported_cost, reported_pico, prompt_tokens, completion_tokens, created_at, completion, request)
    VALUES (?, ?, 'c1', ?, 'cli', 1, ?, ?, 'author/slug', 'author/slug', '0.1', 100000000000, 3, 4, 2.5, '{}', '{}')
"""


def make_first(database: Path, turns: int = 40) -> None:
    """A file as the first step alone made it, filled by hand: what writes rows knows later columns."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = apsw.Connection(str(database))
    connection.pragma("journal_mode", "wal")
    connection.execute("BEGIN")
    connection.execute(STEPS[0]).fetchall()
    connection.execute("PRAGMA user_version = 1")
    for statement in _FIRST_ROWS.split(";")[:-1]:
        connection.execute(statement, {"hash": "0" * 64} if ":hash" in statement else None)
    before = None
    for number in range(turns):
        question, reply = f"q{number}", f"a{number}"
        connection.execute(_MESSAGE, (question, before, "user", f'[{{"type":"text","text":"Why {number}?"}}]'))
        connection.execute(_MESSAGE, (reply, question, "actor", f'[{{"type":"text","text":"Because {number}."}}]'))
        connection.execute("INSERT INTO message_text (rowid, text) VALUES (last_insert_rowid(), ?)", (f"Why {number}",))
        state = "streaming" if number == 9 else "done"
        owner = "somebody-who-died" if number == 9 else None
        connection.execute(_GENERATION, (f"g{number}", reply, owner, state, f"gen-{1 + number % 2}"))
        before = reply
    connection.execute("COMMIT")
    connection.close()


def read_first(database: Path) -> dict[str, list[Any]]:
    """Every row of every table of the first step, in the columns that it had then; without the index for searching."""
    first = apsw.Connection(":memory:")
    first.execute(STEPS[0]).fetchall()
    listed = first.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'")
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    rows: dict[Any, list[Any]] = {}
    for (table,) in listed.fetchall():
        columns = ", ".join(name for _, name, *_ in first.execute(f"PRAGMA table_info({table})"))
        rows[table] = sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)  # noqa: S608
    connection.close()
    first.close()
    return rows
