"""A text as the index gets it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.searchable import SEAM, searchable


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain words", ["plain words"]),
        ("Größe", ["Größe"]),
        ("今天 x", ["", "今", "", "天", " x"]),
        ("カタカナー", ["", "カ", "", "タ", "", "カ", "", "ナ", "", "ー", ""]),
        ("a\0b", ["a b"]),
        ("a\U000f0001b\U000fffff", ["a b "]),
        ("half \ud83d", ["half ?"]),
    ],
)
def test_seams(text: str, words: list[str]) -> None:
    """Around every character that is a word of its own; what would pass for a facet or an end is a space."""
    assert searchable(text).split(SEAM) == words


@given(st.text(st.characters(max_codepoint=0xEFFFF, exclude_characters="\0\u200b")))
def test_nothing_else_changes(text: str) -> None:
    """Without seams it is what it was, half characters aside, and it can always be stored."""
    assert searchable(text).replace(SEAM, "") == text.encode("utf-8", "replace").decode()
