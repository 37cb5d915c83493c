"""Wire objects: the chunks of a stream and the one object of a unary reply (field guide §3.1, §3.5)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

DONE = b"data: [DONE]\n\n"
COMMENT = b": OPENROUTER PROCESSING\n\n"
PADDING = b"\n         \n"
"""What a unary reply sends while it waits: JSON ignores it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every chunk of one generation repeats."""

    id: str
    created: int
    model: str
    provider: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self, kind: str) -> dict[str, Any]:
        """The common members, `kind` being `chat.completion` or `chat.completion.chunk`."""
        named: dict[str, Any] = {"model": self.model, "provider": self.provider}
        if kind == "chat.completion":
            named["system_fingerprint"] = None  # a chunk has a text there, or nothing at all
        return {"id": self.id, "object": kind, "created": self.created, **named, **self.extra}


def encode_wire(value: Any) -> bytes:
    """Compact JSON; what orjson refuses (lone surrogates, integers beyond 64 bits) is written with escapes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def encode_event(value: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + encode_wire(value) + b"\n\n"


def make_chunk(
    head: Head, delta: Mapping[str, Any], *, finish_reason: str | None = None, native: str | None = None
) -> dict[str, Any]:
    """A chunk with one choice."""
    spoken = {**({} if "content" in delta else {"content": ""}), **delta, "role": "assistant"}
    choice = {"index": 0, "delta": spoken, "finish_reason": finish_reason, "native_finish_reason": native}
    return head.as_dict("chat.completion.chunk") | {"choices": [choice]}


def make_usage_chunk(head: Head, usage: Mapping[str, Any], *, with_delta: bool) -> dict[str, Any]:
    """The last chunk; its choices are empty, or one empty delta as in older traffic."""
    chunk = make_chunk(head, {}) if with_delta else head.as_dict("chat.completion.chunk") | {"choices": []}
    return chunk | {"usage": dict(usage)}


def make_error_chunk(head: Head, error: Mapping[str, Any], *, with_choices: bool) -> dict[str, Any]:
    """An error after the first token (field guide §3.7)."""
    chunk = head.as_dict("chat.completion.chunk") | {"error": dict(error)}
    if with_choices:
        delta = {"role": "assistant", "content": ""}
        chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": "error", "native_finish_reason": None}]
    return chunk


def make_completion(
    head: Head,
    deltas: Iterable[Mapping[str, Any]],
    usage: Mapping[str, Any],
    *,
    finish_reason: str,
    native: str | None,
    error: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The reply of a request that does not stream."""
    choice: dict[str, Any] = {
        "index": 0,
        "logprobs": None,
        "finish_reason": "error" if error else finish_reason,
        "native_finish_reason": None if error else native,
        "message": fold_message(deltas),
    }
    if error:
        choice["error"] = dict(error)
    return head.as_dict("chat.completion") | {"choices": [choice], "usage": dict(usage)}


def fold_message(deltas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The message the deltas add up to."""
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "reasoning": None}
    for delta in deltas:
        for name, value in delta.items():
            if name in ("content", "reasoning"):
                message[name] = _joined(message[name], value)
            elif name == "audio":
                message["audio"] = _merge(message.get("audio", {}), value)
            elif name in ("tool_calls", "reasoning_details"):
                _merge_by_index(message.setdefault(name, []), value)
            else:
                message.setdefault(name, []).extend(value)
    if message["content"] is None and "tool_calls" not in message:
        message["content"] = ""
    return message


def _joined(so_far: str | None, piece: str | None) -> str | None:
    return so_far if piece is None else (so_far or "") + piece


def _merge_by_index(entries: list[dict[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> None:
    for piece in pieces:
        if piece["index"] == len(entries):
            entries.append({})
        entries[piece["index"]] = _merge(entries[piece["index"]], piece)


_GROWING = ("arguments", "text", "data", "transcript")


def _merge(entry: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(entry)
    for name, value in piece.items():
        if isinstance(value, dict):
            merged[name] = _merge(merged.get(name, {}), value)
        else:
            merged[name] = merged[name] + value if name in _GROWING and name in merged else value
    return merged
