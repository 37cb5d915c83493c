"""Ending what is told as a sentence."""

import pytest

from chit.core.sentence import sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (" a ", "a."),
        ("a?", "a?"),
        ("a:", "a:"),
        ("a…", "a…"),
        ("P said: “no.”", "P said: “no.”"),
        ('P said "no!"', 'P said "no!"'),
        ("P said: “no”", "P said: “no”."),
        ("“”", "“”."),
    ],
)
def test_a_sentence_ends_once(text: str, shown: str) -> None:
    """A full stop is added only where no mark ends the text."""
    assert sentence(text) == shown
