"""What the next turn of a conversation takes: of the model's context, and of money. An estimate, from the last turn.

Prices are those of OpenRouter's catalogue (field guide §7.3), US dollars a token. Unknown is None, never zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chit.core.usage import read_cost, read_count

CHARACTERS = 4
"""Of a token, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What is known of the turns of a conversation so far."""

    replies: int = 0
    """Those whose length is known."""
    completion_tokens: int = 0
    """Of these together."""
    saved: Decimal | None = None
    """What caching took off the price; negative where it cost more; None where nothing tells."""

    @property
    def average_reply(self) -> int | None:
        """In tokens."""
        return round(self.completion_tokens / self.replies) if self.replies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Of one model, US dollars a token."""

    prompt: Decimal
    completion: Decimal
    cache_read: Decimal | None = None
    """Of prompt tokens that were in the provider's cache; None where they have no price of their own."""
    request: Decimal = Decimal(0)
    """Of each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTurn:
    """What it takes if it begins like the last one. Tokens."""

    context: int | None
    """What the conversation holds: the last prompt, and the reply to it."""
    length: int | None
    """Of the model's context."""
    cached: int
    """What of it was in the cache the last time, and is taken to be there again."""
    reply: int | None
    """As long as replies are on average here, else as long as one may be."""
    prices: Prices | None

    @property
    def share(self) -> Decimal | None:
        """How full the context is, 1 and more when it is."""
        if self.context is None or not self.length:
            return None
        return Decimal(self.context) / self.length

    @property
    def fits(self) -> bool | None:
        """Whether the next turn has room for its reply, before anything is written."""
        if self.context is None or not self.length:
            return None
        return self.context + (self.reply or 0) < self.length

    @property
    def cost(self) -> Decimal | None:
        """US dollars, without what the person writes."""
        if self.prices is None or self.context is None or self.reply is None:
            return None
        return price_turn(self.prices, prompt=self.context, cached=self.cached, completion=self.reply)

    @property
    def cost_of_writing(self) -> Decimal | None:
        """US dollars that each thousand characters add."""
        return None if self.prices is None else self.prices.prompt * 1000 / CHARACTERS


def price_turn(prices: Prices, *, prompt: int, cached: int, completion: int) -> Decimal:
    """US dollars, exact. `cached` of the prompt's tokens come from the cache."""
    cached = min(cached, prompt)
    cache_read = prices.prompt if prices.cache_read is None else prices.cache_read
    return prices.request + prices.prompt * (prompt - cached) + cache_read * cached + prices.completion * completion


def look_ahead(
    *,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    cached_tokens: int | None,
    turns: Turns,
    model: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
) -> NextTurn:
    """From the last turn's tokens, the model's record in the catalogue, and the parameters of the next request."""
    context = None if prompt_tokens is None else prompt_tokens + (completion_tokens or 0)
    caps = [count for name in ("max_tokens", "max_completion_tokens") if (count := read_count(parameters.get(name)))]
    lengths = [*caps] if turns.average_reply is None else [turns.average_reply, *caps]
    return NextTurn(
        context=context,
        length=read_count(model.get("context_length")) or None if model else None,
        cached=cached_tokens or 0,
        reply=min(lengths, default=None),
        prices=read_prices(model.get("pricing"), prompt_tokens=context or 0) if model else None,
    )


def find_model(models: Iterable[Mapping[str, Any]], *names: str | None) -> Mapping[str, Any] | None:
    """The catalogue's record of the first of these names that it knows, by id or by the dated one that replies carry.

    A variant that it does not list (`:nitro`) is its model.
    """
    known: dict[str, Mapping[str, Any]] = {}
    for model in models:
        for member in ("canonical_slug", "id"):
            if isinstance(name := model.get(member), str):
                known[name] = model
    for name in filter(None, names):
        if found := known.get(name) or known.get(name.partition(":")[0]):
            return found
    return None


def read_prices(pricing: Any, *, prompt_tokens: int) -> Prices | None:
    """For a prompt of so many tokens; None where prompt or completion have no price. Times of day are left out."""
    if not isinstance(pricing, Mapping):
        return None
    found = dict(pricing)
    overrides = pricing.get("overrides")
    for override in overrides if isinstance(overrides, Sequence) else ():
        if isinstance(override, Mapping) and _applies(override, prompt_tokens):
            found |= override
    discount = read_cost(found.get("discount")) or Decimal(0)
    prices = {
        name: price * (1 - discount)
        for name in ("prompt", "completion", "input_cache_read", "request")
        if (price := read_cost(found.get(name))) is not None and price >= 0
    }
    if "prompt" not in prices or "completion" not in prices:
        return None
    return Prices(
        prompt=prices["prompt"],
        completion=prices["completion"],
        cache_read=prices.get("input_cache_read"),
        request=prices.get("request", Decimal(0)),
    )


def _applies(override: Mapping[str, Any], prompt_tokens: int) -> bool:
    least = read_count(override.get("min_prompt_tokens"))
    return least is not None and prompt_tokens > least and not any(name.startswith("utc_") for name in override)
