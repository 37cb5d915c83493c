"""The ledger: ground truth about every request received, every generation, and what was billed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from chit.sandbox.pricing import Price, Usage, as_text
from chit.sandbox.script import Step

State = Literal["running", "done", "cancelled", "cut", "failed"]
"""`cancelled`: the caller left a stream; `cut`: the sandbox broke it off; `failed`: an error inside the reply."""


@dataclass(slots=True, kw_only=True)
class Received:
    """One POST as it arrived."""

    number: int
    at: float
    """Unix seconds."""
    path: str
    headers: Mapping[str, str]
    """Without those that carry keys."""
    key_last4: str | None
    """The last four characters of the key, None without one."""
    raw: bytes
    """The body, byte for byte."""
    body: Any
    """The body parsed, None if it is not JSON."""
    status: int | None = None
    """HTTP status of the answer, None until there is one."""
    generation_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form; bytes that are not UTF-8 are replaced."""
        names = ("number", "at", "path", "key_last4", "body", "status", "generation_id")
        shown = {name: getattr(self, name) for name in names}
        return shown | {"headers": dict(self.headers), "raw": self.raw.decode("utf-8", "replace")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One provider or model that was tried, and the status it gave."""

    provider: str
    model: str
    status: int


@dataclass(slots=True, kw_only=True)
class Generation:
    """One generation: who asked, what was said so far, how it ended."""

    id: str
    model: str
    provider: str
    streamed: bool
    created: float
    """Unix seconds."""
    price: Price
    api_type: Literal["completions", "embeddings"] = "completions"
    key_last4: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    searches: int = 0
    media: int = 0
    """In the prompt: pictures, files and sounds."""
    sounds: int = 0
    """Those of them that are sounds."""
    is_byok: bool = False
    first_token_ms: int = 0
    token_ms: float = 0.0
    """Nominal time of one token; the sandbox's pace does not enter here."""
    router: str | None = None
    attempts: tuple[Attempt, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """`session_id` and `user` as sent."""
    steps: list[Step] = field(default_factory=list)
    """What was said so far."""
    state: State = "running"
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    ended: float | None = None
    """Unix seconds, None while it runs."""
    billed: Usage | None = None
    """Set once, at the end."""

    def count(self, kind: str) -> int:
        """Completion tokens of one kind said so far."""
        return sum(step.tokens for step in self.steps if step.kind == kind)

    def make_usage(self) -> Usage:
        """Tokens and costs of what was said so far."""
        return Usage(
            price=self.price,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            completion_tokens=sum(step.tokens for step in self.steps),
            reasoning_tokens=self.count("reasoning"),
            image_tokens=self.count("image"),
            audio_tokens=self.count("audio"),
            searches=self.searches,
            is_byok=self.is_byok,
            has_output=self.api_type == "completions",
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON form, money as decimal strings."""
        usage = self.billed or self.make_usage()
        names = ("id", "model", "provider", "streamed", "created", "key_last4", "state", "finish_reason", "ended")
        return {name: getattr(self, name) for name in names} | {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "billed": None if self.billed is None else as_text(self.billed.cost),
        }


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that reached the sandbox and everything it billed, in order of arrival."""

    requests: list[Received] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)
    lookups: Counter[str] = field(default_factory=Counter)
    """`GET /generation` calls by id."""

    @property
    def billed(self) -> Decimal:
        """US dollars of all generations that have ended."""
        return sum((entry.billed.cost for entry in self.generations if entry.billed), Decimal(0))

    def find_generation(self, generation_id: str) -> Generation | None:
        """The latest generation with this id."""
        return next((entry for entry in reversed(self.generations) if entry.id == generation_id), None)

    def clear(self) -> None:
        """Forget everything."""
        self.requests.clear()
        self.generations.clear()
        self.lookups.clear()

    def as_dict(self) -> dict[str, Any]:
        """JSON form, money as decimal strings."""
        return {
            "requests": [entry.as_dict() for entry in self.requests],
            "generations": [entry.as_dict() for entry in self.generations],
            "lookups": dict(self.lookups),
            "billed": as_text(self.billed),
        }
