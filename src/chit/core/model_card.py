"""What there is to know of a model and of those who serve it, from OpenRouter's records (field guide §7)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chit.core.generation import read_text
from chit.core.usage import read_cost, read_count, write_cost

_MILLION = 1_000_000
_PARAMETERS = {"tools": "tools", "structured_outputs": "schema", "reasoning": "reasoning"}
"""By the parameter that says so, what a model can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model. Prices in US dollars a million tokens; None is unknown."""

    id: str
    name: str
    prompt: Decimal | None
    completion: Decimal | None
    cached: Decimal | None
    """Of prompt tokens that a cache has."""
    context: int | None
    """Tokens."""
    most_completion: int | None
    """Tokens of one reply."""
    can: tuple[str, ...]
    """What it takes beside text (`image`, `file`, `audio`, `video`), what it makes beside text (`makes image`), and
    `tools`, `schema`, `reasoning`."""
    expires: str | None
    """The day after which it is gone."""
    description: str = ""

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing."""
        return self.prompt == 0 and self.completion == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One endpoint of a model: who serves it, and how."""

    provider: str
    tag: str
    """By which `provider.order` names it."""
    prompt: Decimal | None
    completion: Decimal | None
    cached: Decimal | None
    context: int | None
    most_completion: int | None
    quantization: str | None
    uptime: Decimal | None
    """Percent of the last half hour, else of the last day."""
    first_token_ms: int | None
    """Half of them came within that time."""
    speed: Decimal | None
    """Tokens a second, of half of them at least."""
    keeps_nothing: bool | None
    """Whether it is among the endpoints that retain no data; None where nobody said."""
    policy: str | None
    """The address of the provider's privacy policy."""
    place: str | None
    """Where its headquarters are."""


def read_card(record: Mapping[str, Any]) -> ModelCard | None:
    """From an object of `GET /models`; None without an id."""
    id = read_text(record.get("id"))
    if id is None:
        return None
    prompt, completion, cached = _read_prices(record)
    return ModelCard(
        id=id,
        name=read_text(record.get("name")) or id,
        prompt=prompt,
        completion=completion,
        cached=cached,
        context=read_count(record.get("context_length")),
        most_completion=read_count(_object(record, "top_provider").get("max_completion_tokens")),
        can=tuple(_read_abilities(record)),
        expires=read_text(record.get("expiration_date")),
        description=read_text(record.get("description")) or "",
    )


def read_offers(
    endpoints: Iterable[Any], providers: Sequence[Mapping[str, Any]], keeping_nothing: Collection[str] | None
) -> list[Offer]:
    """From the records of `GET /models/…/endpoints` and `GET /providers`, the cheapest first.

    `keeping_nothing` are tags of endpoints of this model that retain no data.
    """
    known = {name: each for each in providers if (name := read_text(each.get("name"))) is not None}
    found = [_read_offer(each, known, keeping_nothing) for each in endpoints if isinstance(each, Mapping)]
    return sorted(found, key=lambda each: (each.prompt is None, each.prompt or 0, each.completion or 0, each.tag))


def _read_offer(
    record: Mapping[str, Any], providers: Mapping[str, Mapping[str, Any]], keeping_nothing: Collection[str] | None
) -> Offer:
    prompt, completion, cached = _read_prices(record)
    provider, tag = (read_text(record.get(name)) or "" for name in ("provider_name", "tag"))
    about = providers.get(provider, {})
    uptimes = (read_cost(record.get(name)) for name in ("uptime_last_30m", "uptime_last_1d"))
    first = read_cost(_object(record, "latency_last_30m").get("p50"))
    return Offer(
        provider=provider,
        tag=tag,
        prompt=prompt,
        completion=completion,
        cached=cached,
        context=read_count(record.get("context_length")),
        most_completion=read_count(record.get("max_completion_tokens")),
        quantization=read_text(record.get("quantization")),
        uptime=next((each for each in uptimes if each is not None), None),
        first_token_ms=None if first is None else int(first),
        speed=read_cost(_object(record, "throughput_last_30m").get("p50")),
        keeps_nothing=None if keeping_nothing is None else tag in keeping_nothing,
        policy=read_text(about.get("privacy_policy_url")),
        place=read_text(about.get("headquarters")),
    )


def find_cards(cards: Iterable[ModelCard], words: Iterable[str]) -> list[ModelCard]:
    """Those of which each word is part of the id or the name, or something that it can do, or `free`; as they came."""
    wanted = [word.lower() for word in words]
    return [card for card in cards if all(_fits(card, word) for word in wanted)]


def _fits(card: ModelCard, word: str) -> bool:
    return word in f"{card.id} {card.name}".lower() or word in card.can or (word == "free" and card.is_free)


def card_record(card: ModelCard) -> dict[str, Any]:
    """As `--json` prints it: US dollars a million tokens as decimal text."""
    return {
        "id": card.id,
        "name": card.name,
        **_price_records(card),
        "context": card.context,
        "max_completion": card.most_completion,
        "can": list(card.can),
        "expires": card.expires,
    }


def offer_record(offer: Offer) -> dict[str, Any]:
    """As `card_record`."""
    return {
        "provider": offer.provider,
        "tag": offer.tag,
        **_price_records(offer),
        "context": offer.context,
        "max_completion": offer.most_completion,
        "quantization": offer.quantization,
        "uptime": None if offer.uptime is None else float(offer.uptime),
        "first_token_ms": offer.first_token_ms,
        "tokens_per_second": None if offer.speed is None else float(offer.speed),
        "zero_data_retention": offer.keeps_nothing,
        "privacy_policy": offer.policy,
        "headquarters": offer.place,
    }


def _price_records(priced: ModelCard | Offer) -> dict[str, str | None]:
    prices = {"prompt": priced.prompt, "completion": priced.completion, "cached_prompt": priced.cached}
    return {
        f"{name}_per_million": None if price is None else write_cost(price.normalize())
        for name, price in prices.items()
    }


def _read_prices(record: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    pricing = _object(record, "pricing")
    prompt, completion, cached = (
        _per_million(pricing.get(name)) for name in ("prompt", "completion", "input_cache_read")
    )
    return prompt, completion, cached


def _per_million(price: Any) -> Decimal | None:
    """Negative and unreadable prices are unknown (field guide §7.3)."""
    cost = read_cost(price)
    return None if cost is None or cost < 0 else cost * _MILLION


def _read_abilities(record: Mapping[str, Any]) -> Iterable[str]:
    architecture = _object(record, "architecture")
    takes, makes = (_texts(architecture.get(f"{way}_modalities")) for way in ("input", "output"))
    yield from (each for each in takes if each != "text")
    yield from (f"makes {each}" for each in makes if each != "text")
    supported = _texts(record.get("supported_parameters"))
    yield from (word for parameter, word in _PARAMETERS.items() if parameter in supported)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _object(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}
