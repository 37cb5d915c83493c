"""Recorded exchanges and what they say, read without any of Chit's code: the other opinion of the replay tests."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

ToolCall = tuple[str, str, str]
"""Id, name, arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One exchange."""

    name: str
    path: str
    request: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_stream(self) -> bool:
        """Whether the reply is server-sent events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a reply said."""

    text: str = ""
    reasoning: str = ""
    details: list[Any] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    annotations: list[Any] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    provider: str | None = None
    generation_id: str | None = None
    finish_reason: str | None = None
    error_code: Any = None
    error_kind: str | None = None

    @property
    def cost(self) -> Decimal | None:
        """Every digit that stood there."""
        cost = self.usage.get("cost")
        return None if cost is None else Decimal(cost)

    def count(self, name: str, details: str | None = None) -> int | None:
        """A token count, at the top of the usage or in one of its details."""
        place = self.usage if details is None else self.usage.get(details) or {}
        count = place.get(name)
        return None if count is None else int(count)


def load(path: Path) -> list[Recorded]:
    """All exchanges of a JSONL file."""
    exchanges = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            exchange = json.loads(line)
            request, response = exchange["request"], exchange["response"]
            exchanges.append(
                Recorded(
                    name=exchange["name"],
                    path=request["path"],
                    request=json.dumps(request["body"]).encode(),
                    status=response["status"],
                    headers=response["headers"],
                    body=response["body"].encode("utf-8", "surrogatepass"),
                )
            )
    return exchanges


def parse(text: str) -> Any:
    """JSON with exact decimals."""
    return json.loads(text, parse_float=Decimal)


def read(recorded: Recorded) -> Reading:
    """The reply of a completion."""
    if recorded.status != 200:
        return _read_error(recorded)
    if recorded.is_stream:
        return _read_stream(recorded.body.decode())
    body = parse(recorded.body.decode())
    reading = Reading(usage=body["usage"], model=body["model"], provider=body["provider"], generation_id=body["id"])
    (choice,) = body["choices"]
    message = choice["message"]
    reading.finish_reason = choice["finish_reason"]
    reading.text = message["content"] or ""
    reading.details = message.get("reasoning_details") or []
    reading.reasoning = message.get("reasoning") or _words(reading.details)
    reading.annotations = message.get("annotations") or []
    for call in message.get("tool_calls") or []:
        reading.calls.append((call["id"], call["function"]["name"], call["function"].get("arguments", "")))
    return reading


def events(text: str) -> Iterator[Any]:
    """The JSON objects of a stream whose events are one `data:` line each, which all recorded ones are."""
    for line in text.split("\n"):
        if line.startswith("data: ") and line != "data: [DONE]":
            yield parse(line[len("data: ") :])


def _read_stream(text: str) -> Reading:
    reading = Reading()
    calls: dict[int, list[str]] = {}
    for chunk in events(text):
        reading.generation_id = reading.generation_id or chunk.get("id")
        reading.model = chunk.get("model") or reading.model
        reading.provider = chunk.get("provider") or reading.provider
        reading.usage = chunk.get("usage") or reading.usage
        for choice in chunk.get("choices") or []:
            reading.finish_reason = choice.get("finish_reason") or reading.finish_reason
            delta = choice["delta"]
            reading.text += delta.get("content") or ""
            reading.reasoning += delta.get("reasoning") or _words(delta.get("reasoning_details") or [])
            reading.annotations += delta.get("annotations") or []
            for piece in delta.get("tool_calls") or []:
                call = calls.setdefault(piece["index"], ["", "", ""])
                call[0] = piece.get("id") or call[0]
                call[1] += piece["function"].get("name") or ""
                call[2] += piece["function"].get("arguments") or ""
    reading.calls = [(call[0], call[1], call[2]) for _, call in sorted(calls.items())]
    return reading


def _words(details: list[Any]) -> str:
    return "".join(detail.get("text") or detail.get("summary") or "" for detail in details)


def _read_error(recorded: Recorded) -> Reading:
    error = parse(recorded.body.decode())["error"]
    return Reading(error_code=error["code"], error_kind=_kind(recorded.status, error["message"]))


def _kind(status: int, message: str) -> str:
    if status == 400 and "not a valid model ID" in message:
        return "model_unknown"
    if status == 400 and "maximum context length" in message:
        return "context_too_long"
    if status == 401 and message == "Missing Authentication header":
        return "key_missing"
    return {400: "request_invalid", 401: "key_rejected", 429: "rate_limited"}[status]
