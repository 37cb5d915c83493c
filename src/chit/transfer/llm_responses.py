"""Conversations as llm logged them before 0.32: `responses`, and before 0.5 `logs`."""

from collections.abc import Iterator
from typing import Any

from chit.core.imported import read_time
from chit.core.llm_log import LlmResponse, read_answer, read_facts, read_responses
from chit.core.messages import Message, Part, TextFilePart, TextPart, ToolCallPart, ToolResultPart
from chit.transfer.llm_rows import Row, Rows, read_attachment, read_text

_COLUMNS = (
    "id",
    "model",
    "resolved_model",
    "prompt",
    "system",
    "response",
    "reasoning",
    "options_json",
    "input_tokens",
    "output_tokens",
    "token_details",
    "duration_ms",
    "datetime_utc",
    "timestamp",
)
_KINDS = (("response", "responses"), ("logs", "logs"), ("log", "log"))
_ATTACHMENTS = (
    'JOIN main.prompt_attachments p ON p.attachment_id = t.id WHERE p.response_id = ? ORDER BY p."order", p.rowid'
)
_FRAGMENTS = 'JOIN main.{} p ON p.fragment_id = t.id WHERE p.response_id = ? ORDER BY p."order", p.rowid'


class ResponseRows:
    """Over the tables."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self, key: str) -> list[Message]:
        """The messages of a conversation, in order; none where there is no response of it."""
        responses = [
            self._read_response(row)
            for kind, table in _KINDS
            for row in self._rows.read_noted(kind, table, _COLUMNS, key)
        ]
        return read_responses(key, responses)

    def find_name(self, key: str) -> Any:
        """What llm calls the conversation."""
        found = self._rows.read("conversations", ("name",), "WHERE t.id = ?", (key,))
        return next((row["name"] for row in found), None)

    def _read_response(self, row: Row) -> LlmResponse:
        id = str(row["id"])
        system = [*self._read_fragments("system_fragments", id), read_text(row["system"])]
        text = read_text(row["prompt"])
        asked: tuple[Part, ...] = (TextPart(text),) if text.strip() else ()
        return LlmResponse(
            id=id,
            at=read_time(row["datetime_utc"] or row["timestamp"], 0.0),
            system="\n".join(each for each in system if each),
            prompt=(*self._read_files(id), *asked),
            results=tuple(self._read_results(id)),
            answer=(*read_answer(read_text(row["response"]), read_text(row["reasoning"])), *self._read_calls(id)),
            facts=read_facts(row),
        )

    def _read_files(self, id: str) -> Iterator[Part]:
        """Fragments and attachments."""
        for number, text in enumerate(self._read_fragments("prompt_fragments", id), 1):
            yield TextFilePart(f"fragment-{number}.txt", text)
        if self._rows.has("prompt_attachments", "response_id", "attachment_id", "order"):
            for row in self._rows.read("attachments", ("type", "path", "url", "content"), _ATTACHMENTS, (id,)):
                yield read_attachment(row)

    def _read_fragments(self, table: str, id: str) -> list[str]:
        if not self._rows.has(table, "response_id", "fragment_id", "order"):
            return []
        found = self._rows.read("fragments", ("content",), _FRAGMENTS.format(table), (id,))
        return [read_text(row["content"]) for row in found]

    def _read_calls(self, id: str) -> Iterator[Part]:
        for row in self._rows.read_tools("tool_calls", ("name", "arguments", "tool_call_id"), id):
            name = read_text(row["name"])
            yield ToolCallPart(read_text(row["tool_call_id"]) or name, name, read_text(row["arguments"]) or "{}")

    def _read_results(self, id: str) -> Iterator[ToolResultPart]:
        for row in self._rows.read_tools("tool_results", ("name", "output", "tool_call_id", "exception"), id):
            told = read_text(row["output"]) or read_text(row["exception"])
            yield ToolResultPart(read_text(row["tool_call_id"]) or read_text(row["name"]), told)
