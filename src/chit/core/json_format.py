"""Asking for a reply as JSON by a schema, and whether a request did (field guide §2.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_NAME = 64
"""Characters that OpenRouter takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFormat:
    """What was asked for."""

    schema: Any = None
    """None for any JSON."""


def find_json_format(body: bytes) -> JsonFormat | None:
    """That of a request's body (field guide §2.5); None for text and all else."""
    if b'"response_format"' not in body:  # most requests: reading one of many megabytes takes a while
        return None
    try:
        wanted = decode_object(body).get("response_format")
    except JsonInvalid:
        return None
    if not isinstance(wanted, Mapping):
        return None
    kind = wanted.get("type")
    if kind == "json_schema":
        inner = wanted.get("json_schema")
        return JsonFormat(schema=inner.get("schema") if isinstance(inner, Mapping) else None)
    return JsonFormat() if kind == "json_object" else None


def clean_name(text: str) -> str:
    """`text` as a schema may be called, `reply` if nothing is left of it."""
    return _NOT_IN_A_NAME.sub("_", text)[:_MOST_NAME].strip("_-") or "reply"


def write_json_format(name: str, schema: Mapping[str, Any], *, is_strict: bool) -> dict[str, Any]:
    """The `response_format`. `name` is clean; some providers refuse an open schema that is said to be strict."""
    strict = {"strict": True} if is_strict else {}
    return {"type": "json_schema", "json_schema": {"name": name, **strict, "schema": dict(schema)}}
