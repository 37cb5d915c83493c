"""Requests told by their differences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core import request_chain
from chit.core.members import DossierInvalid
from chit.core.request_chain import lengthen, shorten

pieces = st.lists(st.sampled_from(["", "x", "ä" * 150, "a" * 250, "ab" * 120, "end"]), max_size=5).map("".join)


@given(st.lists(pieces, max_size=6))
def test_any_requests_come_back(requests: list[str]) -> None:
    """Whatever they have in common."""
    assert list(lengthen(shorten(requests))) == requests


def test_a_growing_conversation_grows_by_what_is_new() -> None:
    """Each request repeats the ones before it; told are a few words of each."""
    turns = [f'{{"role":"user","content":"{"word " * 50}{number}"}}' for number in range(50)]
    requests = [f'{{"model":"a/b","messages":[{",".join(turns[: count + 1])}],"stream":true}}' for count in range(50)]
    told = list(shorten(requests))
    assert told[0] == requests[0]
    assert told[1] == {"first": len(requests[0]) - len('],"stream":true}'), "new": f",{turns[1]}", "last": 16}
    assert sum(len(str(each)) for each in told) < 3 * len(requests[-1])


@pytest.mark.parametrize(
    "request_",
    [
        {"first": 1, "new": "", "last": 5},
        {"first": 6, "new": "", "last": 0},
        {"first": -1, "new": "", "last": 0},
        {"first": 0, "new": 1, "last": 0},
        {"first": 0, "new": "", "last": 0, "more": 1},
        {"first": 0, "new": ""},
        "half \ud83d",
        7,
        None,
    ],
)
def test_what_is_never_told_is_refused(request_: Any) -> None:
    """More than there is, other types, members too few or too many."""
    with pytest.raises(DossierInvalid, match="the request of generation 2"):
        list(lengthen(["12345", request_]))


def test_a_small_file_becomes_no_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29 by repetition: all requests together have room for so much, and no more."""
    monkeypatch.setattr(request_chain, "MOST_CHARACTERS", 1000)
    more = {"first": 100, "new": "", "last": 0}
    assert len(list(lengthen(["x" * 100, *[more] * 9]))) == 10
    with pytest.raises(DossierInvalid, match="too long"):
        list(lengthen(["x" * 100, *[more] * 10]))
