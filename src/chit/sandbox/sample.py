"""A sample: some JSON value that fits a JSON schema."""

from collections.abc import Mapping
from typing import Any

from chit.sandbox.chunks import encode_wire

_DEEPEST = 5
_FORMATS: Mapping[str, str] = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T12:00:00+00:00",
    "time": "12:00:00",
    "uuid": "0198f2c4-6d3b-7c55-8a1e-3f0b6c2d9e71",
}
_SCALARS: Mapping[str, Any] = {"string": "sandbox", "integer": 42, "number": 4.2, "boolean": True, "null": None}


def encode_sample(schema: Mapping[str, Any]) -> str:
    """JSON text of a value for the schema; an unusable schema gives a small greeting."""
    if not schema:
        return '{"message":"Hello from the sandbox"}'
    return encode_wire(make_sample(schema)).decode()


def make_sample(schema: Mapping[str, Any]) -> Any:
    """A value for the schema: first choices, one item per array, every property; nesting ends at a fixed depth."""
    return _sample(schema, schema, 0)


def _sample(schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    if "const" in schema:
        return schema["const"]
    if _has_choices(schema, "enum"):
        return schema["enum"][0]
    if isinstance(schema.get("$ref"), str):
        return _sample(_resolve(schema["$ref"], root), root, depth + 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        if _has_choices(schema, choice):
            return _sample(schema[choice][0], root, depth + 1)
    return _sample_of_type(schema, root, depth)


def _sample_of_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "array":
        if _has_choices(schema, "prefixItems"):
            return [_sample(item, root, depth + 1) for item in schema["prefixItems"]]
        return [_sample(schema.get("items"), root, depth + 1)]
    if kind == "object" or "properties" in schema:
        members = schema.get("properties")
        inner = members.items() if isinstance(members, dict) else ()
        return {name: _sample(member, root, depth + 1) for name, member in inner}
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), _SCALARS["string"])
    return _SCALARS.get(str(kind))


def _has_choices(schema: Mapping[str, Any], name: str) -> bool:
    return isinstance(schema.get(name), list) and bool(schema[name])


def _resolve(reference: str, root: Mapping[str, Any]) -> Any:
    place: Any = root
    for name in reference.removeprefix("#/").split("/"):
        place = place.get(name) if isinstance(place, dict) else None
    return place
