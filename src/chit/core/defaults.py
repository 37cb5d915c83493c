"""Defaults of requests: what is sent where a request does not say it itself."""

from collections.abc import Mapping
from typing import Any

ALIASES = (
    frozenset({"model", "models"}),
    frozenset({"max_tokens", "max_completion_tokens"}),
    frozenset({"reasoning", "reasoning_effort", "include_reasoning"}),
)
"""Names that answer the same question: a request that gives one of them has answered it."""
_MERGED = "provider"
"""Its members are independent of each other, and some protect the person: a request that sorts by price must not lose
the default that denies the collection of data."""


def model_parameters(text: str | None) -> dict[str, Any]:
    """One id is `model`, several with commas are `models`; an empty one is left out.

    To OpenRouter "" is not "omitted" (field guide §2.9).
    """
    ids = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not ids:
        return {}
    return {"model": ids[0]} if len(ids) == 1 else {"models": ids}


def requested_model(request: Mapping[str, Any]) -> str | None:
    """The id that a request asks for first; None where it leaves that to the account."""
    model, models = request.get("model"), request.get("models")
    if isinstance(model, str):
        return model
    first = models[0] if isinstance(models, list) and models else None
    return first if isinstance(first, str) else None


def add_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request: `given`, and those of `defaults` that it leaves open.

    A value is taken as a whole, `provider` member by member.
    """
    answered = set(given).union(*(names for names in ALIASES if not names.isdisjoint(given)))
    request = {name: value for name, value in defaults.items() if name not in answered} | dict(given)
    inner, outer = given.get(_MERGED), defaults.get(_MERGED)
    if isinstance(inner, Mapping) and isinstance(outer, Mapping):
        request[_MERGED] = {**outer, **inner}
    return request


def layer_parameters(given: Mapping[str, Any], own: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What a question says, over what its conversation says, over the preferences; null leaves a parameter out.

    So a conversation can do without a default. A member of `provider` that is null is left out as well.
    """
    layered = add_defaults(given, add_defaults(own, defaults))
    if isinstance(inner := layered.get(_MERGED), Mapping):
        layered[_MERGED] = {name: value for name, value in inner.items() if value is not None} or None
    return {name: value for name, value in layered.items() if value is not None}


def choose_parameters(
    given: Mapping[str, Any], own: Mapping[str, Any], defaults: Mapping[str, Any], *, model: str | None
) -> dict[str, Any]:
    """`layer_parameters` for a question to `model`: several with commas, "" for the account's default whatever is
    preferred, None for the preferred one.
    """
    if model is not None:
        defaults = {name: value for name, value in defaults.items() if name not in ("model", "models")}
    return layer_parameters({**model_parameters(model), **given}, own, defaults)
