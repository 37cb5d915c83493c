"""JSON values as values of Python types, and back: what `schemas` describes, made real."""

import dataclasses
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from chit.core.json_schema import show_path
from chit.core.jsontext import encode_json
from chit.core.schema_match import Undecided, find_violation
from chit.library.schemas import MAPPINGS, Member, describe_type, is_model, is_union, list_members, strip_type

Path = tuple[str | int, ...]


class ValueInvalid(ValueError):
    """A value is not of its type. `str()` of it says where and why."""


def read_value(annotation: Any, value: Any) -> Any:
    """The value of that type which a JSON value that fits its schema stands for. Raises `ValueInvalid`."""
    return _read(annotation, value, ())


def read_members(members: Iterable[Member], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function, by name. Raises `ValueInvalid`."""
    return {
        each.name: _read(each.annotation, values[each.name], (each.name,)) for each in members if each.name in values
    }


def check_value(schema: Mapping[str, Any], value: Any) -> None:
    """Raises `ValueInvalid` for the first thing in it that the schema forbids."""
    try:
        violation = find_violation(schema, value)
    except Undecided:
        raise ValueInvalid("it would take too long to check") from None
    if violation is not None:
        raise ValueInvalid(str(violation))


def encode_result(value: Any) -> str:
    """What a tool gave, as a model reads it: text as it is, all else as JSON. Raises `TypeError`."""
    return value if isinstance(value, str) else encode_json(_flatten(value)).decode()


def _read(annotation: Any, value: Any, path: Path) -> Any:
    annotation = strip_type(annotation)
    try:
        return _read_plain(annotation, value, path)
    except ValueInvalid:
        raise
    except (ValueError, TypeError, ArithmeticError) as error:  # of the type's own making
        raise ValueInvalid(f"{show_path(path)} is refused by {_name(annotation)}: {error}") from error


def _read_plain(annotation: Any, value: Any, path: Path) -> Any:
    if is_union(annotation):
        return _read_union(annotation, value, path)
    if get_origin(annotation) is Literal:
        return next(each for each in get_args(annotation) if _is_same(each, value))
    if get_origin(annotation) is not None:
        return _read_many(annotation, value, path)
    if not isinstance(annotation, type):
        return value
    if is_model(annotation):
        return annotation.model_validate(value)  # type: ignore[attr-defined]
    members = list_members(annotation)
    return _read_scalar(annotation, value) if members is None else _read_object(annotation, members, value, path)


def _read_union(annotation: Any, value: Any, path: Path) -> Any:
    """As the first of its types that the value fits, and that takes it."""
    refused = ValueInvalid(f"{show_path(path)} fits none of {annotation}")
    for each in get_args(annotation):
        with suppress(ValueInvalid):
            check_value(describe_type(each), value)
            try:
                return _read(each, value, path)
            except ValueInvalid as error:
                refused = error
    raise refused


def _read_many(annotation: Any, value: Any, path: Path) -> Any:
    origin: Any = get_origin(annotation)
    inner = get_args(annotation)
    if origin in MAPPINGS:
        return {name: _read(inner[1], each, (*path, name)) for name, each in value.items()}
    if origin is tuple and inner[-1:] != (Ellipsis,):
        return tuple(_read(kind, each, (*path, at)) for at, (kind, each) in enumerate(zip(inner, value, strict=True)))
    items = [_read(inner[0], each, (*path, at)) for at, each in enumerate(value)]
    return _collect(origin, items)


def _collect(kind: Any, items: list[Any]) -> Any:
    """As a set or a tuple where that was asked for; abstract kinds are lists."""
    if kind in (tuple, frozenset):
        return kind(items)
    return set(items) if isinstance(kind, type) and issubclass(kind, Set) else items


def _read_object(kind: type, members: Iterable[Member], value: Mapping[str, Any], path: Path) -> Any:
    read = {
        each.name: _read(each.annotation, value[each.name], (*path, each.name))
        for each in members
        if each.name in value
    }
    return kind(**read) if dataclasses.is_dataclass(kind) else read


def _read_scalar(kind: type, value: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(value)
    if issubclass(kind, date | time):  # datetime is a date
        return kind.fromisoformat(value)
    if kind is Decimal:
        return Decimal(repr(value))
    if kind in (tuple, set, frozenset):
        return kind(value)
    return kind(value) if kind in (int, float, UUID) else value


def _is_same(one: Any, other: Any) -> bool:
    """1 and true are different in JSON."""
    one = one.value if isinstance(one, Enum) else one
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _name(annotation: Any) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


def _flatten(value: Any) -> Any:
    """As JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _flatten(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _flatten(each) for name, each in value.items()}
    if isinstance(value, list | tuple | Set):
        return [_flatten(each) for each in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return _flatten_scalar(value)


def _flatten_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return _flatten(value.value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, UUID | PurePath):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} has no JSON form; a dict, a list or text would")
