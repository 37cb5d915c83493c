"""What is said of JSON replies."""

import pytest

from chit.core.json_verdict import judge_json

NUMBER = {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}


@pytest.mark.parametrize(
    ("text", "schema", "reason", "kind", "told"),
    [
        ('{"a": 1}', NUMBER, "stop", "fits", "Matches the schema."),
        ('```json\n{"a": 1}\n```', NUMBER, "stop", "fits", "Matches the schema."),
        ('{"a": "x"}', NUMBER, "stop", "breaks", "Does not match the schema: $.a is of type string, not number."),
        ('{"a": 1}', None, "stop", "", ""),
        ('"x"', {"pattern": "y"}, "stop", "fits", "Matches the schema. Not checked here: pattern."),
        ("1", {"type": 1}, "stop", "", "Not checked: the schema has a flaw. $.type: must be one of"),
        ("1", {"$ref": "#"}, "stop", "", "Not checked: it would take too long."),
        ("Sure!", None, "stop", "breaks", "This is not JSON: "),
        ('{"a":', None, "length", "breaks", "Cut at the token limit: the JSON is not whole."),
        (" ", NUMBER, "stop", "breaks", "It says nothing."),
        ('{"a":', None, None, "breaks", "The reply broke off: the JSON is not whole."),
    ],
)
def test_verdicts(text: str, schema: object, reason: str | None, kind: str, told: str) -> None:
    """Whether it is JSON, whether it fits, and what was not looked at."""
    verdict = judge_json(text, schema, reason)
    assert verdict.kind == kind
    assert verdict.text.startswith(told)
    assert verdict.is_json == (kind != "breaks" or "schema" in told)
    assert "`" not in verdict.shown
