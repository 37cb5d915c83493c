"""Conversations: the title a list shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.conversation import title_from, title_of
from chit.core.messages import MediaPart, TextFilePart, TextPart
from chit.core.surrogates import has_surrogates


@given(st.text(st.characters() | st.sampled_from(" \n\ud83d😀"), max_size=200))
@settings(max_examples=100, deadline=None)
def test_a_title_is_one_short_line(text: str) -> None:
    """Of any text: at most 80 characters, one line, no blanks around it or doubled, nothing that cannot be encoded."""
    title = title_from(text)
    assert len(title) <= 80
    assert title.splitlines() in ([], [title])
    assert title == " ".join(title.split())
    assert not has_surrogates(title)
    assert bool(title) == bool(text.strip())


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why is the sky blue?", "Why is the sky blue?"),
        ("\n \n  First\tline  here \nsecond", "First line here"),
        ("", ""),
        (" \n\t", ""),
        ("a" * 80, "a" * 80),
        ("a" * 81, "a" * 79 + "…"),
        ("word " * 20, ("word " * 15).strip() + "…"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_titles(text: str, title: str) -> None:
    """The first line that says something, cut at a word where there is one."""
    assert title_from(text) == title


def test_a_title_without_words() -> None:
    """A question of files alone is called as the first of them that has a name; one without any has none."""
    picture, file = MediaPart({"type": "image_url"}), TextFilePart("notes.md", "x")
    assert title_of([MediaPart({"type": "image_url"}, "cat.png"), file]) == "cat.png"
    assert title_of([picture, file]) == "notes.md"
    assert title_of([picture, TextPart("  Look!\n"), file]) == "Look!"
    assert title_of([picture]) == ""
