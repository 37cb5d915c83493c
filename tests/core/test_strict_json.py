"""JSON from a file: everything that two readers could read differently, or that takes too much, is refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dossiers import objects

from chit.core.jsontext import JsonInvalid
from chit.core.strict_json import MOST_DEPTH, MOST_VALUES, decode_strictly


@given(objects)
def test_what_is_json_is_read(value: dict[str, Any]) -> None:
    """Any object comes back, with halves of surrogate pairs and huge numbers."""
    assert decode_strictly(json.dumps(value).encode()) == value


@given(st.binary(max_size=50) | st.text('{}[]",:\\e1"').map(str.encode))
def test_any_bytes_end_in_a_stated_outcome(data: bytes) -> None:
    """Whatever comes, it is an object or `JsonInvalid`."""
    with suppress(JsonInvalid):
        assert isinstance(decode_strictly(data), dict)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested"),
        ('{"a":' + "[" * MOST_DEPTH + "]" * MOST_DEPTH + "}", "nested"),
        ('{"a":1e999}', "without an end"),
        ('{"a":-1e999}', "without an end"),
        ('{"a":' + "9" * 5_000 + "}", "too long"),
        ('{"a":NaN}', "not JSON"),
        ('{"a":Infinity}', "not JSON"),
        ('{"a":1,"a":1}', "twice"),
        ('{"a":1,"\\u0061":2}', "twice"),
        ('{"a":[{"b":1,"b":1}]}', "twice"),
        ("[1]", "object"),
        ("", "not JSON"),
        ('{"a":"', "not JSON"),
        ('{"a":"\\', "not JSON"),
        ('{"a":1} {"b":2}', "not JSON"),
        ('{"a":[' + "[]," * (MOST_VALUES // 2) + "1]}", "too many"),
    ],
)
def test_attack_30(text: str, why: str) -> None:
    """Attack 30: depth, endless and huge numbers, members twice, and what is no JSON at all."""
    with pytest.raises(JsonInvalid, match=why):
        decode_strictly(text.encode())


def test_attack_30_bytes() -> None:
    """Attack 30: bytes that are no UTF-8, half surrogate pairs among them, are refused, not repaired."""
    for data in (b'{"a":"\xff"}', b'{"a":"\xed\xa0\xbd"}'):
        with pytest.raises(JsonInvalid, match="UTF-8"):
            decode_strictly(data)


def test_brackets_in_texts_are_no_nesting() -> None:
    """However many there are, and whatever stands around them."""
    text = '[{"\\' * 1_000
    assert decode_strictly(json.dumps({"a": text, text: [[]]}).encode()) == {"a": text, text: [[]]}
