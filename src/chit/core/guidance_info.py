"""What is said of a kind of failure; the kinds are described in `guidance_refusals` and `guidance_failures`.

`cause` and `hint` are templates; `fill` of `guidance_facts` completes them, with general words
when no failure is at hand.
"""

from dataclasses import dataclass
from typing import Literal

from chit.core.guidance_names import fill
from chit.core.guidance_offers import Offer

Kind = Literal[
    "no_model",
    "model_unknown",
    "model_unavailable",
    "data_policy",
    "guardrail",
    "no_endpoint",
    "key_missing",
    "key_rejected",
    "key_wrong_kind",
    "credits_exhausted",
    "credits_insufficient",
    "credits_in_flight",
    "key_limit",
    "budget",
    "moderation",
    "content_blocked",
    "attestation",
    "request_invalid",
    "context_too_long",
    "payload_too_large",
    "free_quota",
    "rate_limited",
    "capacity",
    "provider_failed",
    "provider_overloaded",
    "upstream_timeout",
    "upstream_error",
    "bad_gateway_page",
    "stream_error",
    "stream_cut",
    "empty_completion",
    "stalled",
    "offline",
    "tls",
    "unexpected_reply",
    "locked",
    "unknown",
]

EXIT_NO_KEY, EXIT_REJECTED, EXIT_NO_MONEY, EXIT_UPSTREAM, EXIT_OTHER = 3, 4, 5, 6, 1
"""Families of exit codes: no usable key; refused as asked; credits, limits, quotas; upstream, network, broken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """What holds for every failure of a kind, unless a rule knows better."""

    cause: str
    hint: str
    exit_code: int
    link: str | None = None
    offers: tuple[Offer, ...] = ()
    """Everything that any failure of the kind may offer."""
    retryable: bool = False
    quotes: bool = False
    """OpenRouter's or the provider's own words follow the cause."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the buttons say."""
        return tuple(offer.label for offer in self.offers)

    def describe(self) -> tuple[str, str]:
        """Cause and hint in general words, for documentation."""
        return fill(self.cause), fill(self.hint)
