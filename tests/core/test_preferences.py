"""The preferences one by one: what each takes, and what it refuses."""

import dataclasses
import datetime
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.preferences import (
    MOST_DEPTH,
    PREFERENCES,
    SETTLE_POLICIES,
    THEMES,
    ValueInvalid,
    check_address,
    find_preference,
    read_parameter,
    suggest_preference,
)
from chit.prefs import UserPrefs

NAMES = [each.name for each in PREFERENCES]


def check(name: str, value: Any) -> Any:
    """The typed value."""
    preference = find_preference(name)
    assert preference
    return preference.check(value)


def read(name: str, text: str) -> Any:
    """The typed value of a text."""
    preference = find_preference(name)
    assert preference
    return preference.check(preference.read(text))


def nest(levels: int) -> Any:
    """A value inside of as many tables and lists."""
    value: Any = 1
    for level in range(levels):
        value = {"x": value} if level % 2 else [value]
    return value


def test_every_field_is_a_preference() -> None:
    """Nothing of UserPrefs but its place and its warnings is without a description, and nothing is described twice."""
    assert sorted(NAMES) == sorted({each.name for each in dataclasses.fields(UserPrefs)} - {"home", "warnings"})


@pytest.mark.parametrize("each", PREFERENCES, ids=NAMES)
def test_examples_and_defaults_are_valid(each: Any) -> None:
    """The example of each preference, and its default, pass its own check; its variable is CHIT_ and its name."""
    each.check(tomllib.loads(each.example)[each.name])
    default = getattr(UserPrefs(home=Path("/x")), each.name)
    assert each.check("" if default is None else default) == default
    assert each.variable == f"CHIT_{each.name.upper()}"


def test_the_words_are_those_of_the_types() -> None:
    """Theme and settle policy accept exactly the words that their types in UserPrefs list."""
    hints = get_type_hints(UserPrefs)
    assert get_args(hints["theme"]) == THEMES
    assert get_args(hints["settle"]) == SETTLE_POLICIES


def test_preferences_are_found_and_suggested() -> None:
    """A name finds its preference, a slip of it suggests one, and anything else neither."""
    assert find_preference("model") is PREFERENCES[0]
    assert find_preference("modle") is None
    assert suggest_preference("modle") == "model"
    assert suggest_preference("Low-Balance") == "low_balance"
    assert suggest_preference("zzz") is None


@pytest.mark.parametrize("name", ["model", "base_url", "app_name", "app_url"])
@pytest.mark.parametrize("value", [3, True, ["a"], {}, None])
def test_text_must_be_text(name: str, value: Any) -> None:
    """No other type stands in for text."""
    with pytest.raises(ValueInvalid, match="must be text"):
        check(name, value)


@pytest.mark.parametrize("name", ["model", "app_name", "app_url"])
@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "a\x00", "\ud800", "a\u2028b"])
def test_text_is_one_readable_line(name: str, value: str) -> None:
    """Nothing that could end a header, move a cursor or fail to be written gets in."""
    with pytest.raises(ValueInvalid, match="one line"):
        check(name, value)


def test_text_is_trimmed_and_may_be_empty() -> None:
    """Space around a text is dropped; an empty model or page is none, an empty name of the app is refused."""
    assert check("model", " a/b ") == "a/b"
    assert check("model", "  ") is None
    assert check("app_url", "") is None
    with pytest.raises(ValueInvalid, match="empty"):
        check("app_name", " ")


@pytest.mark.parametrize("value", ["https://example.com/@me?x=1", "http://localhost:1"])
def test_pages(value: str) -> None:
    """The page of the app is any http or https address."""
    assert check("app_url", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "ftp://x.test",
        "https://",
        "https://u:p@x.test",
        "https://[x",
        "https://x.test/a b",
        "https://é.test",
    ],
)
def test_what_is_no_page(value: str) -> None:
    """Other schemes, logins, spaces and what a header cannot say are refused."""
    with pytest.raises(ValueInvalid, match="address of a page"):
        check("app_url", value)


def test_an_address_says_why_it_cannot_be_used() -> None:
    """The rules of the base URL hold for the preference, and a login in it is not repeated."""
    assert check("base_url", "https://x.test/v1/") == "https://x.test/v1"
    with pytest.raises(ValueInvalid, match=r"cannot be used: the base URL .* in the clear"):
        check("base_url", "http://x.test")
    with pytest.raises(ValueInvalid) as caught:
        check_address("https://me:hunter2@x.test")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["blue", "", 3, ["dark"], None])
def test_a_word_is_one_of_the_list(value: Any) -> None:
    """Any other value is refused with the whole list."""
    with pytest.raises(ValueInvalid, match="must be light, dark or system"):
        check("theme", value)


@pytest.mark.parametrize("value", [-1, 10081, True, 1.5, "x", None, Decimal("1.5")])
def test_minutes_are_whole_and_bounded(value: Any) -> None:
    """Neither fractions nor booleans nor a timer beyond a week are minutes."""
    with pytest.raises(ValueInvalid, match="must be a whole number from 0 to 10080"):
        check("auto_lock_minutes", value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", "0.00"), ("10", "10.00"), (" 2.5 ", "2.50"), ("0.000001", "0.000001"), ("1000000.00", "1000000.00")],
)
def test_dollars_are_exact(text: str, value: str) -> None:
    """An amount is kept to its last digit and shown with two decimals at least."""
    assert str(read("low_balance", text)) == value


@pytest.mark.parametrize(
    "value", [-1, -0.5, 1e7, float("nan"), float("inf"), 0.1234567, True, "10", None, Decimal("0.0000001"), 10**400]
)
def test_what_are_no_dollars(value: Any) -> None:
    """Debts, fortunes, fractions of a micro-dollar and texts are refused."""
    with pytest.raises(ValueInvalid, match="must be US dollars"):
        check("low_balance", value)


@pytest.mark.parametrize("text", ["NaN", "1e5", "-1", "ten", "1,5", "٣", "9" * 30])
@pytest.mark.parametrize("name", ["low_balance", "linger_seconds"])
def test_texts_that_are_no_numbers(name: str, text: str) -> None:
    """A number on the command line is plain digits, with a point at most."""
    with pytest.raises(ValueInvalid, match="must be"):
        read(name, text)


@given(st.decimals(0, 1_000_000, places=6))
def test_a_float_of_toml_is_the_same_money(amount: Decimal) -> None:
    """Reading an amount as TOML's float loses nothing."""
    assert check("low_balance", float(f"{amount:f}")) == check("low_balance", amount) == amount


def test_parameters_are_json() -> None:
    """Whatever JSON and TOML can both say may be a default parameter."""
    value = {"temperature": 0.2, "stop": ["a", {"b": True}], "provider": {"sort": "price"}, "unheard_of": 2**70}
    assert check("parameters", value) == value
    assert read_parameter("0.2") == 0.2
    assert read_parameter("[1") == "[1"
    assert read_parameter("\ud800") in ("\ud800", "\ufffd")


@pytest.mark.parametrize(
    ("value", "problem", "inside"),
    [
        (3, "must be a table", ()),
        ({"messages": []}, "has no default", ("messages",)),
        ({"stream": True}, "has no default", ("stream",)),
        ({"model": "a/b"}, "is a preference of its own", ("model",)),
        ({"a": {"b": None}}, "cannot be null", ("a", "b")),
        ({"a": [float("inf")]}, "finite", ("a",)),
        ({"a": {"b": [{"c": datetime.date(2020, 1, 1)}]}}, "date", ("a", "b", "c")),
        ({"a": "\ud800"}, "readable", ("a",)),
        ({"a": nest(MOST_DEPTH)}, "nested too deeply", ("a",)),
    ],
)
def test_what_is_no_default_parameter(value: Any, problem: str, inside: tuple[str, ...]) -> None:
    """What Chit fills in itself, and what TOML or JSON cannot say, is refused with the way to it."""
    with pytest.raises(ValueInvalid, match=problem) as caught:
        check("parameters", value)
    assert caught.value.inside == inside


def test_depth_has_room() -> None:
    """One level less than too many passes."""
    assert check("parameters", {"a": nest(MOST_DEPTH - 1)})
