"""Structured output: a type as what a reply is to be, and a reply's text as a value of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chit.core.json_layout import unwrap
from chit.core.jsontext import JsonInvalid, decode_json
from chit.errors import OutputInvalid
from chit.library.schemas import describe_type
from chit.library.values import ValueInvalid, check_value, read_value

T = TypeVar("T")
_VALUE = "value"
"""The member that holds what is no object: models want one at the root."""
_HINT = "What it says is in `text`, and is kept. Ask again, or a model whose page lists structured outputs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Generic[T]):
    """What a reply is to be."""

    kind: type[T]
    name: str
    """For people and models: the type's."""
    schema: Mapping[str, Any]
    is_wrapped: bool
    """Whether the value stands in a member of an object."""

    def as_format(self) -> dict[str, Any]:
        """The `response_format` that asks for it (field guide §2.5); strict where the schema can be."""
        strict = close_schema(self.schema)
        described = {"name": self.name, "strict": strict is not None, "schema": strict or dict(self.schema)}
        return {"type": "json_schema", "json_schema": described}

    def read(self, text: str, finish_reason: str | None) -> T:
        """The value in a reply's text. Raises `OutputInvalid`."""
        try:
            value = decode_json(unwrap(text).encode("utf-8", "replace"))
        except JsonInvalid as error:
            raise self._refuse(_say_why_not(str(error), text, finish_reason), text) from error
        try:
            check_value(self.schema, value)
            read: T = read_value(self.kind, value[_VALUE] if self.is_wrapped else value)
        except ValueInvalid as error:
            raise self._refuse(str(error), text) from error
        return read

    def _refuse(self, reason: str, text: str) -> OutputInvalid:
        return OutputInvalid(f"the reply is no {self.name}: {reason}", hint=_HINT, text=text)


def make_shape(kind: type[T]) -> Shape[T]:
    """Raises `TypeError` for a type that has no JSON schema."""
    schema = describe_type(kind)
    name = "".join(each if each.isascii() and each.isalnum() else "_" for each in getattr(kind, "__name__", str(kind)))
    is_wrapped = schema.get("type") != "object"
    if is_wrapped:
        defs = schema.pop("$defs", None)
        schema = {
            "type": "object",
            "properties": {_VALUE: schema},
            "required": [_VALUE],
            "additionalProperties": False,
            **({"$defs": defs} if defs else {}),
        }
    return Shape(kind=kind, name=name[:64].strip("_") or "answer", schema=schema, is_wrapped=is_wrapped)


def close_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """As strict mode wants it: objects closed, members required, no defaults; None where it cannot say the same."""
    try:
        return _close(schema)
    except _Open:
        return None


class _Open(Exception):
    """It allows what nobody can list."""


def _close(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {name: schema[name] for name in ("$ref", "$defs") if name in schema}  # it stands alone there
    kind, properties = schema.get("type"), schema.get("properties")
    if not schema.keys() & {"type", "enum", "anyOf"} or schema.keys() & {"oneOf", "allOf", "prefixItems"}:
        raise _Open
    if kind == "object" and (not properties or schema.get("additionalProperties") not in (None, False)):
        raise _Open
    closed = {name: value for name, value in schema.items() if name != "default"}
    for name in ("properties", "$defs"):
        if name in closed:
            closed[name] = {each: _close(inner) for each, inner in closed[name].items()}
    if "anyOf" in closed:
        closed["anyOf"] = [_close(each) for each in closed["anyOf"]]
    if "items" in closed:
        closed["items"] = _close(closed["items"])
    if properties:
        closed |= {"required": list(properties), "additionalProperties": False}
    return closed


def _say_why_not(error: str, text: str, finish_reason: str | None) -> str:
    if not text.strip():
        return "it says nothing"
    if finish_reason == "length":
        return "it was cut at the token limit, so that the JSON is not whole"
    return f"it is not JSON: {error}"
