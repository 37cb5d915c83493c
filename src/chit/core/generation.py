"""Generations: billed upstream runs, their settlement, and the chit that is shown for them.

A generation row is ours; generation info is OpenRouter's own record of it (`GET /generation`, field guide §6), fetched
later and kept whole. Figures of the chit say which of the two they come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from chit.core.usage import Usage, read_cost, read_count, write_cost

GenerationState = Literal["sent", "streaming", "done", "stopped", "cut", "failed", "unknown"]
"""`sent`: on its way, nothing heard; `streaming`: has an id; `done`: ended as it should; `stopped`: by the person;
`cut`: broke off; `failed`: refused or reported as failed; `unknown`: may have been billed, no id ever came."""

RUNNING: frozenset[GenerationState] = frozenset({"sent", "streaming"})

SettlementState = Literal["pending", "settled", "gave_up"]
Origin = Literal["web", "cli", "api", "library", "batch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationInfo:
    """Typed view of one `GET /generation` record. Times in milliseconds, costs in US dollars; unknown is None."""

    generation_id: str
    model: str | None
    provider: str | None
    total_cost: Decimal | None
    upstream_cost: Decimal | None
    """What the provider bills the owner of a provider key; meaningful for BYOK only."""
    is_byok: bool
    cancelled: bool
    latency_ms: int | None
    generation_time_ms: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    cache_discount: Decimal | None
    finish_reason: str | None
    images: int | None = None
    """Pictures that were made; a record that counts none does not know of any."""
    image_tokens: int | None = None
    """Part of `completion_tokens`."""


def read_generation_info(record: Mapping[str, Any]) -> GenerationInfo | None:
    """From the `data` member of a reply; None if it carries no id. Native token counts, the basis of billing, win."""
    generation_id = record.get("id")
    if not isinstance(generation_id, str) or not generation_id:
        return None
    return GenerationInfo(
        generation_id=generation_id,
        model=read_text(record.get("model")),
        provider=read_text(record.get("provider_name")),
        total_cost=read_cost(record.get("total_cost")),
        upstream_cost=read_cost(record.get("upstream_inference_cost")),
        is_byok=record.get("is_byok") is True,
        cancelled=record.get("cancelled") is True,
        latency_ms=_milliseconds(record.get("latency")),
        generation_time_ms=_milliseconds(record.get("generation_time")),
        prompt_tokens=_first_count(record, "native_tokens_prompt", "tokens_prompt"),
        completion_tokens=_first_count(record, "native_tokens_completion", "tokens_completion"),
        reasoning_tokens=read_count(record.get("native_tokens_reasoning")),
        cached_tokens=read_count(record.get("native_tokens_cached")),
        cache_discount=read_cost(record.get("cache_discount")),
        finish_reason=read_text(record.get("finish_reason")),
        images=read_count(record.get("num_media_completion")) or None,
        image_tokens=read_count(record.get("native_tokens_completion_images")) or None,
    )


def read_text(value: Any) -> str | None:
    """A non-empty string, else None."""
    return value if isinstance(value, str) and value else None


def _milliseconds(value: Any) -> int | None:
    number = read_cost(value)
    return None if number is None or number < 0 else int(number)


def _first_count(record: Mapping[str, Any], *names: str) -> int | None:
    counts = (read_count(record.get(name)) for name in names)
    return next((count for count in counts if count is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The durable job that fetches one generation's record. One per `gen-…` id, however often the id is met."""

    generation_id: str
    state: SettlementState = "pending"
    attempts: int = 0
    ended_at: float | None = None
    """When the generation ended, unix seconds; the poll times count from here. None while it runs."""
    next_attempt_at: float | None = None
    """Unix seconds; None while the generation runs and when there is nothing left to do."""
    record: Mapping[str, Any] | None = None
    """OpenRouter's record as received, unknown fields included."""

    @property
    def info(self) -> GenerationInfo | None:
        """The record, typed; None until settled."""
        return None if self.record is None else read_generation_info(self.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One row of the ledger."""

    id: str
    message_id: str
    conversation_id: str
    origin: Origin
    token: str | None = None
    """The hash of the local token that asked for it; None for what did not come in by the local API."""
    owner: str | None = None
    """The process that runs it; None once it has ended."""
    request: bytes
    """The request body exactly as sent."""
    streamed: bool
    state: GenerationState = "sent"
    generation_id: str | None = None
    requested_model: str | None = None
    model: str | None = None
    provider: str | None = None
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    time_to_first_token_ms: int | None = None
    """Measured here, from sending to the first text, reasoning or tool call."""
    duration_ms: int | None = None
    """Measured here, from sending to the end."""
    reasoning_ms: int | None = None
    """Measured here, from the first reasoning to the first text or tool call; None where none came."""
    completion: Mapping[str, Any] | None = None
    """The reply as received; a stream folded into the shape of a unary reply."""
    error: Mapping[str, Any] | None = None
    """`ChitError.as_dict()` of what went wrong."""
    created_at: float = 0.0
    settlement: Settlement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chit:
    """The receipt: settled figures where there are any, else what the reply reported, else what was measured here."""

    generation_id: str | None = None
    requested_model: str | None = None
    model: str | None = None
    provider: str | None = None
    reported_cost: Decimal | None = None
    settled_cost: Decimal | None = None
    settlement: SettlementState | None = None
    """None where there is nothing to settle: no generation id was ever seen."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    time_to_first_token_ms: int | None = None
    duration_ms: int | None = None
    latency_ms: int | None = None
    generation_time_ms: int | None = None
    images: int | None = None
    """Pictures in the reply; None where there are none."""
    image_tokens: int | None = None
    """Part of `completion_tokens`."""

    @property
    def cost(self) -> Decimal | None:
        """The best known cost: settled, else reported, else unknown."""
        return self.settled_cost if self.settled_cost is not None else self.reported_cost

    @property
    def tokens_per_second(self) -> float | None:
        """Completion tokens over the time between first token and end, both measured here (design §4)."""
        if self.completion_tokens is None or self.duration_ms is None or self.time_to_first_token_ms is None:
            return None
        span = self.duration_ms - self.time_to_first_token_ms
        return self.completion_tokens * 1000 / span if span > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """The `chit` object of `chit ask --json`: costs as decimal strings, unknown as null."""
        return {
            "generation_id": self.generation_id,
            "requested_model": self.requested_model,
            "model": self.model,
            "provider": self.provider,
            "reported_cost": None if self.reported_cost is None else write_cost(self.reported_cost),
            "settled_cost": None if self.settled_cost is None else write_cost(self.settled_cost),
            "settlement": self.settlement,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cached_tokens": self.cached_tokens,
            "time_to_first_token_ms": self.time_to_first_token_ms,
            "latency_ms": self.latency_ms,
            "generation_time_ms": self.generation_time_ms,
            "images": self.images,
            "image_tokens": self.image_tokens,
        }


def write_chit(generation: Generation) -> Chit:
    """The receipt of one generation. Native counts replace reported ones once settled (design §4)."""
    settlement, usage = generation.settlement, generation.usage
    images, image_tokens = _count_images(generation.completion)
    receipt = Chit(
        generation_id=generation.generation_id,
        requested_model=generation.requested_model,
        model=generation.model,
        provider=generation.provider,
        reported_cost=usage.cost,
        settlement=settlement.state if settlement else None,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cached_tokens=usage.cached_tokens,
        time_to_first_token_ms=generation.time_to_first_token_ms,
        duration_ms=generation.duration_ms,
        images=images,
        image_tokens=image_tokens,
    )
    info = settlement.info if settlement else None
    return receipt if info is None else _settle(receipt, info)


def _settle(receipt: Chit, info: GenerationInfo) -> Chit:
    settled: dict[str, Any] = {
        "model": info.model,
        "provider": info.provider,
        "settled_cost": info.total_cost,
        "prompt_tokens": info.prompt_tokens,
        "completion_tokens": info.completion_tokens,
        "reasoning_tokens": info.reasoning_tokens,
        "cached_tokens": info.cached_tokens,
        "latency_ms": info.latency_ms,
        "generation_time_ms": info.generation_time_ms,
        "images": info.images,
        "image_tokens": info.image_tokens,
    }
    return replace(receipt, **{name: value for name, value in settled.items() if value is not None})


def _count_images(completion: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Pictures in the first choice of a reply, and the tokens they took; None where there are none, or none told."""
    reply = completion or {}
    choices = reply.get("choices")
    images = _inside(_inside(choices[0] if isinstance(choices, list) and choices else None, "message"), "images")
    tokens = _inside(_inside(reply.get("usage"), "completion_tokens_details"), "image_tokens")
    return (len(images) or None if isinstance(images, list) else None), read_count(tokens) or None


def _inside(value: Any, member: str) -> Any:
    return value.get(member) if isinstance(value, Mapping) else None
