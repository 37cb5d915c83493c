"""The clean form of a text does not depend on how it came."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.render.source import SourceCleaner, clean_source


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("\r\r\n\n\r", "\n\n\n\n"),
        ("a\0b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("", ""),
    ],
)
def test_a_text_has_one_form(text: str, clean: str) -> None:
    """Line ends, NUL and halves of emoji are settled."""
    assert clean_source(text) == clean


@settings(deadline=None)
@given(st.lists(st.text(alphabet="a\r\n\0\ud83d\ude00é", max_size=4)))
def test_cuts_make_no_difference(pieces: list[str]) -> None:
    """The pieces' clean forms, put together, are the clean form of the whole."""
    cleaner = SourceCleaner()
    assert "".join(cleaner.add(piece) for piece in pieces) + cleaner.end() == clean_source("".join(pieces))
