"""Secrets where none belong: seen by their look and by their name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.stray_secret import find_secret, holds_key, names_secret

KEY = "sk-or-v1-" + "0ddba115" * 8


@pytest.mark.parametrize(
    "text", [KEY, "sk-or-x", "sk-proj-a", f"Bearer {KEY}", f"x{KEY}", f"https://h/?k={KEY}", "sk-1"]
)
def test_keys_are_seen(text: str) -> None:
    """A key is seen alone, in a sentence, in an address and glued to a word."""
    assert holds_key(text)


@pytest.mark.parametrize(
    "text", ["", "task-order", "flask-sk-small", "sk-telecom/ax-4", "sk-", "openai/gpt-5-mini", "risk-or-not"]
)
def test_words_are_no_keys(text: str) -> None:
    """Words that hold the same letters, and an author of models called sk-…, pass."""
    assert not holds_key(text)


@pytest.mark.parametrize(
    "name",
    ["api_key", "apikey", "API-KEY", "key", "management_key", "openrouter_api_key", "token", "password", "secret"],
)
def test_names_of_secrets_are_seen(name: str) -> None:
    """In any letter case, with hyphens, and behind other words."""
    assert names_secret(name)


@pytest.mark.parametrize("name", ["max_tokens", "prompt_cache_key", "monkey", "model", "keys", "tokenizer"])
def test_names_that_only_sound_like_it_pass(name: str) -> None:
    """Documented parameters and words that merely end alike are harmless."""
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("values", "way"),
    [
        ({"model": "a/b"}, None),
        ({"model": KEY}, ("model",)),
        ({"api_key": "hunter2"}, ("api_key",)),
        ({KEY: 1}, ()),
        ({"parameters": {KEY: 1}}, ("parameters",)),
        ({"parameters": {"stop": ["END", KEY]}}, ("parameters", "stop")),
        ({"parameters": {"plugins": [{"id": "x", "token": "t"}]}}, ("parameters", "plugins", "token")),
        ({"parameters": {"prompt_cache_key": "x", "seed": 3}}, None),
        ({"parameters": {"tools": [{"properties": {"token": {"type": "string"}}}]}}, None),
    ],
)
def test_the_way_leads_to_the_secret(values: dict[str, object], way: tuple[str, ...] | None) -> None:
    """The way goes through tables and lists, stops before a name that is a key, and is None without a secret."""
    assert find_secret(values) == way


@given(
    st.recursive(
        st.just(KEY), lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1)
    )
)
def test_no_nesting_hides_a_key(value: object) -> None:
    """However deep a key lies, it is found, and the way to it does not show it."""
    way = find_secret({"parameters": value})
    assert way is not None
    assert not any(holds_key(name) for name in way)
