"""Models that are suggested: which, in which order, and what is told of them."""

from typing import Any

import pytest

from chit.web.suggestions import MOST, suggest_models

RECORDS: list[Any] = [
    {"id": "openai/gpt-5-mini", "name": "OpenAI: GPT-5 Mini"},
    {"id": "openai/gpt-5", "name": "OpenAI: GPT-5"},
    {"id": "other/mini-gpt", "name": "Other: Mini"},
    {"id": "meta/llama-4", "name": "Meta: a kind of GPT"},
    {"id": 5, "name": "No id"},
    {"id": "a/nameless"},
]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("gpt", ["openai/gpt-5-mini", "openai/gpt-5", "other/mini-gpt", "meta/llama-4"]),
        ("openai/gpt-5", ["openai/gpt-5", "openai/gpt-5-mini"]),
        ("GPT-5", ["openai/gpt-5", "openai/gpt-5-mini"]),
        ("mini gpt", ["other/mini-gpt", "openai/gpt-5-mini"]),
        ("kind", ["meta/llama-4"]),
        ("nothing like it", []),
        ("gpt-5:nitro", []),
        ("\x00", []),
    ],
)
def test_the_best_come_first(typed: str, ids: list[str]) -> None:
    """What it is exactly, what begins so, what has all words in its id, what has them in its name."""
    assert [each.id for each in suggest_models(RECORDS, typed)] == ids


def test_nothing_typed_is_everything_up_to_a_dozen() -> None:
    """In the order of the catalogue, without records that name no model."""
    assert [each.id for each in suggest_models(RECORDS, " ")] == [
        each["id"] for each in RECORDS if isinstance(each["id"], str)
    ]
    assert len(suggest_models([{"id": f"a/{number}"} for number in range(100)], "a")) == MOST


@pytest.mark.parametrize(
    ("pricing", "facts"),
    [
        ({"prompt": "0.000001", "completion": "0.0000055"}, ("$1 in, $5.5 out per M",)),
        ({"prompt": "0", "completion": "0.0"}, ("free",)),
        ({"prompt": "0", "completion": "0.000001"}, ("$0 in, $1 out per M",)),
        ({"prompt": "-1", "completion": "0"}, ()),
        ({"prompt": "0", "completion": "free"}, ()),
        ({"prompt": "1e-9", "completion": 0.00002}, ("$0.001 in, $20 out per M",)),
        ("none", ()),
    ],
)
def test_prices_are_per_million(pricing: Any, facts: tuple[str, ...]) -> None:
    """Exactly, in plain digits; what cannot be a price is unknown, and unknown is not free."""
    [found] = suggest_models([{"id": "a/b", "name": "B", "pricing": pricing}], "b")
    assert (found.id, found.facts) == ("a/b", facts)


@pytest.mark.parametrize(
    ("length", "expires", "facts"),
    [
        (200_000, "2027-01-01", ("200k", "until 2027-01-01")),
        (131_072, None, ("131k",)),
        (0, "", ()),
        ("8", 5, ()),
    ],
)
def test_how_much_fits_in_and_for_how_long(length: Any, expires: Any, facts: tuple[str, ...]) -> None:
    """In thousands of tokens; what is not told, or cannot be, is left out."""
    [found] = suggest_models([{"id": "a/b", "context_length": length, "expiration_date": expires}], "b")
    assert found.facts == facts
