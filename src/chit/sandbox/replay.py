"""Replay: recorded exchanges, answered again byte for byte to the requests that were recorded."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chit.sandbox.pricing import FREE, Usage

_MOST_CUTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recorded answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def cut(self, random: Random) -> list[bytes]:
        """The body in pieces, cut anywhere, inside characters too."""
        cuts = random.sample(range(1, len(self.body)), k=min(_MOST_CUTS, len(self.body) // 2)) if self.body else []
        return [self.body[start:end] for start, end in pairwise([0, *sorted(cuts), len(self.body)])]

    def read_completion(self) -> dict[str, Any]:
        """`id`, `model`, `provider`, `usage`, `finish_reason`… as far as the recorded completion has them."""
        found: dict[str, Any] = {}
        for event in self._read_objects():
            value = event["response"] if isinstance(event.get("response"), dict) else event  # as `/responses` streams
            found |= {name: value[name] for name in ("id", "model", "provider", "usage", "created") if value.get(name)}
            for choice in value.get("choices") or []:
                names = ("finish_reason", "native_finish_reason")
                found |= {name: choice[name] for name in names if choice.get(name)}
        return found

    def _read_objects(self) -> Iterator[dict[str, Any]]:
        text = self.body.decode("utf-8", "replace")
        is_stream = "event-stream" in self.headers.get("content-type", "")
        lines = text.split("\n") if is_stream else [f"data: {text}"]
        for line in lines:
            if line.startswith("data: ") and line != "data: [DONE]":
                value = _parse(line.removeprefix("data: "))
                if isinstance(value, dict):
                    yield value


@dataclass(slots=True, kw_only=True)
class Recordings:
    """Recorded answers by request; several to the same request take turns."""

    completions: dict[tuple[str, str], list[Recording]] = field(default_factory=lambda: defaultdict(list))
    """By path and canonical body; the path `""` holds all of them."""
    lookups: dict[str, list[Recording]] = field(default_factory=lambda: defaultdict(list))
    """Answers of `GET /generation` by id."""

    @classmethod
    def load(cls, path: Path) -> "Recordings":
        """Read a JSONL file, one exchange a line."""
        with path.open("rb") as lines:
            return cls.read(json.loads(line) for line in lines if line.strip())

    @classmethod
    def read(cls, exchanges: Iterable[Mapping[str, Any]]) -> "Recordings":
        """From exchanges of the form `{request: {method, path, body}, response: {status, headers, body}}`."""
        recordings = cls()
        for exchange in exchanges:
            recordings._add(exchange["request"], exchange["response"])
        return recordings

    def _add(self, request: Mapping[str, Any], response: Mapping[str, Any]) -> None:
        recording = Recording(
            status=response["status"],
            headers=response["headers"],
            body=response["body"].encode("utf-8", "surrogatepass"),
        )
        address = urlsplit(request["path"])
        if request["method"] == "GET" and address.path.endswith("/generation"):
            self.lookups[parse_qs(address.query)["id"][0]].append(recording)
        elif request["method"] == "POST" and isinstance(request.get("body"), dict):
            for place in (address.path, ""):
                self.completions[place, _canonical(request["body"])].append(recording)

    def find_answer(self, path: str, body: Any) -> Recording | None:
        """The recorded answer to a POST, by path and body, else by body alone; the oldest served comes first."""
        if not self.completions:
            return None
        canonical = _canonical(body)
        answers = self.completions.get((path, canonical)) or self.completions.get(("", canonical))
        return _rotate(answers) if answers else None

    def find_lookup(self, generation_id: str) -> Recording | None:
        """The recorded answer to a lookup: failures once each, then the last success for good."""
        answers = self.lookups.get(generation_id)
        if not answers:
            return None
        is_last_success = len(answers) == 1 and answers[0].status == 200
        return answers[0] if is_last_success else answers.pop(0)


def make_replayed_usage(usage: Mapping[str, Any]) -> Usage:
    """The recorded usage of a completion or a response, its cost to the last digit."""
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    prompt_details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    cost = usage.get("cost")
    return Usage(
        price=FREE,
        prompt_tokens=usage.get("prompt_tokens") or usage.get("input_tokens") or 0,
        cached_tokens=prompt_details.get("cached_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or usage.get("output_tokens") or 0,
        reasoning_tokens=details.get("reasoning_tokens") or 0,
        is_byok=bool(usage.get("is_byok")),
        reported_cost=Decimal(repr(cost)) if cost is not None else Decimal(0),
    )


def _rotate(answers: list[Recording]) -> Recording:
    answers.append(answers.pop(0))
    return answers[-1]


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
