"""The dialect of `POST /messages`, Anthropic's: blocks between a start and a stop (errors: field guide §4.1, F)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chit.sandbox.chunks import encode_event
from chit.sandbox.dialect import Brief, Dialect
from chit.sandbox.error_words import name_error, name_for_anthropic
from chit.sandbox.failures import Failure
from chit.sandbox.messages_request import understand_messages
from chit.sandbox.pricing import Usage, as_number

_STOPS: Mapping[str, str] = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


class MessagesSpeech:
    """Blocks: thinking, text, uses of tools. Pictures, sounds and citations have no place in this dialect."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._blocks: list[dict[str, Any]] = []
        self._is_open = False
        self._arguments = ""

    def open(self) -> list[bytes]:
        """The message without content, and a ping."""
        counted = {"input_tokens": self._brief.prompt_tokens, "output_tokens": 0}
        return [
            _event("message_start", message=self._message() | {"stop_reason": None, "usage": counted}),
            _event("ping"),
        ]

    def say(self, delta: Mapping[str, Any]) -> list[bytes]:
        """The events that a delta comes to."""
        events: list[bytes] = []
        for detail in delta.get("reasoning_details", ()):
            events += self._think(detail)
        if delta.get("content"):
            events += self._extend("text", "text", delta["content"])
        for call in delta.get("tool_calls", ()):
            events += self._call(call)
        return events

    def finish(self, usage: Usage) -> list[bytes]:
        """The end of the last block, why it stopped and what it cost, and the stop."""
        closed = self._close()
        reason = {"stop_reason": self._stop_reason(), "stop_sequence": None}
        return [*closed, _event("message_delta", delta=reason, usage=_count(usage)), _event("message_stop")]

    def fail(self) -> list[bytes]:
        """An error event, and no stop."""
        return [_event("error", **_tell(self._brief.script.error))]

    def whole(self, usage: Usage, *, failed: bool) -> Any:
        """The message as one object, or the error in its place."""
        if failed:
            return {"type": "error", **_tell(self._brief.script.error)}
        for step in self._brief.script.steps:
            self.say(step.delta)
        self._close()
        return self._message() | {"stop_reason": self._stop_reason(), "usage": _count(usage)}

    def _message(self) -> dict[str, Any]:
        head = self._brief.head
        return {
            "id": head.id,
            "type": "message",
            "role": "assistant",
            "container": None,
            "content": list(self._blocks),
            "model": head.model,
            "provider": head.provider,
            "stop_sequence": None,
            **head.extra,
        }

    def _stop_reason(self) -> str:
        return _STOPS[self._brief.script.finish_reason]

    def _begin(self, block: dict[str, Any]) -> list[bytes]:
        events = self._close()
        self._blocks.append(block)
        self._is_open = True
        return [*events, _event("content_block_start", index=len(self._blocks) - 1, content_block=dict(block))]

    def _extend(self, kind: str, member: str, text: str) -> list[bytes]:
        events: list[bytes] = []
        if not (self._is_open and self._blocks[-1]["type"] == kind):
            begun: dict[str, Any] = {"type": kind, member: ""}
            events += self._begin(begun | ({"signature": ""} if kind == "thinking" else {"citations": None}))
        self._blocks[-1][member] += text
        return [*events, self._delta(f"{member}_delta", member, text)]

    def _think(self, detail: Mapping[str, Any]) -> list[bytes]:
        events = self._extend("thinking", "thinking", detail["text"]) if "text" in detail else []
        if "signature" in detail and self._is_open:
            self._blocks[-1]["signature"] = detail["signature"]
            events.append(self._delta("signature_delta", "signature", detail["signature"]))
        return events

    def _call(self, call: Mapping[str, Any]) -> list[bytes]:
        function = call["function"]
        events: list[bytes] = []
        if "id" in call:
            begun = {"type": "tool_use", "id": call["id"], "name": function["name"], "input": {}}
            events += self._begin(begun)
            self._arguments = ""
        if function["arguments"]:
            self._arguments += function["arguments"]
            events.append(self._delta("input_json_delta", "partial_json", function["arguments"]))
        return events

    def _delta(self, kind: str, member: str, text: str) -> bytes:
        return _event("content_block_delta", index=len(self._blocks) - 1, delta={"type": kind, member: text})

    def _close(self) -> list[bytes]:
        if not self._is_open:
            return []
        self._is_open = False
        if self._blocks[-1]["type"] == "tool_use":
            self._blocks[-1]["input"] = _parse(self._arguments)
        return [_event("content_block_stop", index=len(self._blocks) - 1)]


def _event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\n".encode() + encode_event({"type": kind, **members})


def _parse(arguments: str) -> Any:
    """What a call was given; nothing where the limit cut it."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _count(usage: Usage) -> dict[str, Any]:
    """Anthropic counts cached tokens beside the others."""
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_tokens,
        "service_tier": "standard",
        "cost": as_number(usage.cost),
        "is_byok": usage.is_byok,
        "cost_details": {"upstream_inference_cost": as_number(usage.upstream_cost)},
    }


def _tell(error: Mapping[str, Any], status: int = 500) -> dict[str, Any]:
    kind = name_error(error, status)
    kept = {name: error[name] for name in ("availability",) if name in error}
    told = {"type": name_for_anthropic(kind), "message": error["message"], "error_type": kind, **kept}
    return {"error": told, "request_id": None}


def _phrase(failure: Failure) -> Failure:
    """A refusal in shape F; what the edge sends stays as it is."""
    if isinstance(failure.body, str):
        return failure
    return replace(failure, body={"type": "error", **_tell(failure.body["error"], failure.status)})


MESSAGES = Dialect(understand=understand_messages, phrase=_phrase, speak=MessagesSpeech)
