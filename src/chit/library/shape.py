"""Structured output: a type as what a reply is to be, and a reply's text as a value of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chit.core.json_format import clean_name, write_json_format
from chit.core.json_verdict import judge_json
from chit.errors import OutputInvalid
from chit.library.schemas import describe_type
from chit.library.values import ValueInvalid, read_value

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
        return write_json_format(self.name, strict or self.schema, is_strict=strict is not None)

    def read(self, text: str, finish_reason: str | None) -> T:
        """The value in a reply's text. Raises `OutputInvalid`."""
        verdict = judge_json(text, self.schema, finish_reason)
        if verdict.kind != "fits":
            raise self._refuse(verdict.told, text)
        try:
            read: T = read_value(self.kind, verdict.value[_VALUE] if self.is_wrapped else verdict.value)
        except ValueInvalid as error:
            raise self._refuse(str(error), text) from error
        return read

    def _refuse(self, reason: str, text: str) -> OutputInvalid:
        return OutputInvalid(f"the reply is no {self.name}: {reason}", hint=_HINT, text=text)


def make_shape(kind: type[T]) -> Shape[T]:
    """Raises `TypeError` for a type that has no JSON schema."""
    schema = describe_type(kind)
    name = clean_name(getattr(kind, "__name__", None) or str(kind))
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
    return Shape(kind=kind, name=name, schema=schema, is_wrapped=is_wrapped)


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
