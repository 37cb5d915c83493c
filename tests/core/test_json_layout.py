"""JSON laid out over lines."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.json_layout import DEEPEST, LONGEST, lay_out, unwrap

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(values, st.sampled_from([None, 0, 1, 7]))
def test_it_is_laid_out_as_json_writes_it(value: Any, indent: int | None) -> None:
    """However it came: with two spaces a level, and every digit as it was."""
    assert lay_out(json.dumps(value, indent=indent, ensure_ascii=False)) == json.dumps(
        value, indent=2, ensure_ascii=False
    )


def test_digits_stay() -> None:
    """Also those that no number of Python keeps."""
    assert lay_out('{"a":1.50,"b":1E+2,"c":10000000000000000000000.0}') == (
        '{\n  "a": 1.50,\n  "b": 1E+2,\n  "c": 10000000000000000000000.0\n}'
    )


@pytest.mark.parametrize("text", ["{", "", '{"a": 1} x', "[1,]", "NaN"])
def test_what_is_no_json(text: str) -> None:
    """It says so."""
    with pytest.raises(ValueError, match=r"."):
        lay_out(text)


def test_what_would_outgrow_itself_stays_as_it_is() -> None:
    """Deep nesting, and very long texts."""
    deep = "[1," * DEEPEST + "[1]" + "]" * DEEPEST
    assert lay_out(deep) == deep
    long = json.dumps(["x" * LONGEST])
    assert lay_out(long) == long
    assert lay_out("[" * 50 + "]" * 50).count("\n") == 98


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        (' {"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('```\n{"a": 1}\n  ```\n', '{"a": 1}'),
        ('```json\n{"a": 1}', '```json\n{"a": 1}'),
    ],
)
def test_a_fence_is_taken_off(text: str, inner: str) -> None:
    """If it is whole."""
    assert unwrap(text) == inner
