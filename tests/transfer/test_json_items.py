"""Where the items of a long list begin and end."""

import json
import mmap
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.transfer import json_items
from chit.transfer.json_items import Items, begins_array, find_items


def pieces(text: bytes) -> tuple[list[bytes], str | None]:
    """The items as texts, and what went wrong."""
    items = find_items(text)
    return [text[start:end] for start, end in items.spans], items.problem


values = st.recursive(
    st.none() | st.integers() | st.text(st.characters(), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}",\\ ', max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), values, max_size=3), max_size=5), st.sampled_from([None, 1, "\t"]))
def test_any_list_of_objects(items: list[dict[str, Any]], indent: Any) -> None:
    """Each is found as it was written, however it is laid out and whatever its strings hold."""
    found, problem = pieces(json.dumps(items, indent=indent).encode())
    assert problem is None
    assert [json.loads(each) for each in found] == items


@pytest.mark.parametrize(
    ("text", "count", "problem"),
    [
        (b"{}", 0, "no list"),
        (b"", 0, "no list"),
        (b"\xef\xbb\xbf [ ] \n", 0, None),
        (b"[{},{}", 2, "after conversation 2 it breaks off"),
        (b"[{},{} x", 2, "after conversation 2 it breaks off"),
        (b"[{},{}]x", 2, "after conversation 2 it breaks off"),
        (b'[{},{"a":"', 1, "it breaks off"),
        (b"[{},5]", 1, "something else"),
        (b"[5]", 0, "something else"),
        (b"[{}," + b"[" * 1000, 1, "something else"),
        (b'[{},{"a":' + b"[" * 1000, 1, "nested too deeply"),
        (b'[{"a":"\\"]}"}]', 1, None),
    ],
)
def test_what_is_no_whole_list(text: bytes, count: int, problem: str | None) -> None:
    """What stands before the place where it breaks off is found, and the place is told."""
    found, told = pieces(text)
    assert len(found) == count
    assert told is None if problem is None else problem in str(told)


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many are looked for."""
    monkeypatch.setattr(json_items, "MOST_ITEMS", 2)
    assert find_items(b"[{},{},{}]") == Items(
        spans=((1, 3), (4, 6)), problem="after conversation 2 it holds more than 2"
    )


def test_in_a_file() -> None:
    """A file that is mapped is read in the same way."""
    with tempfile.TemporaryFile() as file:
        file.write(b'[{"a":1}]')
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            assert find_items(text).spans == ((1, 8),)


def test_beginnings() -> None:
    """Only an array begins like one."""
    assert begins_array(b" \n[{")
    assert not begins_array(b"{")
