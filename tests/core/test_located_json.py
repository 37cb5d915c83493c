"""JSON that a person wrote, and where it breaks."""

import pytest

from chit.core.located_json import TextInvalid, find_name, read_object, write_json


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "expecting value"),
        ('{"a": 1', 1, 8, "expecting ',' delimiter"),
        ('{\n  "a": tru\n}', 2, 8, "expecting value"),
        ('{"a": 1}\n x', 2, 2, "extra data"),
        (" [1]", 1, 2, "an object is wanted"),
        ('{"a": 1,\n "a": 2}', 2, 2, "'a' stands here twice"),
        ('{"a": NaN}', 1, 7, "NaN is not JSON"),
        ('{"a": 1e999}', 1, 7, "too large"),
        ('{"a": ' + "9" * 5000 + "}", 1, 1, "too long"),
        ("[" * 100_000, 1, 1, "nested too deeply"),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", 1, 1, "nested too deeply"),
        ('{"a": "\\ud800"}', 1, 1, "half a character"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_where_it_breaks(text: str, line: int, column: int, says: str) -> None:
    """By line, column and offset, in words that go on after them."""
    with pytest.raises(TextInvalid, match=says) as caught:
        read_object(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert str(error).startswith(f"Line {line}, column {column}: ")
    assert text.count("\n", 0, error.offset) == line - 1


def test_what_holds_is_read_and_written() -> None:
    """Letters stay letters, numbers numbers."""
    value = read_object(' {"ä": [1, 1.0, 10e2, true, null, "\\ud83d\\ude00"]} ')
    assert value == {"ä": [1, 1.0, 1000.0, True, None, "😀"]}
    assert read_object(write_json(value)) == value
    assert '"ä"' in write_json(value)


def test_where_a_name_stands() -> None:
    """In front of its value; not as a value, and 0 where it is not found."""
    text = '{"x": "name", "name" : 1}'
    assert find_name(text, "name") == text.index('"name" :')
    assert find_name(text, "other") == 0
