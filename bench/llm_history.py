"""llm's database with the words of a history of ours: the same conversations, questions and answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import child_environment, run_child, script

_AT_ONCE = 5_000
_READ = """
    SELECT q.conversation, q.id, a.id, q.parts, a.parts, q.created_at, g.model, c.title
    FROM messages a JOIN messages q ON q.id = a.parent JOIN generations g ON g.message = a.id
        JOIN conversations c ON c.id = a.conversation
    WHERE a.source = 'actor' AND a.seq > ? ORDER BY a.seq LIMIT ?
"""


def fill_llm(folder: Path, home: Path) -> None:
    """Once; a folder that has it is left as it is. The tables are llm's own, made by itself."""
    database = folder / "logs.db"
    if database.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    run_child([script("llm"), "logs", "status"], child_environment(LLM_USER_PATH=str(folder)))
    if not database.exists():  # it makes none until there is something to log
        run_child([script("python"), "-c", _MAKE, str(database)], child_environment(LLM_USER_PATH=str(folder)))
    import apsw

    ours = apsw.Connection(str(home / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)
    theirs = apsw.Connection(str(database))
    theirs.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL")
    for rows in _pieces(ours):
        with theirs:
            theirs.executemany(
                "INSERT OR IGNORE INTO conversations (id, name, model) VALUES (?, ?, ?)",
                [(row[0], row[7], row[6]) for row in rows],
            )
            theirs.executemany(
                "INSERT INTO responses (id, model, prompt, response, conversation_id, duration_ms, datetime_utc)"
                " VALUES (?, ?, ?, ?, ?, 1000, datetime(?, 'unixepoch'))",
                [(row[2], row[6], _text(row[3]), _text(row[4]), row[0], row[5]) for row in rows],
            )
    ours.close()
    theirs.close()


_MAKE = "import sys, sqlite_utils; from llm.migrations import migrate; migrate(sqlite_utils.Database(sys.argv[1]))"


def _pieces(ours: Any) -> Iterator[list[Any]]:
    place = 0
    while rows := list(ours.execute(_READ.replace("SELECT ", "SELECT a.seq, ", 1), (place, _AT_ONCE))):
        place = rows[-1][0]
        yield [row[1:] for row in rows]


def _text(parts: str) -> str:
    return "".join(part.get("text", "") for part in json.loads(parts))
