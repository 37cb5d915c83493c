"""Whether a value fits a schema: keyword by keyword, and as a whole."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.json_schema import find_flaw
from chit.core.schema_match import Undecided, find_violation, spell

CASES: list[tuple[Any, Any, str | None]] = [
    (True, 1, None),
    (False, 1, "$ must not be there"),
    ({}, None, None),
    ({"type": "integer"}, 1.0, None),
    ({"type": "integer"}, 1.5, "$ is of type number, not integer"),
    ({"type": "number"}, True, "$ is of type boolean, not number"),
    ({"type": ["null", "string"]}, [], "$ is of type array, not null or string"),
    ({"type": "object"}, None, "$ is of type null, not object"),
    ({"type": "array"}, "x", "$ is of type string, not array"),
    ({"enum": [1, "a", {"b": [1]}]}, {"b": [1.0]}, None),
    ({"enum": [0]}, False, "$ is none of [0]"),
    ({"const": "a" * 100}, "b", '$ is not "' + "a" * 78 + "…"),
    ({"const": 1}, 1.0, None),
    ({"maximum": 2}, 2, None),
    ({"maximum": 2}, 3, "$ is more than 2"),
    ({"maximum": 2}, "3", None),
    ({"exclusiveMaximum": 2}, 2, "$ is not below 2"),
    ({"minimum": 2.5}, 2, "$ is less than 2.5"),
    ({"exclusiveMinimum": 2}, 2, "$ is not above 2"),
    ({"multipleOf": 0.1}, 0.3, None),
    ({"multipleOf": 0.1}, 0.35, "$ is no multiple of 0.1"),
    ({"multipleOf": 1e-300}, 1e300, None),
    ({"maxLength": 2}, "abc", "$ is longer than 2"),
    ({"minLength": 2}, "😀", "$ is shorter than 2"),
    ({"maxItems": 1}, [1, 2], "$ has more items than 1"),
    ({"minItems": 1}, [], "$ has fewer items than 1"),
    ({"maxProperties": 0}, {"a": 1}, "$ has more members than 0"),
    ({"minProperties": 1}, {}, "$ has fewer members than 1"),
    ({"required": ["a", "b"]}, {"a": 1}, '$ lacks "b"'),
    ({"required": ["a"]}, [], None),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, '$ has "a" and lacks "b"'),
    ({"dependentRequired": {"a": ["b"]}}, {"c": 1}, None),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, '$ lacks "b"'),
    ({"dependentSchemas": {"a": False}}, 1, None),
    ({"properties": {"a": {"type": "string"}}}, {"a": 1}, "$.a is of type integer, not string"),
    ({"properties": {"a": False}}, {"b": 1}, None),
    ({"properties": {"a": True}, "additionalProperties": False}, {"a": 1, "b c": 2}, "$['b c'] must not be there"),
    ({"additionalProperties": {"type": "null"}}, {"a": None}, None),
    ({"additionalProperties": False, "patternProperties": {"x": True}}, {"xy": 1}, None),
    ({"additionalProperties": False}, 1, None),
    ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, '$ has a wrong name, "ab": it is longer than 1'),
    ({"propertyNames": {"maxLength": 1}}, {"a": 1}, None),
    ({"propertyNames": False}, [1], None),
    ({"items": {"type": "integer"}}, [1, "x"], "$[1] is of type string, not integer"),
    ({"items": False}, 1, None),
    ({"prefixItems": [True, {"type": "null"}], "items": False}, [1, None], None),
    ({"prefixItems": [True, {"type": "null"}]}, [1, 2], "$[1] is of type integer, not null"),
    ({"prefixItems": [True], "items": False}, [1, 2], "$[1] must not be there"),
    ({"prefixItems": [False]}, {}, None),
    ({"contains": {"const": 1}}, [2, 3], "$ has 0 items that fit “contains”"),
    ({"contains": {"const": 1}, "minContains": 0}, [2], None),
    ({"contains": {"const": 1}, "maxContains": 1}, [1, 1], "$ has 2 items that fit “contains”"),
    ({"contains": False}, 1, None),
    ({"uniqueItems": True}, [1, 1.0], "$ has an item twice"),
    ({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}], None),
    ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, 2, "$ is less than 3"),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "x", "$ fits none of the 2 schemas of anyOf"),
    ({"anyOf": [{"type": "integer"}]}, "x", "$ is of type string, not integer"),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None, None),
    ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, 2, None),
    ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, 4, "$ fits 2 of the schemas of oneOf, not one"),
    ({"oneOf": [{"type": "null"}]}, 4, "$ fits none of the schemas of oneOf, not one"),
    ({"not": {"type": "null"}}, None, "$ fits what “not” forbids"),
    ({"not": {"type": "null"}}, 1, None),
    ({"if": {"type": "integer"}, "then": {"minimum": 3}, "else": {"minLength": 3}}, 2, "$ is less than 3"),
    ({"if": {"type": "integer"}, "then": {"minimum": 3}, "else": {"minLength": 3}}, "ab", "$ is shorter than 3"),
    ({"if": {"type": "integer"}}, 2, None),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, 1, "$ is of type integer, not null"),
    ({"pattern": "^(a+)+$", "format": "email"}, "a" * 40 + "!", None),
]


@pytest.mark.parametrize(("schema", "value", "told"), CASES, ids=[f"{each[0]!s:.40}" for each in CASES])
def test_each_keyword(schema: Any, value: Any, told: str | None) -> None:
    """What it forbids is told with the way to it; what it does not speak of passes."""
    assert find_flaw(schema) is None
    found = find_violation(schema, value)
    assert (None if found is None else str(found)) == told


def test_a_schema_of_itself() -> None:
    """A tree, as deep as a reply goes."""
    tree = {"type": "object", "properties": {"inside": {"type": "array", "items": {"$ref": "#"}}}, "required": ["name"]}
    good = {"name": 1, "inside": [{"name": 2, "inside": [{"name": 3}]}]}
    assert find_violation(tree, good) is None
    bad = {"name": 1, "inside": [{"name": 2, "inside": [{}]}]}
    assert str(find_violation(tree, bad)) == '$.inside[0].inside[0] lacks "name"'


def test_a_circle_is_given_up() -> None:
    """By its levels; a value that is too deep to be compared, by Python's own limit; a wide one by its steps."""
    with pytest.raises(Undecided):
        find_violation({"$ref": "#"}, 1)
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Undecided):
        find_violation({"const": 1}, deep)
    with pytest.raises(Undecided):
        find_violation({"items": {"allOf": [{}] * 100}}, [0] * 1001)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_every_value_fits_itself(value: Any) -> None:
    """As a constant, as one of several, in a list; and not what is forbidden."""
    assert find_violation({"const": value, "enum": [0, value]}, value) is None
    assert find_violation({"items": {"const": value}, "minItems": 2}, [value, value]) is None
    assert find_violation({"not": {"const": value}}, value) is not None


@given(json_values, json_values)
def test_only_the_same_is_spelled_the_same(one: Any, other: Any) -> None:
    """Values are equal in JSON where each fits the other as a constant."""
    assert (spell(one) == spell(other)) == (find_violation({"const": one}, other) is None)


@given(json_values)
def test_one_type_at_least(value: Any) -> None:
    """Every value has one, or two where it is a whole number."""
    types = ["null", "boolean", "object", "array", "number", "string", "integer"]
    fitting = [name for name in types if find_violation({"type": name}, value) is None]
    assert len(fitting) == 1 or sorted(fitting) == ["integer", "number"]
