"""Words of others made fit to stand in a message of ours: one line, bounded, nothing that drives a terminal.

OpenRouter's and the providers' texts are theirs, and a provider's may repeat what a stranger wrote.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_json

MAX_TEXT = 300
"""Characters of a foreign text that one message may carry."""

MAX_READ = 4_000
"""Characters of a foreign text that are looked at at all."""

_MAX_NESTED = 64 * 1024
_NESTING = 6
_TELLING = ("metadata", "raw", "message", "detail", "msg", "error", "errors")
"""Where a provider's own words hide, the innermost first (field guide §4.8: "often JSON inside a string")."""

_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
_USER_ID = re.compile(r'("user_id\\{0,8}"\s{0,8}:\s{0,8}\\{0,8}")[^"\\]+|\buser_[0-9A-Za-z]{16,}')
_PAGE = re.compile(r"https://openrouter\.ai(?:/[\w.~/?#=&%-]*)?", re.ASCII)
_MODEL = re.compile(r"[~@\w./:-]{1,200}", re.ASCII)


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` on one line, without control and invisible characters, cut to `limit` of them with an ellipsis."""
    line = " ".join(hide_user_id(text[:MAX_READ]).split())
    line = "".join(char for char in line if unicodedata.category(char) not in _INVISIBLE)
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def hide_user_id(text: str) -> str:
    """`text` with account ids blotted out; errors carry them beside the message (field guide §11, trap 38)."""
    return _USER_ID.sub(lambda found: f"{found[1] or 'user_'}…", text)


def clean_page(url: Any) -> str | None:
    """`url` if it is a plain https address at openrouter.ai, else None: a reply must not send people elsewhere."""
    return url if isinstance(url, str) and len(url) <= MAX_TEXT and _PAGE.fullmatch(url) else None


def clean_models(ids: Any, most: int = 5) -> tuple[str, ...]:
    """The first `most` texts of a list that can be model ids."""
    return tuple(id for id in clean_list(ids) if _MODEL.fullmatch(id))[:most]


def clean_list(value: Any) -> tuple[str, ...]:
    """The non-empty texts of a list, cleaned, ten at most."""
    texts = [clean_text(item, 200) for item in value[:10] if isinstance(item, str)] if isinstance(value, list) else []
    return tuple(text for text in texts if text)


def find_inner_text(value: Any, nesting: int = _NESTING) -> str | None:
    """What a provider said, dug out of `metadata.raw`: a text, JSON, or JSON inside a string; None if not readable."""
    if isinstance(value, str):
        nested = _decode_nested(value)
        if nested is None:
            return None if value.lstrip().startswith("<") else clean_text(value) or None
        value = nested
    if nesting == 0:
        return None
    if isinstance(value, list):
        return find_inner_text(value[0], nesting - 1) if value else None
    if not isinstance(value, Mapping):
        return None
    found = (find_inner_text(value.get(name), nesting - 1) for name in _TELLING)
    return next((text for text in found if text), None)


def _decode_nested(text: str) -> Mapping[str, Any] | list[Any] | None:
    if len(text) > _MAX_NESTED or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = decode_json(text.encode("utf-8", "replace"))
    except JsonInvalid:
        return None
    return value if isinstance(value, Mapping | list) else None
