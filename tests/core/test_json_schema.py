"""Whether something is a JSON schema."""

from typing import Any

import pytest

from chit.core.json_schema import find_flaw, find_referred, is_closed, list_unapplied, show_path

CITY: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "City",
    "type": "object",
    "properties": {"name": {"type": ["string", "null"], "minLength": 1}, "next": {"$ref": "#"}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"area": {"$anchor": "area", "type": "number", "multipleOf": 0.1}},
}


@pytest.mark.parametrize(
    "schema", [CITY, {}, True, False, {"x-own": [1], "enum": []}, {"items": {"items": {"items": True}}}]
)
def test_what_is_a_schema(schema: Any) -> None:
    """Keywords of others are let be."""
    assert find_flaw(schema) is None


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (1, "$: a schema is an object, or true or false"),
        (
            {"type": "city"},
            "$.type: must be one of null, boolean, object, array, number",
        ),
        ({"type": []}, "$.type: must be"),
        ({"type": ["string", "string"]}, "$.type: must be"),
        ({"type": 1}, "$.type: must be"),
        ({"properties": []}, "$.properties: must be an object of schemas"),
        ({"properties": {"a b": 1}}, "$.properties['a b']: a schema is"),
        ({"anyOf": []}, "$.anyOf: must be a list of schemas, and not an empty one"),
        ({"allOf": [{}, {"items": [{}]}]}, "$.allOf[1].items: a schema is"),
        ({"required": "a"}, "$.required: must be a list of names"),
        ({"dependentRequired": {"a": 1}}, "$.dependentRequired: must be an object of lists"),
        ({"minLength": -1}, "$.minLength: must be a whole number from 0 on"),
        ({"minLength": 1.5}, "$.minLength: must be"),
        ({"minimum": "1"}, "$.minimum: must be a number"),
        ({"minimum": True}, "$.minimum: must be a number"),
        ({"multipleOf": 0}, "$.multipleOf: must be a number above 0"),
        ({"uniqueItems": 1}, "$.uniqueItems: must be true or false"),
        ({"enum": "a"}, "$.enum: must be a list"),
        ({"pattern": 1}, "$.pattern: must be text"),
        ({"$ref": "https://evil.example/schema"}, "$['$ref']: leads nowhere in this schema; others are not fetched"),
        ({"$ref": "#/$defs/b"}, "$['$ref']: leads nowhere"),
        ({"$ref": "#/required", "required": []}, "$['$ref']: leads nowhere"),
        ({"not": {"not": {"if": 1}}}, "$.not.not.if: a schema is"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_is_none(schema: Any, told: str) -> None:
    """The first flaw from the outside in, with the way to it."""
    assert str(find_flaw(schema)).startswith(told)


def test_a_schema_without_end() -> None:
    """It is a flaw, and nobody's recursion."""
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"not": schema}
    assert str(find_flaw(schema)) == "$.not.not.not.not.not: it is nested too deeply"


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#", CITY),
        ("#area", CITY["$defs"]["area"]),
        ("#/$defs/area", CITY["$defs"]["area"]),
        ("#/properties/name", CITY["properties"]["name"]),
        ("#/properties/name/type/0", None),
        ("#/properties/name/type/9", None),
        ("#nothing", None),
        ("other#", None),
    ],
)
def test_references(reference: str, found: Any) -> None:
    """Into the schema itself, by a pointer or an anchor."""
    assert find_referred(CITY, reference) == found


def test_references_through_lists_and_odd_names() -> None:
    """A pointer's escapes, and the place in a list."""
    root = {"$defs": {"a/b~c%": {"anyOf": [True, {"type": "null"}]}}}
    assert find_referred(root, "#/$defs/a~1b~0c%25/anyOf/1") == {"type": "null"}


def test_what_is_known_and_not_applied() -> None:
    """By name, wherever it stands."""
    assert list_unapplied(CITY) == []
    schema = {"properties": {"a": {"pattern": "x", "unevaluatedItems": False}}, "patternProperties": {}}
    assert list_unapplied(schema) == ["pattern", "patternProperties", "unevaluatedItems"]


def test_paths() -> None:
    """As JSONPath has them."""
    assert show_path(("cities", 0, "the name")) == "$.cities[0]['the name']"


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        ({"type": "array"}, True),
        ({"type": "object", "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, False),
        ({"type": "object"}, False),
        ({"items": {"properties": {"a": {}}, "required": ["a"]}}, False),
        (True, True),
    ],
)
def test_schemas_that_providers_can_enforce(schema: object, closed: bool) -> None:
    """Every object of one names all its members and requires them."""
    assert is_closed(schema) is closed
