"""The estimate of the next turn: exact, monotone, and unknown where anything it needs is unknown."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.next_turn import NextTurn, Prices, Turns, find_model, look_ahead, price_turn, read_prices

PRICE = st.decimals(min_value=0, max_value=1, places=9, allow_nan=False)
PRICES = st.builds(Prices, prompt=PRICE, completion=PRICE, cache_read=st.none() | PRICE, request=PRICE)
COUNT = st.integers(0, 10_000_000)
PRICING = {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"}
MODEL = {"id": "a/b", "canonical_slug": "a/b-2026", "context_length": 200_000, "pricing": PRICING}


@given(PRICES, COUNT, COUNT, COUNT)
def test_a_price_is_exact(prices: Prices, prompt: int, cached: int, completion: int) -> None:
    """It is the sum of fractions, to the last digit; no more is cached than there is."""
    cached_ones = min(prompt, cached)
    cache_read = prices.prompt if prices.cache_read is None else prices.cache_read
    exact = (
        Fraction(prices.request)
        + Fraction(prices.prompt) * (prompt - cached_ones)
        + Fraction(cache_read) * cached_ones
        + Fraction(prices.completion) * completion
    )
    assert Fraction(price_turn(prices, prompt=prompt, cached=cached, completion=completion)) == exact


@given(PRICES, COUNT, COUNT, COUNT, COUNT)
def test_more_never_costs_less(prices: Prices, prompt: int, cached: int, completion: int, more: int) -> None:
    """A longer prompt, with as much of it cached, or a longer reply."""
    cost = price_turn(prices, prompt=prompt, cached=min(cached, prompt), completion=completion)
    longer = price_turn(prices, prompt=prompt + more, cached=min(cached, prompt), completion=completion)
    assert cost <= longer <= price_turn(prices, prompt=prompt + more, cached=cached, completion=completion) or (
        prices.cache_read is not None and cost <= longer
    )
    assert cost <= price_turn(prices, prompt=prompt, cached=min(cached, prompt), completion=completion + more)


def look(**members: Any) -> NextTurn:
    """After a turn of 1,000 and 500 tokens."""
    defaults: dict[str, Any] = {
        "prompt_tokens": 1000,
        "completion_tokens": 500,
        "cached_tokens": 800,
        "turns": Turns(replies=2, completion_tokens=801),
        "model": MODEL,
        "parameters": {},
    }
    return look_ahead(**(defaults | members))


def test_it_begins_like_the_last_turn() -> None:
    """Prompt and reply are the next prompt, as much of it is cached, and the reply is as long as the average."""
    ahead = look()
    assert (ahead.context, ahead.cached, ahead.reply, ahead.length) == (1500, 800, 400, 200_000)
    assert ahead.cost == Decimal("0.00834")  # 700 * 3e-6 + 800 * 0.3e-6 + 400 * 15e-6
    assert ahead.share == Decimal("0.0075")
    assert ahead.fits is True
    assert ahead.cost_of_writing == Decimal("0.00075")


@pytest.mark.parametrize(
    ("turns", "parameters", "reply"),
    [
        (Turns(), {}, None),
        (Turns(), {"max_tokens": 100}, 100),
        (Turns(replies=1, completion_tokens=50), {"max_tokens": 100}, 50),
        (Turns(replies=1, completion_tokens=500), {"max_completion_tokens": 100}, 100),
        (Turns(), {"max_tokens": "many"}, None),
    ],
)
def test_how_long_the_reply_will_be(turns: Turns, parameters: dict[str, Any], reply: int | None) -> None:
    """The average so far, or as long as it may be, whichever is less."""
    ahead = look(turns=turns, parameters=parameters)
    assert ahead.reply == reply
    assert (ahead.cost is None) == (reply is None)


@pytest.mark.parametrize("missing", ["prompt_tokens", "model"])
def test_what_is_unknown_stays_unknown(missing: str) -> None:
    """Without tokens or a model there is no share, no price, and nothing to warn of."""
    ahead = look(**{missing: None})
    assert (ahead.share, ahead.cost, ahead.fits) == (None, None, None)
    assert look(model={"id": "a/b", "context_length": None}).length is None
    assert look(model={"id": "a/b"}).cost_of_writing is None


def test_what_does_not_fit() -> None:
    """The conversation and its next reply reach the model's length; even one that is full already is told."""
    assert look(model={**MODEL, "context_length": 1900}).fits is False
    assert look(model={**MODEL, "context_length": 1901}).fits is True
    full = look(model={**MODEL, "context_length": 100})
    assert (full.fits, full.share) == (False, Decimal(15))
    assert look(completion_tokens=None).context == 1000


@pytest.mark.parametrize(
    ("pricing", "tokens", "prompt"),
    [
        (PRICING, 0, "0.000003"),
        ({**PRICING, "discount": 0.5}, 0, "0.0000015"),
        ({**PRICING, "overrides": [{"min_prompt_tokens": 200, "prompt": "0.000006"}]}, 200, "0.000003"),
        ({**PRICING, "overrides": [{"min_prompt_tokens": 200, "prompt": "0.000006"}]}, 201, "0.000006"),
        ({**PRICING, "overrides": [{"min_prompt_tokens": 2, "utc_start": 100, "prompt": "1"}]}, 9, "0.000003"),
        ({**PRICING, "overrides": [{"prompt": "1"}, "odd"]}, 9, "0.000003"),
        ({**PRICING, "overrides": 7}, 9, "0.000003"),
        ({**PRICING, "prompt": "-1"}, 0, None),
        ({**PRICING, "completion": "free"}, 0, None),
        ({}, 0, None),
        (None, 0, None),
    ],
)
def test_prices_are_read_as_the_catalogue_means_them(pricing: Any, tokens: int, prompt: str | None) -> None:
    """With discounts and prices of long prompts; a negative or unreadable one is unknown."""
    prices = read_prices(pricing, prompt_tokens=tokens)
    assert (None if prices is None else prices.prompt) == (None if prompt is None else Decimal(prompt))


def test_a_model_is_found_by_each_of_its_names() -> None:
    """The first name that is known counts, then the dated one; a variant is its model unless it is listed itself."""
    free = {"id": "a/b:free", "canonical_slug": "a/b-2026:free"}
    models: list[dict[str, Any]] = [MODEL, free, {"id": 3}]
    assert find_model(models, "a/b") is MODEL
    assert find_model(models, None, "a/b-2026") is MODEL
    assert find_model(models, "a/b:nitro") is MODEL
    assert find_model(models, "a/b:free") is free
    assert find_model(models, "@preset/x", "a/b-2026") is MODEL
    assert find_model(models, "c/d", None) is None
