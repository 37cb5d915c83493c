"""Whether a request asked for JSON."""

import json
from typing import Any

import pytest

from chit.core.json_format import JsonFormat, find_json_format

SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"type": "json_object"}, JsonFormat()),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, JsonFormat(schema=SCHEMA)),
        ({"type": "json_schema"}, JsonFormat()),
        ({"type": "json_schema", "json_schema": []}, JsonFormat()),
        ({"type": "text"}, None),
        ({"type": ["json_object"]}, None),
        ("json_object", None),
        (None, None),
    ],
)
def test_formats(wanted: Any, found: JsonFormat | None) -> None:
    """Of any shape that a program may send."""
    assert find_json_format(json.dumps({"response_format": wanted}).encode()) == found


def test_bodies_without_one() -> None:
    """What says nothing of it, and what is no request."""
    assert find_json_format(b"{}") is None
    assert find_json_format(b'["response_format"]') is None
