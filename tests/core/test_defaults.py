"""What a request does not say itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.defaults import add_defaults, choose_parameters, layer_parameters, model_parameters


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (None, {}),
        ("", {}),
        (" , ", {}),
        ("a/b", {"model": "a/b"}),
        (" a/b ,, c/d:free ", {"models": ["a/b", "c/d:free"]}),
    ],
)
def test_model_texts(text: str | None, parameters: dict[str, Any]) -> None:
    """Nothing, one id and several become no parameter, `model` and `models`."""
    assert model_parameters(text) == parameters


@pytest.mark.parametrize(
    ("given_", "defaults", "request_"),
    [
        ({}, {"seed": 1}, {"seed": 1}),
        ({"seed": 2}, {"seed": 1, "top_p": 0.5}, {"seed": 2, "top_p": 0.5}),
        ({"seed": None}, {"seed": 1}, {"seed": None}),
        ({"models": ["a", "b"]}, {"model": "c"}, {"models": ["a", "b"]}),
        ({"model": "a"}, {"models": ["b", "c"]}, {"model": "a"}),
        ({"max_completion_tokens": 9}, {"max_tokens": 1}, {"max_completion_tokens": 9}),
        ({"reasoning_effort": "low"}, {"reasoning": {"max_tokens": 9}}, {"reasoning_effort": "low"}),
        ({"reasoning": {"effort": "low"}}, {"reasoning": {"max_tokens": 9}}, {"reasoning": {"effort": "low"}}),
        (
            {"provider": {"sort": "price"}},
            {"provider": {"sort": "latency", "data_collection": "deny"}},
            {"provider": {"sort": "price", "data_collection": "deny"}},
        ),
        ({"provider": None}, {"provider": {"zdr": True}}, {"provider": None}),
    ],
)
def test_a_request_wins(given_: dict[str, Any], defaults: dict[str, Any], request_: dict[str, Any]) -> None:
    """What is given stays, its other names count as answered too, and only `provider` is joined member by member."""
    assert add_defaults(given_, defaults) == request_


names = st.sampled_from(["model", "models", "max_tokens", "max_completion_tokens", "reasoning", "seed", "provider"])


@given(st.dictionaries(names, st.integers()), st.dictionaries(names, st.integers()))
def test_nothing_given_is_changed(asked: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Every value given is sent as given, every other one is a default, and no default is repeated by adding twice."""
    request = add_defaults(asked, defaults)
    assert asked.items() <= request.items()
    assert request.items() <= (defaults | asked).items()
    assert add_defaults(request, defaults) == request


@pytest.mark.parametrize(
    ("given_", "own", "defaults", "request_"),
    [
        ({}, {}, {"seed": 1}, {"seed": 1}),
        ({}, {"seed": 2}, {"seed": 1}, {"seed": 2}),
        ({"seed": 3}, {"seed": 2}, {"seed": 1}, {"seed": 3}),
        ({}, {"seed": None}, {"seed": 1, "top_p": 1}, {"top_p": 1}),
        ({"seed": None}, {"seed": 2}, {"seed": 1}, {}),
        ({}, {"max_completion_tokens": None}, {"max_tokens": 9}, {}),
        ({}, {"reasoning": {"effort": "low"}}, {"reasoning": {"max_tokens": 9}}, {"reasoning": {"effort": "low"}}),
        (
            {"provider": {"sort": "price"}},
            {"provider": {"zdr": None, "only": ["a"]}},
            {"provider": {"zdr": True, "data_collection": "deny"}},
            {"provider": {"sort": "price", "only": ["a"], "data_collection": "deny"}},
        ),
        ({}, {"provider": {"zdr": None}}, {"provider": {"zdr": True}}, {}),
        ({}, {"provider": None}, {"provider": {"zdr": True}}, {}),
        ({"model": "a/b"}, {"seed": 1}, {"models": ["c/d"]}, {"model": "a/b", "seed": 1}),
    ],
)
def test_layers(
    given_: dict[str, Any], own: dict[str, Any], defaults: dict[str, Any], request_: dict[str, Any]
) -> None:
    """The question wins over its conversation, and that over the preferences; null leaves out."""
    assert layer_parameters(given_, own, defaults) == request_


@pytest.mark.parametrize(
    ("model", "chosen"),
    [(None, {"model": "d/e"}), ("", {}), ("a/b", {"model": "a/b"}), ("a/b,c/d", {"models": ["a/b", "c/d"]})],
)
def test_a_question_chooses_its_model(model: str | None, chosen: dict[str, Any]) -> None:
    """None is the preferred one, nothing the account's, whatever is preferred; other parameters are layered."""
    defaults = {"model": "d/e", "seed": 1, "top_p": 1}
    assert choose_parameters({"n": 2}, {"seed": None}, defaults, model=model) == {"n": 2, "top_p": 1, **chosen}
