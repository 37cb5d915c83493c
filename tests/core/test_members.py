"""The members of an object: each with its type, and nothing left over."""

from collections.abc import Callable
from typing import Any

import pytest

from chit.core.members import DossierInvalid, Members

WRONG: list[tuple[Callable[[Members], Any], list[Any]]] = [
    (lambda each: each.take_text("a"), [None, 1, "half \ud83d", "x" * 10_001]),
    (lambda each: each.find_text("a"), [1, []]),
    (lambda each: each.take_one_of("a", ("x", "y")), ["z", None, [], 1]),
    (lambda each: each.take_flag("a"), [0, "true", None]),
    (lambda each: each.take_count("a"), [-1, 2**63, 1.0, True, "1", None]),
    (lambda each: each.find_count("a"), [-1]),
    (lambda each: each.take_time("a"), [-1, 1e12, True, "1", None, 10**400]),
    (lambda each: each.find_time("a"), [-1]),
    (lambda each: each.take_object("a"), [None, []]),
    (lambda each: each.find_object("a"), [[]]),
    (lambda each: each.take_list("a"), [None, {}]),
]


@pytest.mark.parametrize(("take", "values"), WRONG)
def test_a_wrong_type_is_refused_by_name(take: Callable[[Members], Any], values: list[Any]) -> None:
    """The error names the member and what it belongs to; a missing one is told as such."""
    for value in values:
        with pytest.raises(DossierInvalid, match=r"^a of the thing "):
            take(Members({"a": value}, "the thing"))
    with pytest.raises(DossierInvalid, match="the thing has no a"):
        take(Members({}, "the thing"))


def test_null_is_none_where_it_may_be() -> None:
    """Each `find_` takes null for nothing."""
    members = Members(dict.fromkeys("abcd"), "the thing")
    found = [members.find_text("a"), members.find_count("b"), members.find_time("c"), members.find_object("d")]
    assert found == [None] * 4
    members.end()


def test_what_is_left_over_is_refused() -> None:
    """A member that this Chit does not know would be lost."""
    members = Members({"a": 1, "new": 2}, "the thing")
    assert members.take("a") == 1
    with pytest.raises(DossierInvalid, match="'new', which this Chit does not know"):
        members.end()
    with pytest.raises(DossierInvalid, match="the thing is not an object"):
        Members([], "the thing")
