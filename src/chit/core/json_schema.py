"""JSON Schema, draft 2020-12: whether something is a schema, and whether a value fits one.

Nothing is ever fetched: a reference leads into the schema itself or is a flaw. A few keywords are known and not applied
(`UNAPPLIED`): regular expressions, which a hostile text can hold up for hours, and what needs annotations of other
keywords. Whoever tells that a value fits says which of them the schema holds. `format` asserts nothing, as the draft
has it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

TYPES = ("null", "boolean", "object", "array", "number", "string", "integer")
UNAPPLIED = frozenset({"pattern", "patternProperties", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef"})
_DEEPEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why something is not a schema."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{show_path(self.path)}: {self.text}"


def find_flaw(schema: Any) -> Flaw | None:
    """The first thing that makes it none."""
    for path, each in _walk(schema, ()):
        if isinstance(each, bool):
            continue
        if not isinstance(each, Mapping):
            return Flaw(path=path, text="a schema is an object, or true or false")
        if len(path) > _DEEPEST:
            return Flaw(path=path[:5], text="it is nested too deeply")
        for name, (is_right, wanted) in _FORMS.items():
            if name in each and not is_right(each[name]):
                return Flaw(path=(*path, name), text=f"must be {wanted}")
        if "$ref" in each and find_referred(schema, each["$ref"]) is None:
            return Flaw(path=(*path, "$ref"), text="leads nowhere in this schema; others are not fetched")
    return None


def find_referred(root: Any, reference: str) -> Any | None:
    """The schema that a reference leads to, within `root`; None if it leads nowhere or elsewhere."""
    if not reference.startswith("#"):
        return None
    pointer = reference[1:]
    if not pointer.startswith("/") and pointer:
        return next(
            (each for _, each in _walk(root, ()) if isinstance(each, Mapping) and each.get("$anchor") == pointer), None
        )
    found = root
    for step in pointer.split("/")[1:]:
        step = step.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and step.isdecimal() and len(step) < 9 and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, Mapping) and step in found:
            found = found[step]
        else:
            return None
    return found if isinstance(found, Mapping | bool) else None


def list_unapplied(schema: Any) -> list[str]:
    """The keywords in it that are not applied to values, in the order of the alphabet."""
    found = {name for _, each in _walk(schema, ()) if isinstance(each, Mapping) for name in each}
    return sorted(found & UNAPPLIED)


def is_closed(schema: Any) -> bool:
    """Whether every object in it allows the members that it names and no others, and requires all of them: what
    providers that enforce a schema strictly demand of it (field guide §2.5).
    """
    return all(
        each.get("additionalProperties") is False and set(each.get("required", ())) == set(each.get("properties", ()))
        for _, each in _walk(schema, ())
        if isinstance(each, Mapping) and (each.get("type") == "object" or "properties" in each)
    )


def show_path(path: Path) -> str:
    """As JSONPath writes it: `$.cities[0].name`."""
    shown = (
        f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"[{step!r}]" for step in path
    )
    return "$" + "".join(shown)


def _walk(schema: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """A schema and all within it, outer ones first; without calling itself, since it may be deep."""
    waiting: list[tuple[Path, Any]] = [(path, schema)]
    while waiting:
        path, schema = waiting.pop()
        yield path, schema
        if isinstance(schema, Mapping):
            inside = [((*path, name), schema[name]) for name in _ONE if name in schema]
            for name in _MANY:
                if isinstance(held := schema.get(name), Mapping):
                    inside += [((*path, name, key), each) for key, each in held.items()]
            for name in _LISTS:
                if isinstance(held := schema.get(name), list):
                    inside += [((*path, name, at), each) for at, each in enumerate(held)]
            waiting += reversed(inside)


_SINGLE = """
    additionalProperties contains contentSchema else if items not propertyNames then unevaluatedItems
    unevaluatedProperties
"""
_ONE = _SINGLE.split()
_MANY = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")


def is_number(value: Any) -> bool:
    """JSON's, not Python's."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """A number without a fraction, 1.0 among them."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def _is_count(value: Any) -> bool:
    return is_whole(value) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_types(value: Any) -> bool:
    return value in TYPES if isinstance(value, str) else _is_names(value) and bool(value) and set(value) <= set(TYPES)


def _is_some(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


_Form = tuple[Callable[[Any], bool], str]
_COUNT: _Form = (_is_count, "a whole number from 0 on")
_NUMBER: _Form = (is_number, "a number")
_TEXT: _Form = (_is_text, "text")
_COUNTS = "maxLength minLength maxItems minItems maxContains minContains maxProperties minProperties"
_TEXTS = "pattern format title description $ref $dynamicRef $id $anchor $schema $comment"
_FORMS: Mapping[str, _Form] = {
    "type": (_is_types, f"one of {', '.join(TYPES)}, or a list of them"),
    "enum": (lambda value: isinstance(value, list), "a list"),
    "multipleOf": (lambda value: is_number(value) and value > 0, "a number above 0"),
    "required": (_is_names, "a list of names, each once"),
    "dependentRequired": (
        lambda value: _is_object(value) and all(map(_is_names, value.values())),
        "an object of lists of names",
    ),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"), _NUMBER),
    **dict.fromkeys(_COUNTS.split(), _COUNT),
    **dict.fromkeys(_TEXTS.split(), _TEXT),
    **dict.fromkeys(_MANY, (_is_object, "an object of schemas")),
    **dict.fromkeys(_LISTS, (_is_some, "a list of schemas, and not an empty one")),
}
