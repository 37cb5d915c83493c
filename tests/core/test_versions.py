"""Names of versions: short, never the same, and from where the texts part."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.versions import Version, name_versions

TEXTS = st.text(st.sampled_from("ab \n#é"), max_size=30) | st.text(max_size=80)
VERSIONS = st.lists(
    st.builds(Version, text=TEXTS, model=st.sampled_from([None, "a/b", "c/d"]), edited=st.booleans()), max_size=7
)


def names(*texts: str) -> list[str]:
    """Of questions with these texts."""
    return name_versions([Version(text=text) for text in texts])


@given(VERSIONS)
def test_no_two_names_are_the_same(versions: list[Version]) -> None:
    """Each version has one, in order, that says something, on one line, and is short."""
    found = name_versions(versions)
    assert len(found) == len(versions) == len(set(found))
    for name in found:
        assert name.strip()
        assert len(name.splitlines()) == 1
        assert len(name) <= 60


@given(VERSIONS, st.randoms(use_true_random=False))
def test_a_name_does_not_hang_on_the_order(versions: list[Version], random: Any) -> None:
    """The same versions in another order have the same names, but for the numbers of those that nothing tells apart."""
    place = list(range(len(versions)))
    random.shuffle(place)
    found, mixed = name_versions(versions), name_versions([versions[each] for each in place])
    assert sorted(map(_bare, found)) == sorted(map(_bare, mixed))
    for at, each in enumerate(place):
        assert _bare(mixed[at]) == _bare(found[each])


def _bare(name: str) -> str:
    head, bracket, number = name.rpartition(" (")
    return head if bracket and number.removesuffix(")").isdecimal() else name


@given(st.lists(st.sampled_from(["red", "green", "blue", "apples", "pears"]), min_size=2, max_size=9), st.data())
def test_a_name_holds_the_first_word_that_differs(words: list[str], data: st.DataObject) -> None:
    """Of two texts that part at one word, each is named from its own word on, whatever stands before and after."""
    at = data.draw(st.integers(0, len(words) - 1))
    mine, other = (" ".join([*words[:at], word, *words[at + 1 :]]) for word in ("mine", "yours"))
    for name, word in zip(names(mine, other), ("mine", "yours"), strict=True):
        assert name.removeprefix("… ").startswith(word)
        assert name.startswith("… ") == (at > 0)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), []),
        (("Tell me about red apples", "Tell me about red pears"), ["… apples", "… pears"]),
        (("Tell me of red", "Tell me of red pears", "Say it"), ["Tell me of red", "… pears", "Say it"]),
        (("one", "other"), ["one", "other"]),
        (("same", "same", "same"), ["same", "same (2)", "same (3)"]),
        (("", "  \n", "## **Bold** words"), ["no text", "no text (2)", "Bold** words"]),
        (("### ", "x"), ["###", "x"]),
        (("a " * 50 + "end", "b"), ["a a a a a a a a a a a a a a a a a a a a…", "b"]),
        (("x" * 90, "y"), ["x" * 40 + "…", "y"]),
        (("x" * 90, "x" * 90 + "y"), ["… " + "x" * 40, "… y"]),
    ],
)
def test_names_of_questions(texts: Sequence[str], expected: list[str]) -> None:
    """Words, cut at a word where there is one; the last ones of what ends first; numbers where nothing differs."""
    assert names(*texts) == expected


def test_replies_are_named_by_their_models() -> None:
    """Where those differ; several of one model by their words as well, and what was edited says so."""
    red, blue = Version(text="It is red", model="a/b"), Version(text="It is blue", model="a/b")
    other, mine = Version(text="It is red", model="c/d"), Version(text="It is red!", model="c/d", edited=True)
    assert name_versions([red, other]) == ["a/b", "c/d"]
    assert name_versions([red, blue]) == ["… red", "… blue"]
    assert name_versions([red, blue, other]) == ["a/b · … red", "a/b · … blue", "c/d"]
    assert name_versions([red, mine]) == ["It is red", "edited"]
    assert name_versions([red, other, mine, mine]) == ["a/b", "c/d", "edited · It is red!", "edited · It is red! (2)"]
    assert name_versions([Version(text="x"), other]) == ["x", "c/d"]
