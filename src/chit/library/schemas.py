"""Types of Python as JSON schemas: what a model is told of a function's parameters, or of the answer that is wanted.

    str int float bool None Any   Literal Enum   X | Y, Optional   list tuple set dict, and their abstract kinds
    dataclasses, TypedDicts, pydantic models   date datetime time UUID Decimal   Annotated[X, "what it is"]

Everything else is a mistake of the programmer: a `TypeError` that says which type of which parameter it is.
"""

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin
from uuid import UUID

from chit.core.json_schema import find_flaw

LISTS = (list, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
LISTS_TOO = (collections.abc.Set, collections.abc.MutableSequence, collections.abc.MutableSet)
MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_SIMPLE: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Decimal: {"type": "number"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
    Any: {},
    object: {},
}
_JSON_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}
_WRAPPERS = (Required, NotRequired)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One field of a class, or one parameter of a function."""

    name: str
    annotation: Any
    is_required: bool = True
    default: Any = None
    """Of one that is not required; None where there is none to tell."""


def describe_type(annotation: Any) -> dict[str, Any]:
    """The whole schema of a type, its classes under `$defs`. Raises `TypeError`."""
    describer = _Describer()
    return describer.finish(describer.describe(annotation))


def describe_members(members: typing.Iterable[Member]) -> dict[str, Any]:
    """The whole schema of an object with these members. Raises `TypeError`."""
    describer = _Describer()
    return describer.finish(describer.describe_object(members))


def strip_type(annotation: Any) -> Any:
    """A type without what stands around it: names of its own, and what it is annotated with."""
    while (inside := _strip_layer(annotation)) is not annotation:
        annotation = inside
    return annotation


def _strip_layer(annotation: Any) -> Any:
    if get_origin(annotation) in (Annotated, *_WRAPPERS):
        return get_args(annotation)[0]
    if isinstance(annotation, typing.NewType):
        return annotation.__supertype__
    if type(annotation).__name__ == "TypeAliasType":  # from Python 3.12 on: `type City = …`
        return annotation.__value__
    is_bare = get_origin(annotation) is not None and not get_args(annotation)  # typing.List
    return get_origin(annotation) if is_bare else annotation


def is_union(annotation: Any) -> bool:
    """Whether it is one, however it is written."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_model(annotation: Any) -> bool:
    """Whether it is a pydantic model; pydantic itself need not be there."""
    return isinstance(annotation, type) and all(
        hasattr(annotation, name) for name in ("model_json_schema", "model_validate")
    )


def list_members(kind: type) -> list[Member] | None:
    """The fields of a dataclass or a TypedDict; None for any other class. Raises `TypeError`."""
    if dataclasses.is_dataclass(kind):
        hints = find_hints(kind)
        return [_read_field(each, hints[each.name]) for each in dataclasses.fields(kind) if each.init]
    if typing.is_typeddict(kind):
        required: frozenset[str] = kind.__required_keys__  # type: ignore[attr-defined]
        return [
            Member(name=name, annotation=hint, is_required=name in required and get_origin(hint) is not NotRequired)
            for name, hint in find_hints(kind).items()
        ]
    return None


def find_hints(of: Any) -> dict[str, Any]:
    """The annotations of a class or a function, texts among them looked up. Raises `TypeError`."""
    try:
        return typing.get_type_hints(of, include_extras=True)
    except NameError as error:
        name = getattr(of, "__qualname__", of)
        raise TypeError(f"{name}: {error}; a type that is written as text must be known at the top level") from error


def _read_field(field: "dataclasses.Field[Any]", hint: Any) -> Member:
    has_default = field.default is not dataclasses.MISSING
    is_required = not has_default and field.default_factory is dataclasses.MISSING
    default = field.default if has_default else None
    return Member(name=field.name, annotation=hint, is_required=is_required, default=default)


class _Describer:
    """One schema under way."""

    def __init__(self) -> None:
        self._names: dict[type, str] = {}
        self._defs: dict[str, Any] = {}

    def finish(self, schema: dict[str, Any]) -> dict[str, Any]:
        """With the definitions; a class at the root stands there itself, as models want an object there."""
        defs = dict(self._defs)
        if schema.keys() == {"$ref"}:
            name = schema["$ref"].rpartition("/")[2]
            schema = defs[name]
            if not any(_refers(each, name) for each in defs.values()):
                del defs[name]
        schema = {**schema, "$defs": defs} if defs else schema
        if (flaw := find_flaw(schema)) is not None:  # of what a type is annotated with
            raise TypeError(f"that makes no JSON schema: {flaw}")
        return schema

    def describe(self, annotation: Any) -> dict[str, Any]:
        if get_origin(annotation) is Annotated:
            return self._describe_annotated(*get_args(annotation))
        inside = _strip_layer(annotation)
        if inside is not annotation:
            return self.describe(inside)
        if isinstance(annotation, collections.abc.Hashable) and annotation in _SIMPLE:
            return dict(_SIMPLE[annotation])
        if is_union(annotation):
            return {"anyOf": [self.describe(each) for each in get_args(annotation)]}
        if get_origin(annotation) is Literal:
            return _describe_choices(get_args(annotation))
        if get_origin(annotation) is not None:
            return self._describe_generic(annotation)
        return self._describe_class(annotation)

    def describe_object(self, members: typing.Iterable[Member]) -> dict[str, Any]:
        properties, required = {}, []
        for each in members:
            try:
                schema = self.describe(each.annotation)
            except TypeError as error:
                raise TypeError(f"{each.name}: {error}") from error
            if each.is_required:
                required.append(each.name)
            elif isinstance(each.default, str | int | float | bool):
                schema["default"] = each.default.value if isinstance(each.default, Enum) else each.default
            properties[each.name] = schema
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _describe_annotated(self, annotation: Any, *about: Any) -> dict[str, Any]:
        schema = self.describe(annotation)
        for each in about:
            if isinstance(each, str):
                schema["description"] = each
            elif isinstance(each, Mapping):
                schema |= each
        return schema

    def _describe_generic(self, annotation: Any) -> dict[str, Any]:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is tuple:
            return self._describe_tuple(inner)
        if origin in LISTS or origin in LISTS_TOO:
            return {"type": "array", "items": self.describe(inner[0])}
        if origin in MAPPINGS and strip_type(inner[0]) is str:
            return {"type": "object", "additionalProperties": self.describe(inner[1])}
        raise TypeError(f"{annotation} has no JSON schema")

    def _describe_tuple(self, inner: tuple[Any, ...]) -> dict[str, Any]:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return {"type": "array", "items": self.describe(inner[0])}
        schemas = [self.describe(each) for each in inner]
        return {"type": "array", "prefixItems": schemas, "minItems": len(inner), "maxItems": len(inner)}

    def _describe_class(self, kind: Any) -> dict[str, Any]:
        if kind is tuple or kind in LISTS or kind in LISTS_TOO:
            return {"type": "array", "items": {}}
        if kind in MAPPINGS:
            return {"type": "object"}
        if not isinstance(kind, type):
            raise TypeError(f"{kind!r} is no type that has a JSON schema")
        if issubclass(kind, Enum):
            return _describe_choices(tuple(each.value for each in kind))
        if is_model(kind):
            return self._take_model(kind)
        return {"$ref": f"#/$defs/{self._define(kind)}"}

    def _define(self, kind: type) -> str:
        """The name of a class among the definitions."""
        if kind not in self._names:
            members = list_members(kind)
            if members is None:
                raise TypeError(f"{kind.__qualname__} has no JSON schema; a dataclass or a TypedDict would")
            name = self._names[kind] = self._choose_name(kind.__name__)
            self._defs[name] = {}
            about = "" if (kind.__doc__ or "").startswith(f"{kind.__name__}(") else _first_paragraph(kind.__doc__)
            described = {"description": about} if about else {}
            self._defs[name] = {**self.describe_object(members), **described}
        return self._names[kind]

    def _choose_name(self, wanted: str) -> str:
        number = 1
        while (name := wanted if number == 1 else f"{wanted}{number}") in self._defs:
            number += 1
        return name

    def _take_model(self, kind: Any) -> dict[str, Any]:
        """A pydantic model's own schema, with its definitions among ours."""
        schema = dict(kind.model_json_schema())
        for name, each in schema.pop("$defs", {}).items():
            if self._defs.setdefault(name, each) != each:
                raise TypeError(f"two classes are called {name}")
        return schema


def _describe_choices(values: tuple[Any, ...]) -> dict[str, Any]:
    values = tuple(each.value if isinstance(each, Enum) else each for each in values)
    if any(each is not None and type(each) not in _JSON_TYPES for each in values):
        raise TypeError(f"of {values!r}, not every one has a JSON form")
    kinds = {_JSON_TYPES.get(type(each), "null") for each in values}
    return {**({"type": kinds.pop()} if len(kinds) == 1 else {}), "enum": list(values)}


def _refers(schema: Any, name: str) -> bool:
    """Whether a definition is referred to, at any depth."""
    if isinstance(schema, Mapping):
        return schema.get("$ref") == f"#/$defs/{name}" or any(_refers(each, name) for each in schema.values())
    return isinstance(schema, list) and any(_refers(each, name) for each in schema)


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").strip().partition("\n\n")[0].split())
