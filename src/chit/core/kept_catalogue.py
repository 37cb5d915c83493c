"""The catalogue as it is kept: one setting, bound to the base URL that it came from."""

from collections.abc import Mapping, Sequence
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object, encode_json

SETTING = "catalogue"
_BULKY = frozenset({"description", "benchmarks", "links"})
"""Members that make most of the catalogue's size, and that nothing here shows."""

Models = Sequence[Mapping[str, Any]]


def trim_model(model: Mapping[str, Any]) -> dict[str, Any]:
    """OpenRouter's record of a model (field guide §7.2) without its longest members."""
    return {name: value for name, value in model.items() if name not in _BULKY}


def write_catalogue(models: Models, *, base_url: str, fetched_at: float) -> str:
    """The value of the setting; `fetched_at` in unix seconds."""
    return encode_json({"base_url": base_url, "fetched_at": fetched_at, "models": models}).decode()


def read_catalogue(text: str | None, base_url: str) -> tuple[Models, float]:
    """The models, and since when they are kept; none, from ever, where there are none of that base URL."""
    try:
        record = decode_object((text or "").encode())
    except JsonInvalid:
        return (), 0.0
    models, fetched_at = record.get("models"), record.get("fetched_at")
    if record.get("base_url") != base_url or not isinstance(models, list) or not isinstance(fetched_at, float):
        return (), 0.0
    return [model for model in models if isinstance(model, Mapping)], fetched_at
