"""Request parameters: everything passes, nothing is guessed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.jsontext import encode_json
from chit.core.params import PARAMETERS, ParameterInvalid, read_assignments, suggest_name, unknown_names

values = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | st.lists(st.text(max_size=3), max_size=3)
)


@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)) | st.just("future_name"), values, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_json_value_can_be_assigned(parameters: dict[str, Any]) -> None:
    """Written as JSON, every value of every name is read as it was."""
    written = [f"{name}={encode_json(value).decode()}" for name, value in parameters.items()]
    assert read_assignments(written) == parameters


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("temperature=0.5", 0.5),
        ("temperature= 0.5 ", 0.5),
        (" temperature =1", 1),
        ("temperature=warm", "warm"),
        ("temperature=", ""),
        ("temperature=a=b", "a=b"),
        ("temperature={broken", "{broken"),
        ("temperature=NaN", "NaN"),
        ('temperature="1"', "1"),
        ("temperature=null", None),
    ],
)
def test_a_value_is_json_or_text(text: str, value: Any) -> None:
    """What parses as JSON is that value, everything else is the text as given."""
    assert read_assignments([text]) == {"temperature": value}


def test_the_last_of_a_name_wins() -> None:
    """A second assignment replaces the first."""
    assert read_assignments(["seed=1", "seed=2"]) == {"seed": 2}


def test_members_are_set_by_path() -> None:
    """Paths into object parameters build one object, and join one given whole."""
    assert read_assignments(["provider.order=[1]", "provider.max_price.prompt=2", "provider.order=[3]"]) == {
        "provider": {"order": [3], "max_price": {"prompt": 2}}
    }
    assert read_assignments(['provider={"sort":"price"}', "provider.zdr=true"]) == {
        "provider": {"sort": "price", "zdr": True}
    }


def test_a_point_in_another_name_is_part_of_it() -> None:
    """Only object parameters have members: a name of tomorrow is sent as given."""
    assert read_assignments(["some.thing=1", "tools.x=2"]) == {"some.thing": 1, "tools.x": 2}


@pytest.mark.parametrize("assignment", ["temperature", "=1", "", "  =2"])
def test_what_assigns_nothing_is_refused(assignment: str) -> None:
    """A missing name or sign is an error that repeats what was given."""
    with pytest.raises(ParameterInvalid) as caught:
        read_assignments([assignment])
    assert repr(assignment) in str(caught.value)


@pytest.mark.parametrize(
    "assignments",
    [["reasoning=high", "reasoning.effort=low"], ["provider.sort=price", "provider.sort.by=price"]],
)
def test_members_of_what_has_none_are_refused(assignments: list[str]) -> None:
    """A path through a value that was given as something else contradicts it."""
    with pytest.raises(ParameterInvalid, match="no members"):
        read_assignments(assignments)


def test_unknown_names_are_remarked_upon() -> None:
    """Names that OpenRouter does not document are listed in the order given, no others."""
    assert unknown_names({"zeta": 1, "temperature": 1, "alpha": 1}) == ["zeta", "alpha"]
    assert unknown_names(PARAMETERS) == []


@pytest.mark.parametrize(
    ("name", "near"), [("temprature", "temperature"), ("max_token", "max_tokens"), ("zzz", None), ("", None)]
)
def test_a_misspelt_name_gets_a_suggestion(name: str, near: str | None) -> None:
    """The documented name that looks like it is suggested, and none where none does."""
    assert suggest_name(name) == near
