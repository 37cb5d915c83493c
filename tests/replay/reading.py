"""An independent reading of recorded bytes: only `json` and lines of its own, nothing of Chit's."""

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

RECORDINGS = Path(
    os.environ.get("CHIT_RECORDINGS") or Path(__file__).parents[3] / "shared" / "recordings" / "openrouter.jsonl"
)
"""Real traffic, one exchange a line; not part of the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded exchange."""

    name: str
    path: str
    request: Any
    status: int
    content_type: str
    generation_header: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a person who reads the bytes by eye would say they hold."""

    text: str
    reasoning: str
    details: list[Any]
    """Each detail's type with its readable or encrypted content."""
    tool_calls: list[tuple[str, str, str]]
    usage: Any
    cost: Decimal | None
    model: str
    provider: str
    generation_id: str
    finish_reason: str | None


def load_exchanges(part: str) -> list[Exchange]:
    """The exchanges whose path contains `part`; none where the recordings are absent."""
    if not RECORDINGS.exists():
        return []
    rows = [json.loads(line) for line in RECORDINGS.read_text(encoding="utf-8").splitlines()]
    return [
        Exchange(
            name=row["name"],
            path=row["request"]["path"],
            request=row["request"]["body"],
            status=row["response"]["status"],
            content_type=row["response"]["headers"]["content-type"],
            generation_header=row["response"]["headers"].get("x-generation-id"),
            body=row["response"]["body"].encode(),
        )
        for row in rows
        if part in row["request"]["path"]
    ]


def read_reply(exchange: Exchange) -> Reading:
    """A stream or a unary reply with a good status."""
    if exchange.content_type == "text/event-stream":
        return _read_stream(exchange.body)
    body = json.loads(exchange.body)
    return _reading([body], [body["choices"][0]["message"]], [body["choices"][0]])


def _read_stream(body: bytes) -> Reading:
    lines = body.decode().split("\n")
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    return _reading(chunks, [choice["delta"] for choice in choices], choices)


def _reading(chunks: list[Any], messages: list[Any], choices: list[Any]) -> Reading:
    usage = [chunk["usage"] for chunk in chunks if chunk.get("usage")][-1]
    cost = usage.get("cost")
    return Reading(
        text="".join(message.get("content") or "" for message in messages),
        reasoning="".join(message.get("reasoning") or "" for message in messages),
        details=_details(messages),
        tool_calls=_tool_calls(messages),
        usage=usage,
        cost=None if cost is None else Decimal(repr(cost)),
        model=chunks[-1]["model"],
        provider=chunks[0]["provider"],
        generation_id=chunks[0]["id"],
        finish_reason=next((choice["finish_reason"] for choice in choices if choice.get("finish_reason")), None),
    )


def _tool_calls(messages: list[Any]) -> list[tuple[str, str, str]]:
    calls: dict[int, list[str]] = {}
    for message in messages:
        for position, piece in enumerate(message.get("tool_calls") or []):
            call = calls.setdefault(piece.get("index", position), ["", "", ""])
            call[0] = piece.get("id") or call[0]
            call[1] = piece["function"].get("name") or call[1]
            call[2] += piece["function"].get("arguments") or ""
    return [(call[0], call[1], call[2]) for _, call in sorted(calls.items())]


def _details(messages: list[Any]) -> list[Any]:
    """Contents by type, pieces of one type that follow each other joined: what must go back to the model."""
    told: list[list[str]] = []
    for message in messages:
        for detail in message.get("reasoning_details") or []:
            content = detail.get("text") or detail.get("summary") or detail.get("data") or ""
            if told and told[-1][0] == detail["type"] != "reasoning.encrypted":
                told[-1][1] += content
            else:
                told.append([detail["type"], content])
    return told


def details_of(details: Any) -> list[Any]:
    """The same telling for details that Chit kept."""
    return _details([{"reasoning_details": list(details)}])
