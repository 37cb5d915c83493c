"""What there is to know of a model and of who serves it."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.dossiers import values

from chit.core.model_card import card_record, find_cards, offer_record, read_card, read_offers

RECORD = {
    "id": "openai/gpt-5-mini",
    "name": "OpenAI: GPT-5 Mini",
    "context_length": 400_000,
    "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text", "audio"]},
    "pricing": {"prompt": "0.00000025", "completion": "0.000002", "input_cache_read": "0.000000025"},
    "top_provider": {"max_completion_tokens": 128_000},
    "supported_parameters": ["tools", "structured_outputs", "temperature", "reasoning"],
    "expiration_date": "2027-01-31",
}
ENDPOINT = {
    "provider_name": "Azure",
    "tag": "azure",
    "context_length": 200_000,
    "max_completion_tokens": 64_000,
    "quantization": "fp8",
    "pricing": {"prompt": "0.0000005", "completion": "0.000002"},
    "uptime_last_30m": None,
    "uptime_last_1d": 99.8,
    "latency_last_30m": {"p50": 610},
    "throughput_last_30m": {"p50": 61.5},
}
PROVIDERS = [{"name": "Azure", "privacy_policy_url": "https://a.example/privacy", "headquarters": "US"}, {}]


def test_a_card() -> None:
    """Prices are those of a million tokens; abilities in words."""
    card = read_card(RECORD)
    assert card is not None
    assert not card.is_free
    assert card_record(card) == {
        "id": "openai/gpt-5-mini",
        "name": "OpenAI: GPT-5 Mini",
        "prompt_per_million": "0.25",
        "completion_per_million": "2",
        "cached_prompt_per_million": "0.025",
        "context": 400_000,
        "max_completion": 128_000,
        "can": ["image", "makes audio", "tools", "schema", "reasoning"],
        "expires": "2027-01-31",
    }


def test_what_is_unknown() -> None:
    """Nothing is made up; a price below nothing is none."""
    assert read_card({"name": "without an id"}) is None
    card = read_card({"id": "a/b", "pricing": {"prompt": "-1", "completion": "odd"}})
    assert card is not None
    assert (card.name, card.prompt, card.completion, card.context, card.can) == ("a/b", None, None, None, ())
    free = read_card({"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0"}})
    assert free is not None
    assert free.is_free


def test_finding() -> None:
    """By parts of id and name, by what a model can do, and by its costing nothing."""
    records: list[dict[str, Any]] = [RECORD, {"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0"}}]
    cards = [card for record in records if (card := read_card(record))]
    assert [each.id for each in find_cards(cards, ["GPT", "tools"])] == ["openai/gpt-5-mini"]
    assert [each.id for each in find_cards(cards, ["free"])] == ["a/b:free"]
    assert find_cards(cards, ["image", "video"]) == []
    assert len(find_cards(cards, [])) == 2


def test_offers() -> None:
    """The cheapest first, those of unknown price last, each with what its provider says of data."""
    cheap: dict[str, Any] = {
        "provider_name": "Cheap",
        "tag": "cheap",
        "pricing": {"prompt": "0.0000001", "completion": "0"},
    }
    cheap["uptime_last_30m"] = 100
    offers = read_offers([{"tag": "odd"}, ENDPOINT, cheap, "x"], PROVIDERS, {"azure"})
    assert [each.tag for each in offers] == ["cheap", "azure", "odd"]
    assert offer_record(offers[1]) == {
        "provider": "Azure",
        "tag": "azure",
        "prompt_per_million": "0.5",
        "completion_per_million": "2",
        "cached_prompt_per_million": None,
        "context": 200_000,
        "max_completion": 64_000,
        "quantization": "fp8",
        "uptime": 99.8,
        "first_token_ms": 610,
        "tokens_per_second": 61.5,
        "zero_data_retention": True,
        "privacy_policy": "https://a.example/privacy",
        "headquarters": "US",
    }
    assert (offers[0].uptime, offers[0].keeps_nothing, offers[0].policy) == (Decimal(100), False, None)
    assert read_offers([ENDPOINT], [], None)[0].keeps_nothing is None
    assert offer_record(offers[2])["uptime"] is None


@given(st.dictionaries(st.sampled_from([*RECORD, *ENDPOINT]), values))
def test_any_json(record: dict[str, Any]) -> None:
    """Whatever OpenRouter sends is read, as far as it goes."""
    card = read_card(record)
    assert (card is None) or card_record(card)["id"]
    assert len(read_offers([record], [record], None)) == 1
