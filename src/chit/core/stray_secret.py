"""Secrets where none belong: in preferences, which are plain text that people copy, publish and send along."""

import re
from collections.abc import Mapping
from typing import Any

_KEY = re.compile(r"sk-or-v\d|(?<![\w-])sk-(?![\w-]*/)[\w-]+")
"""`sk-…` where a word begins, unless a slash follows: then it is the author of a model."""
_SECRET_NAME = re.compile(
    r"(^|_)(api_?key|key|token|pass|passwd|password|passphrase|secret|credentials?|authorization)$"
)
_HARMLESS_NAMES = frozenset({"prompt_cache_key"})
"""Documented request parameters that only sound like secrets."""


def holds_key(text: str) -> bool:
    """Whether something in `text` looks like an API key."""
    return _KEY.search(text) is not None


def names_secret(name: str) -> bool:
    """Whether a value of that name would be a secret: `api_key`, `token`, `password` and the like."""
    return name not in _HARMLESS_NAMES and _SECRET_NAME.search(name.lower().replace("-", "_")) is not None


def find_secret(values: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The way to the first secret, by name or by look, among nested values; None without one.

    The way stops short of a name that is itself a key, so that it can be shown. Names count where the value is text:
    in the JSON schema of a tool, `token` is only what an argument is called.
    """
    for name, value in values.items():
        if holds_key(name):
            return ()
        if (isinstance(value, str) and names_secret(name)) or (inside := _find_inside(value)) == ():
            return (name,)
        if inside is not None:
            return (name, *inside)
    return None


def _find_inside(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return () if holds_key(value) else None
    if isinstance(value, Mapping):
        return find_secret(value)
    for each in value if isinstance(value, list) else ():
        if (found := _find_inside(each)) is not None:
            return found
    return None
