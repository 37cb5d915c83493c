"""Generations and their chits: settled before reported before measured, and unknown is not zero."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.generation import (
    Chit,
    Generation,
    GenerationInfo,
    Settlement,
    read_generation_info,
    read_text,
    write_chit,
)
from chit.core.usage import Usage

RECORD: dict[str, Any] = {
    "id": "gen-1",
    "model": "a/b-2026",
    "provider_name": "P",
    "total_cost": 0.0000198,
    "upstream_inference_cost": 0.5,
    "is_byok": True,
    "cancelled": True,
    "latency": 812,
    "generation_time": 1500.7,
    "native_tokens_prompt": 11,
    "tokens_prompt": 99,
    "native_tokens_completion": 22,
    "tokens_completion": 99,
    "native_tokens_reasoning": 5,
    "native_tokens_cached": 3,
    "cache_discount": -0.001,
    "finish_reason": "stop",
    "unknown_member": 1,
}
GENERATION = Generation(
    id="g",
    message_id="m",
    conversation_id="c",
    origin="cli",
    request=b"{}",
    streamed=True,
    state="done",
    generation_id="gen-1",
    requested_model="a/b",
    model="a/b",
    provider="Q",
    usage=Usage(prompt_tokens=1, completion_tokens=20, reasoning_tokens=2, cached_tokens=0, cost=Decimal("0.1")),
    time_to_first_token_ms=500,
    duration_ms=1500,
)


def test_a_record_is_read() -> None:
    """Every figure finds its place, and native token counts win."""
    assert read_generation_info(RECORD) == GenerationInfo(
        generation_id="gen-1",
        model="a/b-2026",
        provider="P",
        total_cost=Decimal("0.0000198"),
        upstream_cost=Decimal("0.5"),
        is_byok=True,
        cancelled=True,
        latency_ms=812,
        generation_time_ms=1500,
        prompt_tokens=11,
        completion_tokens=22,
        reasoning_tokens=5,
        cached_tokens=3,
        cache_discount=Decimal("-0.001"),
        finish_reason="stop",
    )


def test_native_counts_that_are_missing_are_replaced() -> None:
    """Without native counts the normalised ones are used, without either the count is unknown; zero is a count."""
    info = read_generation_info(
        {
            "id": "g",
            "native_tokens_prompt": None,
            "tokens_prompt": 9,
            "native_tokens_completion": 0,
            "tokens_completion": 9,
        }
    )
    assert info is not None
    assert (info.prompt_tokens, info.completion_tokens) == (9, 0)


@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": ""}, {"id": 5}])
def test_a_record_without_an_id_is_none(record: dict[str, Any]) -> None:
    """What does not say which generation it is about is no record."""
    assert read_generation_info(record) is None


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), st.none() | st.booleans() | st.text(max_size=3) | st.just([])))
@settings(max_examples=80, deadline=None)
def test_malformed_figures_are_unknown(record: dict[str, Any]) -> None:
    """Texts, booleans and lists in place of numbers are unknown rather than wrong or an exception."""
    info = read_generation_info(record | {"id": "gen-1", "total_cost": "?", "latency": -1, "generation_time": "?"})
    assert info is not None
    assert (info.total_cost, info.latency_ms, info.generation_time_ms) == (None, None, None)
    assert (info.prompt_tokens, info.completion_tokens, info.cached_tokens) == (None, None, None)


@pytest.mark.parametrize(("value", "text"), [("a", "a"), ("", None), (None, None), (5, None), (["a"], None)])
def test_a_text_says_something(value: Any, text: str | None) -> None:
    """Only a string that is not empty is a text."""
    assert read_text(value) == text


def test_a_chit_before_settling_shows_what_was_reported() -> None:
    """Reported and measured figures, the settlement's state, and nothing settled."""
    receipt = write_chit(replace(GENERATION, settlement=Settlement(generation_id="gen-1")))
    assert receipt.as_dict() == {
        "generation_id": "gen-1",
        "requested_model": "a/b",
        "model": "a/b",
        "provider": "Q",
        "reported_cost": "0.1",
        "settled_cost": None,
        "settlement": "pending",
        "prompt_tokens": 1,
        "completion_tokens": 20,
        "reasoning_tokens": 2,
        "cached_tokens": 0,
        "time_to_first_token_ms": 500,
        "latency_ms": None,
        "generation_time_ms": None,
        "images": None,
        "image_tokens": None,
    }
    assert (receipt.cost, receipt.tokens_per_second) == (Decimal("0.1"), 20.0)


def test_a_settled_chit_shows_what_openrouter_recorded() -> None:
    """Settled figures replace reported ones, the reported cost stays beside the settled one."""
    settlement = Settlement(generation_id="gen-1", state="settled", record=RECORD)
    receipt = write_chit(replace(GENERATION, settlement=settlement))
    assert receipt.as_dict() == {
        "generation_id": "gen-1",
        "requested_model": "a/b",
        "model": "a/b-2026",
        "provider": "P",
        "reported_cost": "0.1",
        "settled_cost": "0.0000198",
        "settlement": "settled",
        "prompt_tokens": 11,
        "completion_tokens": 22,
        "reasoning_tokens": 5,
        "cached_tokens": 3,
        "time_to_first_token_ms": 500,
        "latency_ms": 812,
        "generation_time_ms": 1500,
        "images": None,
        "image_tokens": None,
    }
    assert (receipt.cost, receipt.tokens_per_second) == (Decimal("0.0000198"), 22.0)


def test_what_a_record_does_not_say_stays_as_reported() -> None:
    """A sparse record erases nothing, and one without an id settles nothing."""
    sparse = Settlement(generation_id="gen-1", state="settled", record={"id": "gen-1", "total_cost": 0})
    receipt = write_chit(replace(GENERATION, settlement=sparse))
    assert (receipt.provider, receipt.completion_tokens, receipt.settled_cost) == ("Q", 20, Decimal(0))
    assert receipt.cost == Decimal(0)
    strange = Settlement(generation_id="gen-1", state="settled", record={"total_cost": 5})
    assert write_chit(replace(GENERATION, settlement=strange)).settled_cost is None


def test_a_generation_without_an_id_has_nothing_to_settle() -> None:
    """Unknown is null all the way through the receipt."""
    bare = Generation(id="g", message_id="m", conversation_id="c", origin="cli", request=b"", streamed=False)
    assert set(write_chit(bare).as_dict().values()) == {None}
    assert (write_chit(bare).cost, write_chit(bare).tokens_per_second) == (None, None)


def test_only_a_settled_record_is_information() -> None:
    """A settlement tells its record typed, and None while there is none."""
    assert Settlement(generation_id="gen-1").info is None
    info = Settlement(generation_id="gen-1", record=RECORD).info
    assert info == read_generation_info(RECORD)


@pytest.mark.parametrize(
    ("tokens", "first", "end", "speed"),
    [
        (100, 500, 1500, 100.0),
        (0, 500, 1500, 0.0),
        (None, 500, 1500, None),
        (100, None, 1500, None),
        (100, 500, None, None),
        (100, 500, 500, None),
        (100, 600, 500, None),
    ],
)
def test_tokens_per_second(tokens: int | None, first: int | None, end: int | None, speed: float | None) -> None:
    """Tokens over the time from the first token to the end; unknown where that is nothing or unknown."""
    chit = Chit(completion_tokens=tokens, time_to_first_token_ms=first, duration_ms=end)
    assert chit.tokens_per_second == speed


@pytest.mark.parametrize(
    ("completion", "record", "shown"),
    [
        (None, {}, (None, None)),
        ({"choices": [], "usage": None}, {}, (None, None)),
        ({"choices": [{"message": {"images": []}}], "usage": {"completion_tokens_details": {}}}, {}, (None, None)),
        ({"choices": [{"message": {"images": [1, 2]}}]}, {"num_media_completion": 0}, (2, None)),
        ({"choices": ["odd"]}, {"num_media_completion": 3, "native_tokens_completion_images": 1290}, (3, 1290)),
        ({"usage": {"completion_tokens_details": {"image_tokens": 64}}}, {}, (None, 64)),
    ],
)
def test_pictures_are_counted(completion: Any, record: dict[str, Any], shown: tuple[int | None, int | None]) -> None:
    """From the reply, and from the record where it knows of any; none at all is None, as a zero would say nothing."""
    settlement = Settlement(generation_id="gen-1", state="settled", record=RECORD | record)
    chit = write_chit(replace(GENERATION, completion=completion, settlement=settlement))
    assert (chit.images, chit.image_tokens) == shown
