"""Models to suggest for what a person has typed: by words in order, best first. Prices per million tokens."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from chit.core.usage import read_cost

MOST = 12
_MILLION = 1_000_000


def suggest_models(models: Sequence[Mapping[str, Any]], typed: str) -> list[dict[str, Any]]:
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


def _describe(model: Mapping[str, Any]) -> dict[str, Any]:
    pricing, kinds = _object(model, "pricing"), _object(model, "architecture")
    prompt, completion = (_per_million(pricing.get(name)) for name in ("prompt", "completion"))
    return {
        "id": model["id"],
        "name": model.get("name"),
        "context_length": model.get("context_length"),
        "prompt": prompt,
        "completion": completion,
        "input": kinds.get("input_modalities"),
        "output": kinds.get("output_modalities"),
        "expires": model.get("expiration_date"),
        "is_free": prompt == completion == "0",
    }


def _per_million(price: Any) -> str | None:
    """Negative and unreadable prices are unknown (field guide §7.3)."""
    cost = read_cost(price)
    if cost is None or cost < 0:
        return None
    return f"{(cost * Decimal(_MILLION)).normalize():f}"


def _object(model: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = model.get(name)
    return value if isinstance(value, Mapping) else {}
