"""Whether a value fits a JSON schema, and if not, where it first does not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from chit.core.json_schema import Path, find_referred, is_number, is_whole, show_path

MOST_STEPS = 100_000
MOST_LEVELS = 120
"""Of schemas within schemas that one check may go through: more is a circle, or a schema made to take for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """The first thing in a value that its schema forbids."""

    path: Path
    """The way to it within the value."""
    text: str

    def __str__(self) -> str:
        return f"{show_path(self.path)} {self.text}"


class Undecided(Exception):
    """It takes too long to tell."""


def find_violation(schema: Any, value: Any) -> Violation | None:
    """None if it fits, as far as keywords are applied (`json_schema.UNAPPLIED`). `schema` has no flaw.

    Raises `Undecided`.
    """
    try:
        return _Check(schema).check(schema, value, ())
    except RecursionError:  # a value that is compared with others may be as deep as its parser allows
        raise Undecided from None


class _Check:
    """One value against one root."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps = 0
        self._level = 0

    def check(self, schema: Any, value: Any, path: Path) -> Violation | None:
        self._steps += 1
        if self._steps > MOST_STEPS or self._level >= MOST_LEVELS:
            raise Undecided
        if isinstance(schema, bool):
            return None if schema else Violation(path=path, text="must not be there")
        self._level += 1
        try:
            for name, rule in _RULES.items():
                found: Violation | None = rule(self, schema, value, path) if name in schema else None
                if found is not None:
                    return found
        finally:
            self._level -= 1
        return None

    def fits(self, schema: Any, value: Any) -> bool:
        return self.check(schema, value, ()) is None

    def first(self, pairs: Any, path: Path) -> Violation | None:
        """Of (step, schema, value)."""
        return next((found for step, each, inner in pairs if (found := self.check(each, inner, (*path, step)))), None)

    def refer(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        return self.check(find_referred(self._root, schema["$ref"]), value, path)

    # --- of any value

    def type(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if any(_TYPES[name](value) for name in wanted):
            return None
        return Violation(path=path, text=f"is of type {_name_type(value)}, not {' or '.join(wanted)}")

    def enum(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        if spell(value) in map(spell, schema["enum"]):
            return None
        return Violation(path=path, text=f"is none of {_brief(schema['enum'])}")

    def const(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        same = spell(value) == spell(schema["const"])
        return None if same else Violation(path=path, text=f"is not {_brief(schema['const'])}")

    def all_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        return next((found for each in schema["allOf"] if (found := self.check(each, value, path))), None)

    def any_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        if any(self.fits(each, value) for each in schema["anyOf"]):
            return None
        if len(schema["anyOf"]) == 1:
            return self.check(schema["anyOf"][0], value, path)
        return Violation(path=path, text=f"fits none of the {len(schema['anyOf'])} schemas of anyOf")

    def one_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        count = sum(self.fits(each, value) for each in schema["oneOf"])
        return (
            None
            if count == 1
            else Violation(path=path, text=f"fits {count or 'none'} of the schemas of oneOf, not one")
        )

    def forbid(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        return Violation(path=path, text="fits what “not” forbids") if self.fits(schema["not"], value) else None

    def branch(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        return self.check(schema.get("then" if self.fits(schema["if"], value) else "else", True), value, path)

    # --- of objects

    def required(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        missing = [name for name in schema["required"] if isinstance(value, Mapping) and name not in value]
        return Violation(path=path, text=f"lacks {_brief(missing[0])}") if missing else None

    def dependent(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        for name, others in schema["dependentRequired"].items():
            if (
                isinstance(value, Mapping)
                and name in value
                and (missing := [each for each in others if each not in value])
            ):
                return Violation(path=path, text=f"has {_brief(name)} and lacks {_brief(missing[0])}")
        return None

    def dependent_schemas(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        due = [
            each for name, each in schema["dependentSchemas"].items() if isinstance(value, Mapping) and name in value
        ]
        return next((found for each in due if (found := self.check(each, value, path))), None)

    def properties(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        held = value if isinstance(value, Mapping) else {}
        return self.first(
            ((name, each, held[name]) for name, each in schema["properties"].items() if name in held), path
        )

    def additional(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        if not isinstance(value, Mapping) or "patternProperties" in schema:
            return None
        others = ((name, inner) for name, inner in value.items() if name not in schema.get("properties", {}))
        return self.first(((name, schema["additionalProperties"], inner) for name, inner in others), path)

    def names(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        for name in value if isinstance(value, Mapping) else ():
            if found := self.check(schema["propertyNames"], name, ()):
                return Violation(path=path, text=f"has a wrong name, {_brief(name)}: it {found.text}")
        return None

    # --- of lists

    def prefix(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        held = value if isinstance(value, list) else []
        pairs = zip(schema["prefixItems"], held, strict=False)
        return self.first(((at, each, inner) for at, (each, inner) in enumerate(pairs)), path)

    def items(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        held, begin = value if isinstance(value, list) else [], len(schema.get("prefixItems", ()))
        return self.first(((at, schema["items"], inner) for at, inner in enumerate(held) if at >= begin), path)

    def contains(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        if not isinstance(value, list):
            return None
        count, least = sum(self.fits(schema["contains"], inner) for inner in value), schema.get("minContains", 1)
        if count < least or count > schema.get("maxContains", count):
            return Violation(path=path, text=f"has {count} items that fit “contains”")
        return None

    def unique(self, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        if schema["uniqueItems"] and isinstance(value, list) and len(set(map(spell, value))) < len(value):
            return Violation(path=path, text="has an item twice")
        return None


def spell(value: Any) -> str:
    """The same for values that are the same in JSON: 1 is 1.0, and true is neither."""
    return json.dumps(_level(value), sort_keys=True)


def _level(value: Any) -> Any:
    if isinstance(value, list):
        return [_level(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _level(each) for name, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _bound(name: str, breaks: Callable[[Any, Any], bool], text: str) -> Any:
    def rule(_check: _Check, schema: Mapping[str, Any], value: Any, path: Path) -> Violation | None:
        limit = schema[name]
        return Violation(path=path, text=f"{text} {limit:g}") if breaks(value, limit) else None

    return rule


def _is_multiple(value: Any, of: Any) -> bool:
    """In decimal, so that 0.3 is three times 0.1; what is beyond that is let pass."""
    try:
        return Decimal(repr(value)) % Decimal(repr(of)) == 0
    except InvalidOperation:
        return True


def _name_type(value: Any) -> str:
    return next(
        name for name in ("null", "boolean", "object", "array", "integer", "number", "string") if _TYPES[name](value)
    )


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "number": is_number,
    "integer": is_whole,
    "string": lambda value: isinstance(value, str),
}
_RULES: Mapping[str, Any] = {
    "$ref": _Check.refer,
    "type": _Check.type,
    "enum": _Check.enum,
    "const": _Check.const,
    "maximum": _bound("maximum", lambda value, most: is_number(value) and value > most, "is more than"),
    "exclusiveMaximum": _bound(
        "exclusiveMaximum", lambda value, most: is_number(value) and value >= most, "is not below"
    ),
    "minimum": _bound("minimum", lambda value, least: is_number(value) and value < least, "is less than"),
    "exclusiveMinimum": _bound(
        "exclusiveMinimum", lambda value, least: is_number(value) and value <= least, "is not above"
    ),
    "multipleOf": _bound(
        "multipleOf", lambda value, of: is_number(value) and not _is_multiple(value, of), "is no multiple of"
    ),
    "maxLength": _bound(
        "maxLength", lambda value, most: isinstance(value, str) and len(value) > most, "is longer than"
    ),
    "minLength": _bound(
        "minLength", lambda value, least: isinstance(value, str) and len(value) < least, "is shorter than"
    ),
    "maxItems": _bound(
        "maxItems", lambda value, most: isinstance(value, list) and len(value) > most, "has more items than"
    ),
    "minItems": _bound(
        "minItems", lambda value, least: isinstance(value, list) and len(value) < least, "has fewer items than"
    ),
    "maxProperties": _bound(
        "maxProperties", lambda value, most: isinstance(value, Mapping) and len(value) > most, "has more members than"
    ),
    "minProperties": _bound(
        "minProperties",
        lambda value, least: isinstance(value, Mapping) and len(value) < least,
        "has fewer members than",
    ),
    "required": _Check.required,
    "dependentRequired": _Check.dependent,
    "properties": _Check.properties,
    "additionalProperties": _Check.additional,
    "propertyNames": _Check.names,
    "dependentSchemas": _Check.dependent_schemas,
    "prefixItems": _Check.prefix,
    "items": _Check.items,
    "contains": _Check.contains,
    "uniqueItems": _Check.unique,
    "allOf": _Check.all_of,
    "anyOf": _Check.any_of,
    "oneOf": _Check.one_of,
    "not": _Check.forbid,
    "if": _Check.branch,
}
"""In the order in which a person is told: a wrong type before what follows from it."""
