"""Models to suggest for what a person has typed: by words in order, best first, with what there is to know of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chit.core.usage import read_cost

MOST = 12
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One model."""

    id: str
    facts: tuple[str, ...]
    """What it costs per million tokens, how much fits in, until when there is it; what is unknown is left out."""


def suggest_models(models: Sequence[Mapping[str, Any]], typed: str) -> list[Suggestion]:
    """At most a dozen, of OpenRouter's records (field guide §7.2). Variants and presets are left to who types them."""
    words = typed.lower().replace("/", " ").split()
    found = []
    for place, model in enumerate(models):
        id = model.get("id")
        if isinstance(id, str) and (rank := _rank(id, str(model.get("name", "")), words)) is not None:
            found.append((rank, place, model))
    found.sort(key=lambda each: each[:2])
    return [_describe(model) for _, _, model in found[:MOST]]


def _rank(id: str, name: str, words: list[str]) -> int | None:
    """Smaller is better; None where a word is missing."""
    low, text = id.lower(), f"{id} {name}".lower()
    if not all(word in text for word in words):
        return None
    typed, slug = "/".join(words), low.partition("/")[2]
    if typed in (low, slug):
        return 0
    if low.startswith(typed) or slug.startswith(words[0] if words else ""):
        return 1
    return 2 if all(word in low for word in words) else 3


def _describe(model: Mapping[str, Any]) -> Suggestion:
    facts = (_tell_price(_object(model, "pricing")), _tell_size(model.get("context_length")))
    expires = model.get("expiration_date")
    end = f"until {expires}" if isinstance(expires, str) and expires else ""
    return Suggestion(id=model["id"], facts=tuple(filter(None, (*facts, end))))


def _tell_price(pricing: Mapping[str, Any]) -> str:
    prompt, completion = (_per_million(pricing.get(name)) for name in ("prompt", "completion"))
    if prompt is None or completion is None:
        return ""
    return "free" if prompt == completion == "0" else f"${prompt} in, ${completion} out per M"


def _tell_size(tokens: Any) -> str:
    return f"{round(tokens / 1000)}k" if isinstance(tokens, int) and tokens > 0 else ""


def _per_million(price: Any) -> str | None:
    """Negative and unreadable prices are unknown (field guide §7.3)."""
    cost = read_cost(price)
    if cost is None or cost < 0:
        return None
    return f"{(cost * Decimal(_MILLION)).normalize():f}"


def _object(model: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = model.get(name)
    return value if isinstance(value, Mapping) else {}
