"""What went wrong with a generation, from the JSON of a file: in the shape in which pages and terminals show it."""

from collections.abc import Mapping
from typing import Any

from chit.core.members import DossierInvalid

_TEXTS = ("kind", "message", "hint")
_MEMBERS = ("code", "raw", "status", "provider", "retry_after")
_TEXTS_OR_NULL = ("link", "provider", "raw")


def check_error(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """`error` itself if it has the shape of `ChitError.as_dict()`. Raises `DossierInvalid`."""
    if error is not None and not _is_shown(error):
        raise DossierInvalid("an error in it cannot be what it says")
    return error


def _is_shown(error: Mapping[str, Any]) -> bool:
    actions = error.get("actions")
    return (
        all(isinstance(error.get(name), str) for name in _TEXTS)
        and all(name in error for name in (*_MEMBERS, "link"))
        and all(error[name] is None or isinstance(error[name], str) for name in _TEXTS_OR_NULL)
        and all(error[name] is None or _is_number(error[name]) for name in ("status", "retry_after"))
        and isinstance(actions, list)
        and all(map(_is_action, actions))
    )


def _is_action(action: Any) -> bool:
    if not isinstance(action, Mapping) or not all(isinstance(action.get(name), str) for name in ("kind", "label")):
        return False
    models = action.get("models", [])
    return (
        isinstance(action.get("url", ""), str)
        and (action["kind"] != "open_link" or "url" in action)
        and isinstance(action.get("changes", {}), Mapping)
        and isinstance(models, list)
        and all(isinstance(model, str) for model in models)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
