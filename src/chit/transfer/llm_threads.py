"""Conversations as llm keeps them from 0.32 on: `threads` of `turns`, over `messages` and their `parts`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chit.core.imported import read_time
from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.llm_log import read_facts
from chit.core.llm_thread import LlmMessage, LlmTurn, read_thread
from chit.core.members import DossierInvalid
from chit.core.messages import Message, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from chit.transfer.llm_rows import Row, Rows, read_attachment, read_text

_TURN = (
    "parent_message_hash",
    "tip_message_hash",
    "model",
    "resolved_model",
    "options_json",
    "input_tokens",
    "output_tokens",
    "token_details",
    "duration_ms",
    "datetime_utc",
)
_ATTACHMENTS = "WHERE t.id = ?"


class ThreadRows:
    """Over the tables."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self, key: str, logged: Sequence[Message]) -> list[Message]:
        """Those that were logged by an earlier llm, and those of the thread. Raises `DossierInvalid`."""
        turns = [
            LlmTurn(
                before=_read_hash(row["parent_message_hash"]),
                last=_read_hash(row["tip_message_hash"]),
                at=read_time(row["datetime_utc"], 0.0),
                facts=read_facts(row),
            )
            for row in self._rows.read_noted("turn", "turns", _TURN, key)
        ]
        if not turns:
            return list(logged)
        found = self._rows.read("threads", ("tip_message_hash",), "WHERE t.id = ?", (key,))
        tip = next((_read_hash(row["tip_message_hash"]) for row in found), None)
        known: dict[str, LlmMessage] = {}
        for hash in (tip, *(each for turn in turns for each in (turn.last, turn.before))):
            self._collect(hash, known)
        return read_thread(key, known, turns, tip, logged)

    def find_name(self, key: str) -> Any:
        """What llm calls the thread."""
        found = self._rows.read("threads", ("name",), "WHERE t.id = ?", (key,))
        return next((row["name"] for row in found), None)

    def _collect(self, hash: str | None, known: dict[str, LlmMessage]) -> None:
        """The message and those before it, as far as they are there. Raises `DossierInvalid`."""
        while hash is not None and hash not in known:
            found = next(iter(self._rows.read("messages", ("parent_hash", "role"), "WHERE t.hash = ?", (hash,))), None)
            if found is None:
                return
            known[hash] = LlmMessage(
                hash=hash,
                parent=_read_hash(found["parent_hash"]),
                role=read_text(found["role"]),
                parts=tuple(self._read_parts(hash)),
            )
            hash = known[hash].parent

    def _read_parts(self, hash: str) -> Iterator[Part]:
        rest = "WHERE t.message_hash = ? ORDER BY t.position"
        for row in self._rows.read("parts", ("type", "text", "payload"), rest, (hash,)):
            yield from self._read_part(row, _decode(row["payload"]))

    def _read_part(self, row: Row, payload: Mapping[str, Any]) -> Iterator[Part]:
        match row["type"]:
            case "text":
                if text := self._read_words(row, payload):
                    yield TextPart(text)
            case "reasoning":
                if text := self._read_words(row, payload):
                    yield ReasoningPart(text)
            case "tool_call":
                yield _read_call(payload)
            case "tool_result":
                told = read_text(payload.get("output")) or read_text(payload.get("exception"))
                yield ToolResultPart(_find_call_id(payload), told)
            case "attachment":
                yield from self._read_file(payload.get("attachment"))

    def _read_words(self, row: Row, payload: Mapping[str, Any]) -> str:
        """As they are, or put together of what several messages share."""
        if isinstance(row["text"], str):
            return row["text"]
        pieces = payload.get("text_ref")
        return "".join(map(self._read_piece, pieces)) if isinstance(pieces, list) else read_text(payload.get("text"))

    def _read_piece(self, piece: Any) -> str:
        if not isinstance(piece, Mapping):
            return ""
        if not isinstance(piece.get("fragment"), int):
            return read_text(piece.get("literal"))
        found = self._rows.read("fragments", ("content",), "WHERE t.id = ?", (piece["fragment"],))
        return "".join(read_text(row["content"]) for row in found)

    def _read_file(self, reference: Any) -> Iterator[Part]:
        id = reference.get("id") if isinstance(reference, Mapping) else None
        for row in self._rows.read("attachments", ("type", "path", "url", "content"), _ATTACHMENTS, (str(id),)):
            yield read_attachment(row)


def _read_hash(value: Any) -> str | None:
    """What names a message. Raises `DossierInvalid` for what is no text."""
    if value is None or isinstance(value, str):
        return value
    raise DossierInvalid("a message in it is named by what is no text")


def _decode(payload: Any) -> Mapping[str, Any]:
    try:
        return decode_object(read_text(payload).encode("utf-8", "replace"))
    except JsonInvalid:
        return {}


def _read_call(payload: Mapping[str, Any]) -> ToolCallPart:
    arguments = payload.get("arguments")
    text = encode_json(arguments).decode() if isinstance(arguments, Mapping) else "{}"
    return ToolCallPart(_find_call_id(payload), read_text(payload.get("name")), text)


def _find_call_id(payload: Mapping[str, Any]) -> str:
    return read_text(payload.get("tool_call_id")) or read_text(payload.get("name"))
