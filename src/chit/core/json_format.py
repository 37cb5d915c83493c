"""Whether a request asked for its reply as JSON, and by which schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object


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
