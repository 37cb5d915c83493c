"""What a conversation's parameters say beyond the defaults."""

from typing import Any

import pytest

from chit.core.parameter_chips import list_chips, name_unit

SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}}
OTHER = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "array"}}}
SEARCH = {"type": "openrouter:web_search", "parameters": {"max_results": 3}}


@pytest.mark.parametrize(
    ("parameters", "chips"),
    [
        ({"temperature": 0.2}, ["temperature 0.2"]),
        ({"reasoning": {"effort": "low", "max_tokens": 2000}}, ["reasoning: low", "reasoning: 2000 tokens"]),
        ({"provider": {"zdr": True, "allow_fallbacks": False}}, ["no fallbacks", "ZDR"]),
        ({"provider": {"only": ["anthropic"]}}, ["only: anthropic"]),
        ({"provider": {"max_price": {"prompt": 1, "completion": 2.5}}}, ["prompt ≤ $1/M", "reply ≤ $2.5/M"]),
        ({"stop": ["a", "b"]}, ["stop: a b"]),
        ({"stop": ["a" * 99]}, ["stop: aaaaaaaaaaaaaaaaaaaaa…"]),
        ({"response_format": SCHEMA}, ["JSON schema: city"]),
        ({"response_format": {"type": "json_object"}}, ["format: json_object"]),
        ({"tools": [SEARCH]}, ["web search"]),
        ({"plugins": [{"id": "context-compression", "enabled": False}]}, ["no context compression"]),
        (
            {"temperature": None, "provider": {"zdr": None, "max_price": None}},
            ["no temperature", "no zero data retention", "no max price"],
        ),
        ({"top_p": 1, "logit_bias": None}, ["top_p", "no logit_bias"]),
        ({"service_tier": "flex", "seed": 1}, ["seed 1", "tier: flex"]),
        ({}, []),
    ],
    ids=lambda each: str(each)[:40],
)
def test_words(parameters: dict[str, Any], chips: list[str]) -> None:
    """A few for each, in the order of the panel."""
    assert [chip.text for chip in list_chips(parameters, {})] == chips


def test_what_the_defaults_say_too_is_no_difference() -> None:
    """Unless something that belongs to it differs."""
    defaults = {"temperature": 0.2, "top_p": 1, "response_format": SCHEMA, "provider": {"zdr": True}}
    assert list_chips(defaults, defaults) == []
    assert [chip.text for chip in list_chips({"response_format": OTHER}, defaults)] == ["JSON schema: city"]
    assert [chip.text for chip in list_chips({"top_p": 2}, defaults)] == ["top_p"]


def test_where_a_chip_leads() -> None:
    """To its control, and to what undoes it."""
    chips = list_chips({"temperature": None, "seed": 1, "top_p": 1}, {})
    assert [(chip.control, chip.reset) for chip in chips] == [
        ("seed", "seed"),
        ("off:temperature", "off:temperature"),
        ("raw", "raw:top_p"),
    ]


def test_units_have_names() -> None:
    """Those of their fields, where one is the whole of it."""
    assert (name_unit("temperature"), name_unit("max_completion_tokens")) == ("temperature", "max tokens")
    assert name_unit("provider.data_collection") == "data collection"
    assert name_unit("reasoning") == "reasoning"
