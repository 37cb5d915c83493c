"""Markdown on a terminal as it comes in."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.cli.markdown_stream import _DELIMITER, _FENCE, MarkdownStream

WORDS = "a bc **b** `c` * _ # - | > 1. ``` ```py ~~~ --- |a|b| |-|-| [x](y) \\ ! 日 \x1b[2J"
TEXTS = st.lists(
    st.sampled_from([*WORDS.split(), *"\r\t\n\n\n", "\r\n", "\n\n", " ", "    ", "\n- ", "\n## ", "\n> "]), max_size=40
)
LONG = 120_000
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})([^`]*)$")
DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")
"""The rules of both as one reads them, without a thought of how long they take."""


def plain(text: str) -> str:
    """Without styles."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def write(*pieces: str, styled: bool = True, width: int = 40) -> str:
    """A reply that comes in these pieces."""
    stream = MarkdownStream(styled=styled, width=lambda: width)
    return "".join(map(stream.feed, pieces)) + stream.end()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("\n\n", ""),
        ("Hi", "Hi\n"),
        ("\n\nHi\n\n\n\nyou\n\n", "Hi\n\nyou\n"),
        ("one\ntwo", "one\ntwo\n"),
        ("# One\n###### Two", "One\nTwo\n"),
        ("#none\n####### none", "#none\n####### none\n"),
        ("- a\n  * b\n\t+ c\n12) d\n-e", "• a\n  • b\n    • c\n12) d\n-e\n"),
        ("---\n- - -\n***\n--", "─" * 40 + "\n" + "─" * 40 + "\n" + "─" * 40 + "\n--\n"),
        ("> a\n>> - b", "│ a\n│ │ • b\n"),
        ("    indented", "    indented\n"),
        ("```\n# a\n\n* b\n```\nc", "```\n# a\n\n* b\n```\nc\n"),
        ("   ~~~~ x\n~~~\n   ~~~~", "   ~~~~ x\n~~~\n   ~~~~\n"),
        ("```py\nopen", "```py\nopen\n"),
        ("```one``` a", "one a\n"),
        ("|a|b|\n|-|-:|\n|c|1|\n\nd", " a  b \n ────── \n c  1 \n\nd\n"),
        ("|not\n|a table", "|not\n|a table\n"),
        ("a\r\nb\rc", "a\nb\ufffdc\n"),
        ("a\r", "a\ufffd\n"),
        ("a\x1b]52;c;eA==\x07", "a\ufffd]52;c;eA==\ufffd\n"),
        ("2024 was", "2024 was\n"),
    ],
)
def test_how_it_looks(text: str, shown: str) -> None:
    """Blocks by their first characters; whatever is none is text."""
    assert re.sub(" ?─+ ?", "─", plain(write(text))) == re.sub(" ?─+ ?", "─", shown)


def test_styles() -> None:
    """Headings are bold, the first of them underlined; code has its colours, and marks are dim."""
    assert write("# A\n## B") == "\x1b[1;4mA\x1b[0m\n\x1b[1mB\x1b[0m\n"
    assert write("```py\nif\n```") == "\x1b[2m```py\x1b[0m\n\x1b[35mif\x1b[0m\n\x1b[2m```\x1b[0m\n"
    assert write("> a") == "\x1b[2m│ \x1b[0ma\n"


@pytest.mark.parametrize("text", ["# A **b** `c`\n- [d](e)\n> f\n---\n```py\nif\n```\n", "plain\n\n1. a\n", "  - a\n"])
def test_without_styles_marks_stay(text: str) -> None:
    """What says it cannot show them gets the text as it was written."""
    assert write(text, styled=False) == text


def test_a_table_is_laid_out_for_everybody() -> None:
    """With and without styles; in a narrow window its cells are wrapped."""
    table = "| Planet | Moons |\n|---|---:|\n| Earth | 1 |\n"
    for styled in (True, False):
        lines = plain(write(table, styled=styled)).splitlines()
        assert [line.split() for line in (lines[0], lines[2])] == [["Planet", "Moons"], ["Earth", "1"]]
        assert not [line for line in lines if not line.strip()]
    assert "\x1b" not in write(table, styled=False)
    assert max(map(len, plain(write(table, width=10)).splitlines())) <= 10


def test_a_very_long_table_does_not_wait_for_ever() -> None:
    """So many rows are laid out, the others are shown as they were written."""
    table = "|a|b|\n|-|-|\n" + "|c|d|\n" * 300
    written = plain(write(table))
    assert (len(re.findall(r"c +d", written)), written.count("|c|d|")) == (198, 102)


def test_words_are_shown_as_they_come() -> None:
    """A line as far as its meaning is certain."""
    stream = MarkdownStream(styled=True, width=lambda: 40)
    assert stream.feed("#") == ""
    assert stream.feed("# On") == ""
    assert plain(stream.feed("e tw")) == "One"
    assert plain(stream.feed("o\n")) == " two\n"
    assert stream.feed("a **b") == "a"
    assert plain(stream.feed("c** ")) == " bc"
    assert stream.feed("\n```\nc") == "\n\x1b[2m```\x1b[0m\n"
    assert stream.feed("\n") == "c\n"
    assert stream.end() == ""


@given(TEXTS, st.integers(1, 9), st.booleans())
def test_how_a_reply_is_cut_plays_no_part(pieces: list[str], size: int, styled: bool) -> None:
    """What is seen in the end is the same."""
    text = "".join(pieces)
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    assert plain(write(*cut, styled=styled)) == plain(write(text, styled=styled))


@given(TEXTS, st.booleans())
def test_nothing_is_lost_and_nothing_is_obeyed(pieces: list[str], styled: bool) -> None:
    """Every letter is shown, and of escapes only our own colours are left."""
    text = "".join(pieces)
    written = write(text, styled=styled, width=1000)
    shown = plain(written)
    assert not set(shown) & set("\x1b\r\x9b\x07")
    letters = [each for each in text if each in "abcxy日J"]
    assert [each for each in shown if each in "abcxy日J"] == letters


@given(st.text(" \t`~a", max_size=12))
@example("~~~~`")
def test_the_rule_of_a_fence(line: str) -> None:
    """Is what it says, though nothing is tried twice."""
    found, expected = _FENCE.match(line), FENCE.match(line)
    assert (found and found.groups()) == (expected and expected.groups())


@given(st.text(" \t|:-a", max_size=12))
@example("| :-: | |::|")
def test_the_rule_of_a_delimiter(line: str) -> None:
    """Is what it says, though nothing is tried twice."""
    assert bool(_DELIMITER.match(line)) == bool(DELIMITER.match(line))


@pytest.mark.parametrize(
    "line",
    [
        "~" * LONG + "`",
        "~" * LONG + " `" + "~" * LONG,
        " " * LONG + "~~`",
        "|-|" + " " * LONG + "x",
        "|" + "-" * LONG + "x",
        " " * LONG + "|x",
        "|-" * LONG + "x",
    ],
)
def test_a_long_line_is_read_at_once(line: str) -> None:
    """Its time grows as it does; with the square of it, each of these would take minutes."""
    letters = re.sub(r"\s", "", line)
    assert re.sub(r"\s", "", plain(write(f"|a|\n{line}\n"))) == f"|a|{letters}"
    assert re.sub(r"\s", "", plain(write(f"{line}\n"))) == letters
