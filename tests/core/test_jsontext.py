"""JSON text: nothing a provider may send is lost, and nothing that is not JSON gets through."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.jsontext import MAX_DEPTH, JsonInvalid, decode_json, decode_object, encode_json

texts = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\u2028\u0085\x00😀\ud83d\ude00"))
scalars = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(value: Any) -> None:
    """Every JSON value survives, lone surrogates and integers beyond 64 bits included."""
    assert decode_json(encode_json(value)) == joined(value)


def joined(value: Any) -> Any:
    """`value` as JSON can say it: two escaped halves that stand together are one character."""
    return json.loads(json.dumps(value))


@given(st.integers(2**62, 2**90), st.sampled_from([1, -1]))
@settings(max_examples=100, deadline=None)
def test_long_integers_stay_exact(size: int, sign: int) -> None:
    """An integer around and beyond 64 bits is neither rounded nor made a float."""
    found = decode_json(b'{"n":%d}' % (sign * size))["n"]
    assert (found, type(found)) == (sign * size, int)


def test_lone_surrogates_come_through() -> None:
    """Half an emoji is kept as it came and written as an escape."""
    assert decode_json(b'{"text":"a\\ud83d"}') == {"text": "a\ud83d"}
    assert encode_json({"text": "a\ud83d"}) == b'{"text":"a\\ud83d"}'


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    """A broken byte becomes U+FFFD instead of costing the whole text."""
    assert decode_json(b'{"text":"a\xffb"}') == {"text": "a\ufffdb"}


@pytest.mark.parametrize(
    "text", [b"", b" ", b"{", b"[1,]", b"<html>", b"data", b"{} {}", b"NaN", b"[Infinity]", b'{"a":-Infinity}', b"'a'"]
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    """Torn, empty, foreign and lenient spellings all raise `JsonInvalid` with words in it."""
    with pytest.raises(JsonInvalid) as caught:
        decode_json(text)
    assert str(caught.value)


def test_a_constant_is_refused_beside_a_long_integer() -> None:
    """The standard library's leniency does not get in by the way that long integers take."""
    with pytest.raises(JsonInvalid, match="NaN is not JSON"):
        decode_json(b"[9999999999999999999999,NaN]")


def test_an_integer_beyond_reason_is_refused() -> None:
    """A number of ten thousand digits is refused as JSON rather than raising something of its own."""
    with pytest.raises(JsonInvalid):
        decode_json(b"9" * 10_000)


@pytest.mark.parametrize("depth", [1100, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    """Nesting that would exhaust the stack is refused as JSON."""
    with pytest.raises(JsonInvalid, match="nested too deeply"):
        decode_json(opening * depth + b"1" * (closing == b"}") + closing * depth)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 400, 600, 900])
def test_an_object_from_outside_may_not_nest_too_deeply(depth: int) -> None:
    """What the parser could read but no later walk could follow is refused as JSON."""
    with pytest.raises(JsonInvalid, match="nested too deeply"):
        decode_object(b'{"a":' * depth + b"1" + b"}" * depth)


def test_the_limit_of_nesting_counts_levels_not_brackets() -> None:
    """A wide value with many brackets passes, a value at the limit passes, and one level more does not."""
    assert decode_object(b'{"a":[' + b",".join([b"[{}]"] * 500) + b"]}") == {"a": [[{}]] * 500}
    assert decode_object(b'{"a":"' + b"[" * 500 + b'"}') == {"a": "[" * 500}
    at_limit = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert list(decode_object(at_limit)) == ["a"]
    with pytest.raises(JsonInvalid, match="nested too deeply"):
        decode_object(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")


def test_what_wraps_an_object_at_the_limit_can_be_read_again() -> None:
    """Our own texts may nest deeper than objects from outside, so that nothing stored becomes unreadable."""
    value = decode_object(b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}")
    wrapped = {"OpenRouter": {"completion": [{"wire": value}]}}
    assert decode_json(encode_json(wrapped)) == wrapped


@pytest.mark.parametrize(
    ("text", "found"),
    [(b"[]", "an array"), (b'"a"', "a string"), (b"true", "a boolean"), (b"null", "null"), (b"1", "a number")],
)
def test_an_object_is_asked_for(text: bytes, found: str) -> None:
    """Any other JSON value is refused by the name of its kind."""
    with pytest.raises(JsonInvalid, match=f"expected a JSON object, found {found}"):
        decode_object(text)
    assert decode_object(b'{"a":1}') == {"a": 1}


def test_infinities_never_reach_the_text() -> None:
    """A number too large for a float is written as null, on the fast way and on the slow one."""
    value = decode_json(b'{"a":1e999}')
    assert math.isinf(value["a"])
    assert encode_json(value) == b'{"a":null}'
    assert encode_json([value, 2**70]) == b'[{"a":null},1180591620717411303424]'


def test_what_json_cannot_say_is_a_mistake_of_the_programmer() -> None:
    """A set is a TypeError, never a text."""
    with pytest.raises(TypeError):
        encode_json({"a": {1}})
