"""Replies that were asked for as JSON: what history shows, and that a stream ends as that."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.json_format import JsonFormat
from chit.render.changes import apply_change
from chit.render.json_reply import JsonBlocks, render_json

CITY = JsonFormat(schema={"type": "object", "required": ["city"]})


def verdict(text: str, format: JsonFormat = CITY, finish: str | None = "stop") -> str:
    """What stands under the code."""
    blocks = render_json(text, format, finish)
    return blocks[1] if len(blocks) > 1 else ""


@pytest.mark.parametrize(
    ("text", "schema", "finish", "told"),
    [
        ('{"city": 1}', CITY.schema, "stop", '<p class="verdict fits">Matches the schema.</p>'),
        ("{}", CITY.schema, "stop", '<p class="verdict breaks">Does not match the schema: $ lacks "city".</p>'),
        (
            '{"city": 1',
            CITY.schema,
            "length",
            '<p class="verdict breaks">Cut at the token limit: the JSON is not whole.</p>',
        ),
        ('{"city": 1', CITY.schema, None, '<p class="verdict breaks">The reply broke off: the JSON is not whole.</p>'),
        ("Bern", CITY.schema, "stop", '<p class="verdict breaks">This is not JSON: Expecting value: line 1 column 1'),
        ("[]", None, "stop", ""),
        ("[]", {"type": "city"}, "stop", '<p class="verdict">Not checked: the schema has a flaw. $.type: must be'),
        ("[]", {"$ref": "#"}, "stop", '<p class="verdict">Not checked: it would take too long.</p>'),
        ('"a"', {"pattern": "b"}, "stop", '<p class="verdict fits">Matches the schema. Not checked here: pattern.</p>'),
    ],
    ids=lambda each: str(each)[:30],
)
def test_verdicts(text: str, schema: Any, finish: str | None, told: str) -> None:
    """One line, only where there is something to say."""
    shown = verdict(text, JsonFormat(schema=schema), finish)
    assert shown.startswith(told)
    assert bool(shown) is bool(told)


def test_it_is_laid_out_and_coloured() -> None:
    """Also where the model put a fence around it; no text is no block."""
    [plain, _] = render_json('{"city":1.50}', CITY, "stop")
    [fenced, _] = render_json('```json\n{"city":1.50}\n```', CITY, "stop")
    assert plain == fenced
    assert '<span class="language">json</span>' in plain
    assert '{\n  <span class="nt">"city"</span>: <span class="m">1.50' in plain
    assert render_json(" \n", CITY, "stop") == []


def test_nothing_in_it_becomes_markup() -> None:
    """Neither in the code nor in what is said of it, and what is invisible is shown."""
    evil = "<img src=x onerror=alert(1)>\u202e"
    for text in (json.dumps({evil: evil}, ensure_ascii=False), evil):
        whole = "".join(render_json(text, JsonFormat(schema={"propertyNames": {"maxLength": 1}}), "stop"))
        assert "<img" not in whole
        assert 'title="U+202E"' in whole


@given(st.lists(st.text(st.sampled_from('{}[]":, \n~`a1'), max_size=6), max_size=8), st.sampled_from(["stop", None]))
def test_a_stream_ends_as_history_shows_it(pieces: list[str], finish: str | None) -> None:
    """Whatever comes and however it is cut; at every moment the changes make up the blocks."""
    stream, shown = JsonBlocks(CITY, lambda: finish), list[str]()
    for piece in pieces:
        for change in stream.add(piece):
            apply_change(shown, change)
        assert shown == stream.blocks
    for change in stream.end():
        apply_change(shown, change)
    assert shown == stream.blocks == render_json("".join(pieces), CITY, finish)


def test_while_it_comes_in_it_is_one_block_of_code() -> None:
    """Whose text is added to, without being rendered anew."""
    stream, shown = JsonBlocks(CITY, lambda: "stop"), list[str]()
    for piece in ('{"city"', ": 1", "}"):
        for change in stream.add(piece):
            apply_change(shown, change)
    assert len(shown) == 1
    assert '{"city": 1}' in shown[0].replace("&quot;", '"')
    assert shown[0].startswith('<div class="code">')
