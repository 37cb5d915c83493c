"""The most that a request can cost, and the models that it names."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.jsontext import encode_json
from chit.core.named_models import list_models
from chit.core.price_bound import OVERHEAD, bound_price

KNOWN: dict[str, Any] = {
    "a/one": {
        "id": "a/one",
        "context_length": 1000,
        "pricing": {"prompt": "0.000001", "completion": "0.00001"},
        "top_provider": {"max_completion_tokens": 100},
    },
    "a/dear": {
        "id": "a/dear",
        "context_length": 2000,
        "pricing": {
            "prompt": "0.000001",
            "input_cache_write": "0.00000125",
            "completion": "0.00001",
            "internal_reasoning": "0.00002",
            "request": "0.005",
            "discount": 0.5,
            "overrides": [{"min_prompt_tokens": 200, "prompt": "0.000002"}, "odd"],
        },
        "top_provider": {},
    },
    "a/raised": {"context_length": 10, "pricing": {"prompt": "1", "completion": "1", "discount": -1}},
    "a/free": {"pricing": {"prompt": "0", "completion": "0"}, "context_length": 10},
    "a/unknown": {"pricing": {"prompt": "-1", "completion": "1"}, "context_length": 10},
    "a/half": {"pricing": {"prompt": "1"}, "context_length": 10},
    "a/endless": {"pricing": {"prompt": "1", "completion": "1"}},
    "a/none": {"pricing": None},
    "openrouter/auto": {"pricing": {"prompt": "0", "completion": "0"}, "context_length": 10},
}
HELLO: dict[str, Any] = {"model": "a/one", "messages": [{"role": "user", "content": "Hi"}]}


def bound(changes: dict[str, Any], size: int = 0) -> Decimal | None:
    """Of that question, changed."""
    return bound_price(HELLO | changes, size=size, known=KNOWN)


def test_bytes_and_the_cap_bound_the_price() -> None:
    """Each byte as a token, what providers add, and as many tokens of reply as are allowed."""
    assert bound({"max_tokens": 50}) == Decimal("0.000001") * OVERHEAD + Decimal("0.00001") * 50
    assert bound({"max_tokens": 50}, size=10) == Decimal("0.000001") * (OVERHEAD + 10) + Decimal("0.0005")
    assert bound({"max_tokens": 50, "max_completion_tokens": 60}) == Decimal("0.001") + Decimal("0.0006")


def test_without_a_cap_it_is_the_models_own() -> None:
    """The longest reply that it gives, else all of its context."""
    assert bound({}) == Decimal("0.001") + Decimal("0.00001") * 100
    dear = Decimal("0.000002") * OVERHEAD + Decimal("0.00002") * 2000 + Decimal("0.005")
    assert bound({"model": "a/dear"}) == dear
    assert bound({"models": ["a/dear"]}) == dear
    assert bound({"model": "a/raised"}) == (OVERHEAD + 10) * 2
    assert bound({"model": "a/free"}) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "a/nowhere"},
        {"model": None},
        {"models": ["a/nowhere"]},
        {"model": "a/unknown"},
        {"model": "a/half"},
        {"model": "a/endless"},
        {"model": "a/none"},
        {"model": "openrouter/auto"},
        {"model": "a/one:online"},
        {"plugins": [{"id": "web"}]},
        {"web_search_options": {}},
        {"provider": {"order": ["x"]}},
        {"preset": "x"},
        {"service_tier": "priority"},
        {"n": 5},
        {"reasoning": {"mode": "pro"}},
        {"tools": [{"type": "openrouter:web_search"}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"tools": {"type": "function"}},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
        {"messages": [{"role": "assistant", "content": "", "images": [{}]}]},
        {"messages": [{"role": "user", "content": [{"type": ["text"]}]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "image"}]}]}]},
        {"input": [{"type": "function_call_output", "output": [{"type": "input_image"}]}]},
    ],
)
def test_what_is_priced_otherwise_has_no_bound(changes: dict[str, Any]) -> None:
    """Searches, pictures, routers, choices of providers, presets, tiers, and models of unknown price."""
    assert bound(changes) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"tools": [{"type": "function", "function": {"parameters": {"properties": {"type": {}, "file": {}}}}}]},
        {"tools": [{"name": "read", "input_schema": {"properties": {"images": {}}}}], "system": "Be brief"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], "stream": True},
        {"input": [{"type": "message", "content": [{"type": "input_text", "text": "Hi"}]}], "instructions": "x"},
        {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"type": "circle"}}]}]},
        {"reasoning": {"effort": "high"}, "temperature": 0},
    ],
)
def test_text_and_functions_are_bounded(changes: dict[str, Any]) -> None:
    """In each dialect, and however a tool's schema calls its members."""
    assert bound(changes) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "content", "models", "model", "preset", "x"]), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.sampled_from(["model", "models", "messages", "tools", "plugins", "preset", "n"]), JSON))
def test_any_request_has_an_answer(request_: dict[str, Any]) -> None:
    """Whatever a program sends, a bound or none comes back, and a list of names."""
    found = bound_price(request_, size=len(encode_json(request_)), known=KNOWN)
    assert found is None or found >= 0
    assert all(isinstance(name, str) and name for name in list_models(request_))


def test_every_model_that_is_named_is_found() -> None:
    """Also those that answer when others fail, and those that are asked on the way."""
    request = {
        "model": "a/one",
        "models": ["a/two", "a/one", ""],
        "fallbacks": [{"model": "a/three"}],
        "preset": "p",
        "plugins": [
            {"id": "fusion", "analysis_models": ["a/four"], "preset": "q"},
            {"id": "auto-router", "allowed_models": ["b/*"]},
            "odd",
        ],
        "tools": [
            {"type": "openrouter:advisor", "parameters": {"model": "a/five"}},
            {"type": "function", "function": {"parameters": {"model": "not/one"}}},
            {"type": None},
            "odd",
        ],
        "messages": [{"role": "user", "content": "x", "model": "not/one"}],
    }
    names = ["a/one", "a/two", "a/three", "@preset/p", "a/four", "@preset/q", "b/*", "a/five"]
    assert list_models(request) == names
    assert list_models({"model": 3, "plugins": "x", "tools": "y"}) == []
