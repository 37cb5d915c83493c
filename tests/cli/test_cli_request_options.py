"""Options that stand for parameters."""

from pathlib import Path
from typing import Any

import pytest

from chit.cli.request_options import read_reasoning, read_routing, read_schema, search_the_web, unite
from chit.errors import InputError

CLOSED = '{"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": false}'


def test_reasoning() -> None:
    """An effort, or a number of tokens."""
    assert read_reasoning("High") == {"reasoning": {"effort": "high"}}
    assert read_reasoning("2048") == {"reasoning": {"max_tokens": 2048}}
    for text in ("much", "-1", "1" * 10, "٣"):
        with pytest.raises(InputError, match="takes a number of tokens or one of max, xhigh"):
            read_reasoning(text)


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ((None, None, None), None),
        (("azure", None, None), {"only": ["azure"]}),
        (
            ("azure, openai,", "x", "price"),
            {"only": ["azure", "openai"], "order": ["azure", "openai"], "ignore": ["x"], "sort": "price"},
        ),
        ((" ,", None, "latency"), {"sort": "latency"}),
    ],
)
def test_routing(given: tuple[str | None, str | None, str | None], provider: Any) -> None:
    """Several providers are an order as well."""
    assert read_routing(*given) == ({"provider": provider} if provider else {})


def test_a_schema_is_asked_for_by_its_file(tmp_path: Path) -> None:
    """Its name is that of the file; strictly where that is possible."""
    path = tmp_path / "my cities!.json"
    path.write_text("\ufeff" + CLOSED)
    schema, parameters = read_schema(str(path))
    described = parameters["response_format"]["json_schema"]
    assert (described["name"], described["strict"], described["schema"]) == ("my_cities", True, schema)
    path = tmp_path / "…"
    path.write_text("{}")
    schema, parameters = read_schema(str(path))
    assert parameters["response_format"]["json_schema"] == {"name": "reply", "strict": True, "schema": {}}
    path.write_text('{"type": "object"}')
    assert "strict" not in read_schema(str(path))[1]["response_format"]["json_schema"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"{", "Line 1, column 2"),
        (b"[]", "an object is wanted"),
        (b"\xff", "utf-8"),
        (b'{"type": 1}', "type: must be one of"),
    ],
)
def test_what_is_no_schema(tmp_path: Path, content: bytes | None, words: str) -> None:
    """It is told by its path, and where it breaks."""
    path = tmp_path / "s.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_schema(str(path))
    assert str(path) in caught.value.message


def test_parameters_are_united() -> None:
    """Members of objects and lists of tools are joined; what comes later wins."""
    assert unite(
        read_routing("azure", None, None),
        search_the_web(),
        {"provider": {"zdr": True}, "tools": [{"type": "function"}], "stop": ["a"]},
        {"stop": ["b"], "provider": {"only": ["x"]}},
    ) == {
        "provider": {"only": ["x"], "zdr": True},
        "tools": [{"type": "openrouter:web_search"}, {"type": "function"}],
        "stop": ["b"],
    }
    assert unite({"tools": "x"}, {"tools": []}) == {"tools": []}
