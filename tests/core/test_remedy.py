"""What to do about a failure, written into the bytes that told of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.remedy import add_remedy, add_to_events
from chit.errors import ChitError

ERROR = ChitError("no", hint='Say "please".', link="https://openrouter.ai/x")
REMEDY = {"hint": ERROR.hint, "link": ERROR.link}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"error":{"message":"no","code":400},"user_id":"u"}', ["error"]),
        ('{ "a" : [ {"error": 1}, "error" ] ,\n "error" : { } }', ["error"]),
        ('{"request":{"error":{}},"error":{"code":1}}', ["error"]),
        ('{"type":"error","error":{"type":"x","message":"no"},"request_id":"r"}', ["error"]),
        ('{"type":"response.failed","response":{"id":"x","error":{"code":"c"}}}', ["response", "error"]),
        ('{"choices":[{"message":{}},{"a":[1,[2]],"error":{"code":502}}]}', ["choices", 1, "error"]),
        ('{"type":"error","message":"no"}', []),
    ],
)
def test_the_error_object_gets_it_and_nothing_else_changes(body: str, path: list[Any]) -> None:
    """In every shape; without what was added the bytes are those that came."""
    told = add_remedy(body.encode(), ERROR)
    inside = json.loads(told)
    for step in path:
        inside = inside[step]
    assert {name: inside[name] for name in REMEDY} == REMEDY
    added = json.dumps(REMEDY, separators=(",", ":"))[1:-1].encode()
    assert body.encode() in (told.replace(added + b",", b""), told.replace(added, b""))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"error":null}',
        b'{"error":"text"}',
        b'{"choices":[null,{"error":"text"}]}',
        b'{"response":{"error":null}}',
        b'{"type":"error"}',
        b'{"error":{"hint":"theirs","link":null}}',
        b'{"\\u0065rror":{"code":1}}',
    ],
)
def test_what_has_no_place_for_it_stays(body: bytes) -> None:
    """No error object, one that has both already, or one whose name is spelt with escapes."""
    assert add_remedy(body, ERROR) == body


def test_only_what_is_missing_is_added() -> None:
    """A hint of theirs stays; without a link there is none to add."""
    assert add_remedy(b'{"error":{"hint":"theirs"}}', ERROR) == (
        b'{"error":{"link":"https://openrouter.ai/x","hint":"theirs"}}'
    )
    assert add_remedy(b'{"error":{}}', ChitError("no", hint="Do.")) == b'{"error":{"hint":"Do."}}'
    assert add_remedy(b'{"error":{}}', ChitError("no")) == b'{"error":{}}'


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), values), st.dictionaries(st.text(), values), st.booleans())
def test_no_field_is_lost_or_changed(around: dict[str, Any], inside: dict[str, Any], is_ascii: bool) -> None:
    """Whatever JSON stands around and in the error: it is the same with two members more."""
    body = json.dumps({**around, "error": inside}, ensure_ascii=is_ascii, indent=1 if is_ascii else None)
    told = json.loads(add_remedy(body.encode("utf-8", "replace"), ERROR))
    came = json.loads(body.encode("utf-8", "replace"))
    assert told == {**came, "error": {**REMEDY, **came["error"]}}


def test_in_a_stream_it_is_the_event_that_gets_it() -> None:
    """Comments, other events, line ends and what follows stay byte for byte."""
    before = b': PROCESSING\r\n\r\ndata: {"choices":[]}\n\nevent: error\rdata:'
    after = b"\r\rdata: [DONE]\n\n"
    told = add_to_events(before + b'{"error":{"code":1}}' + after, ChitError("no", hint="Do."))
    assert told == before + b'{"error":{"hint":"Do.","code":1}}' + after


def test_a_stream_without_an_error_stays() -> None:
    """So does one whose error has no place."""
    lines = b'data: {"error":"text"}\n\ndata: {"error":null}\n\n'
    assert add_to_events(lines, ERROR) == lines
