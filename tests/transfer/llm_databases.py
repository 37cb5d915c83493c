"""llm's databases for tests: the tables of its versions, and rows as it writes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))

_0_4 = """
    CREATE TABLE log (provider TEXT, system TEXT, prompt TEXT, chat_id TEXT, response TEXT, model TEXT, timestamp TEXT);
"""
_0_5 = """
    CREATE TABLE logs (id INTEGER PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT,
        options_json TEXT, response TEXT, response_json TEXT, reply_to_id INTEGER, chat_id INTEGER,
        duration_ms INTEGER, datetime_utc TEXT);
"""
_0_13 = """
    CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
    CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT,
        options_json TEXT, response TEXT, response_json TEXT, conversation_id TEXT REFERENCES conversations (id),
        duration_ms INTEGER, datetime_utc TEXT);
    CREATE VIRTUAL TABLE responses_fts USING fts5 (prompt, response, content=responses);
"""
_0_28 = f"""
    {_0_13}
    ALTER TABLE responses ADD COLUMN input_tokens INTEGER;
    ALTER TABLE responses ADD COLUMN output_tokens INTEGER;
    ALTER TABLE responses ADD COLUMN token_details TEXT;
    ALTER TABLE responses ADD COLUMN resolved_model TEXT;
    CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
    CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, [order] INTEGER,
        PRIMARY KEY (response_id, attachment_id));
    CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
    CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, [order] INTEGER);
    CREATE TABLE system_fragments (response_id TEXT, fragment_id INTEGER, [order] INTEGER);
    CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, arguments TEXT,
        tool_call_id TEXT);
    CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, output TEXT,
        tool_call_id TEXT, instance_id INTEGER, exception TEXT);
"""
_0_36 = f"""
    {_0_28}
    ALTER TABLE responses ADD COLUMN reasoning TEXT;
    CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
    CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT,
        text TEXT, payload TEXT);
    CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
    CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT,
        model TEXT, resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER,
        token_details TEXT, duration_ms INTEGER, datetime_utc TEXT, response_json TEXT);
"""
SCHEMAS = {"0.4": _0_4, "0.5": _0_5, "0.13": _0_13, "0.28": _0_28, "0.36": _0_36}


class LlmDatabase:
    """One, as a version leaves it."""

    def __init__(self, path: Path, version: str) -> None:
        self.path = path
        self.connection = apsw.Connection(str(path))
        self.connection.execute(SCHEMAS[version])

    def add(self, table: str, **values: Any) -> None:
        """A row."""
        names = ", ".join(f"[{name}]" for name in values)
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - ours

    def add_response(self, id: str, conversation: str | None = "c", prompt: str = "", **values: Any) -> None:
        """To a conversation; ids say what comes first."""
        defaults = {
            "model": "gpt-4o",
            "prompt": prompt or f"ask {id}",
            "response": f"answer {id}",
            "datetime_utc": "2025-01-01T00:00:00",
        }
        self.add("responses", id=id, conversation_id=conversation, **(defaults | values))

    def add_message(self, hash: str, parent: str | None, role: str, *parts: str | Mapping[str, Any]) -> str:
        """To the messages that threads share; a part is a text, or its members with its type."""
        self.add("messages", hash=hash, parent_hash=parent, role=role)
        for position, part in enumerate(parts):
            told = {"type": "text", "text": part} if isinstance(part, str) else dict(part)
            kind, text = told.pop("type"), told.pop("text", None)
            payload = json.dumps(told) if told else None
            self.add("parts", message_hash=hash, position=position, type=kind, text=text, payload=payload)
        return hash

    def add_turn(self, id: str, before: str | None, last: str, thread: str = "c", **values: Any) -> None:
        """To a thread."""
        defaults = {"model": "gpt-5", "datetime_utc": "2026-01-01T00:00:00"}
        turn = {"thread_id": thread, "parent_message_hash": before, "tip_message_hash": last}
        self.add("turns", id=id, **(turn | defaults | values))

    def close(self) -> Path:
        """So that it can be read."""
        self.connection.close()
        return self.path
