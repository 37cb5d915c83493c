"""What tokens cost: prices, and the usage object OpenRouter reports with every completion (field guide §3.2)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BYOK_FEE = Decimal("0.05")
"""OpenRouter's share of the upstream cost when the provider's key is the caller's own."""

SEARCH_FEE = Decimal("0.005")
"""US dollars per web search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per token."""

    prompt: Decimal
    completion: Decimal
    cache_read: Decimal | None = None
    """For prompt tokens found in the provider's cache; None charges them like others."""

    @classmethod
    def of(cls, prompt: str, completion: str, cache_read: str | None = None) -> "Price":
        """A price from the strings of a catalogue."""
        cached = None if cache_read is None else Decimal(cache_read)
        return cls(prompt=Decimal(prompt), completion=Decimal(completion), cache_read=cached)

    def as_dict(self) -> dict[str, str]:
        """The `pricing` object of `/models`: strings, US dollars per token."""
        shown = {"prompt": f"{self.prompt:f}", "completion": f"{self.completion:f}", "request": "0", "image": "0"}
        return shown if self.cache_read is None else shown | {"input_cache_read": f"{self.cache_read:f}"}


FREE = Price.of("0", "0")
"""The price of a `:free` endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one generation and what they cost."""

    price: Price
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Part of the prompt tokens."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of the completion tokens."""
    image_tokens: int = 0
    audio_tokens: int = 0
    searches: int = 0
    is_byok: bool = False
    has_output: bool = True
    """False for embeddings, which are charged by their prompt alone."""
    reported_cost: Decimal | None = None
    """A recorded cost that stands whatever the price says."""

    @property
    def prompt_cost(self) -> Decimal:
        """US dollars for the prompt, cached tokens at their own price."""
        cached = self.price.prompt if self.price.cache_read is None else self.price.cache_read
        return (self.prompt_tokens - self.cached_tokens) * self.price.prompt + self.cached_tokens * cached

    @property
    def completion_cost(self) -> Decimal:
        """US dollars for the completion, reasoning included."""
        return self.completion_tokens * self.price.completion

    @property
    def upstream_cost(self) -> Decimal:
        """What the provider asks; nothing for a completion without tokens."""
        return self.prompt_cost + self.completion_cost if self.completion_tokens or not self.has_output else Decimal(0)

    @property
    def tool_cost(self) -> Decimal:
        """Web-search fees."""
        return self.searches * SEARCH_FEE

    @property
    def cost(self) -> Decimal:
        """What the account is charged; only the fee when the provider's key is the caller's own."""
        if self.reported_cost is not None:
            return self.reported_cost
        return (self.upstream_cost * BYOK_FEE if self.is_byok else self.upstream_cost) + self.tool_cost

    @property
    def cache_discount(self) -> Decimal | None:
        """US dollars saved by the provider's cache, None when nothing was cached."""
        if not self.cached_tokens or self.price.cache_read is None:
            return None
        return self.cached_tokens * (self.price.prompt - self.price.cache_read)

    def as_dict(self) -> dict[str, Any]:
        """The `usage` object of a completion, costs as JSON numbers."""
        spent = bool(self.completion_tokens)
        details: dict[str, Any] = {
            "upstream_inference_cost": as_number(self.upstream_cost),
            "upstream_inference_prompt_cost": as_number(self.prompt_cost) if spent else 0,
            "upstream_inference_completions_cost": as_number(self.completion_cost),
        }
        usage: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "cost": as_number(self.cost),
            "is_byok": self.is_byok,
            "prompt_tokens_details": {
                "cached_tokens": self.cached_tokens,
                "cache_write_tokens": 0,
                "audio_tokens": 0,
                "video_tokens": 0,
            },
            "cost_details": details,
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "image_tokens": self.image_tokens,
                "audio_tokens": self.audio_tokens,
            },
        }
        if self.searches:
            details["server_tool_cost"] = as_number(self.tool_cost)
            usage["server_tool_use_details"] = {
                "web_search_requests": self.searches,
                "tool_calls_requested": self.searches,
                "tool_calls_executed": self.searches,
            }
        return usage


def as_text(amount: Decimal) -> str:
    """A decimal string without exponent or trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_number(amount: Decimal) -> float | int:
    """A JSON number whose shortest text is the amount; whole amounts as integers, as OpenRouter writes them."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
