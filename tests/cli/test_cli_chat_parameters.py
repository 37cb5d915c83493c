"""What `/set` makes of a conversation's parameters."""

from typing import Any

import pytest

from chit.cli.chat_parameters import change_parameters, show_parameters
from chit.errors import InputError


@pytest.mark.parametrize(
    ("own", "assignments", "parameters", "patch"),
    [
        ({}, ["seed=1", "stop=END"], {"seed": 1, "stop": "END"}, {"seed": 1, "stop": "END"}),
        ({"seed": 1}, ["seed="], {}, {"seed": None}),
        ({"seed": 1}, ["seed=null"], {"seed": None}, {"seed": None}),
        ({}, ["seed="], {}, {"seed": None}),
        (
            {"provider": {"zdr": True}},
            ["provider.sort=price"],
            {"provider": {"zdr": True, "sort": "price"}},
            {"provider": {"sort": "price"}},
        ),
        (
            {"provider": {"zdr": True, "sort": "price"}},
            ["provider.sort="],
            {"provider": {"zdr": True}},
            {"provider": {"sort": None}},
        ),
        ({"provider": {"zdr": True}}, ["provider.zdr="], {}, {"provider": {"zdr": None}}),
        ({"provider": 1}, ["provider.zdr="], {}, {"provider": {"zdr": None}}),
        ({}, ["a.b=1"], {"a.b": 1}, {"a.b": 1}),
        ({"a.b": 1}, ["a.b="], {}, {"a.b": None}),
        ({"a": 1}, ["a.b="], {"a": 1}, {"a.b": None}),
        ({"a": {"b": 1, "c": 2}}, ["a.b="], {"a": {"c": 2}}, {"a": {"b": None}}),
        ({"a.": 1}, ["a.="], {}, {"a.": None}),
    ],
)
def test_changes(own: Any, assignments: list[str], parameters: Any, patch: Any) -> None:
    """What holds afterwards, and how a request that was sent would change."""
    before = repr(own)
    assert change_parameters(own, assignments) == (parameters, patch)
    assert repr(own) == before


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("model=a/b", "has a command of its own"),
        ("messages=[]", "Chit fills it in"),
        ("seed", "is not name=value"),
        ("=1", "is not name=value"),
        ("=", "'=' names no parameter"),
        ("a.=", "'a.=' names no parameter"),
        ("provider.=", "'provider.=' names no parameter"),
        ("user=sk-or-v1-0123456789abcdef", "user"),
    ],
)
def test_what_cannot_be_set(assignment: str, words: str) -> None:
    """Nothing changes."""
    with pytest.raises(InputError, match=words):
        change_parameters({}, [assignment])


def test_they_are_shown_as_they_are_typed() -> None:
    """Texts bare, everything else as JSON."""
    assert show_parameters({"stop": "END", "provider": {"zdr": True}, "seed": None}) == [
        "stop=END",
        'provider={"zdr":true}',
        "seed=null",
    ]
