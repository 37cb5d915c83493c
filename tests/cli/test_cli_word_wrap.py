"""Words on lines."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chit.cli.inline_marks import Span
from chit.cli.word_wrap import WordWrap


def write(text: str, width: int, first: str = "", hanging: str = "") -> str:
    """One line of text."""
    wrap = WordWrap(lambda: width)
    return wrap.begin(first, hanging) + wrap.put([Span(text)]) + wrap.end()


@pytest.mark.parametrize(
    ("text", "first", "hanging", "written"),
    [
        ("", "", "", ""),
        ("one two", "", "", "one two"),
        ("one two three four", "", "", "one two\nthree four"),
        ("one two three", "• ", "  ", "• one two\n  three"),
        ("one  two\tthree", "", "", "one  two\nthree"),
        ("a https://example.com/long b", "", "", "a\nhttps://example.com/long\nb"),
        ("https://example.com/long b", "", "", "https://example.com/long\nb"),
        ("日本語日本語日", "", "", "日本語日本\n語日"),
        ("a 日本", "", "", "a 日本"),
        ("one two", "       ", "       ", "       one\ntwo"),
    ],
)
def test_lines_end_between_words(text: str, first: str, hanging: str, written: str) -> None:
    """Ten cells wide; a word that is wider is left to the terminal, and an indentation without room is left out."""
    assert write(text, 10, first, hanging) == f"{written}\n"


def test_a_word_is_shown_once_it_is_whole() -> None:
    """Until then it may still need another line; one that fills a line is shown as it comes."""
    wrap = WordWrap(lambda: 10)
    wrap.begin("", "")
    assert wrap.put([Span("one tw")]) == "one"
    assert wrap.put([Span("o")]) == ""
    assert wrap.put([Span(" ")]) == " two"
    assert wrap.put([Span("x" * 11)]) == "\n" + "x" * 11
    assert wrap.put([Span("y")]) == "y"
    assert wrap.put([Span(" z")]) == ""
    assert wrap.end() == "\nz\n"


def test_styles_stand_around_words() -> None:
    """Never around the end of a line."""
    wrap = WordWrap(lambda: 8)
    wrap.begin("", "")
    assert wrap.put([Span("one three", "1"), Span("!")]) + wrap.end() == "\x1b[1mone\x1b[0m\n\x1b[1mthree\x1b[0m!\n"


def test_a_window_that_changes_is_heeded() -> None:
    """From the next word on."""
    width = 20
    wrap = WordWrap(lambda: width)
    wrap.begin("", "")
    written = wrap.put([Span("one two three ")])
    width = 10
    assert written + wrap.put([Span("four five six")]) + wrap.end() == "one two three\nfour five\nsix\n"


@given(st.text(alphabet="abc \t日本", max_size=80), st.integers(1, 30), st.integers(1, 7))
def test_no_line_is_too_wide_and_no_word_is_lost(text: str, width: int, size: int) -> None:
    """Whatever the width, and however the text is cut."""
    wrap = WordWrap(lambda: width)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    written = wrap.begin("- ", "  ") + "".join(wrap.put([Span(piece)]) for piece in pieces) + wrap.end()
    assert written == write(text, width, "- ", "  ")
    assert re.sub(r"\s", "", written) == re.sub(r"\s", "", f"-{text}")
    longest = max(map(len, re.findall(r"[abc]+", text)), default=0) + 2
    assert all(cell_len(line) <= max(width, 8, longest) for line in written.splitlines())
