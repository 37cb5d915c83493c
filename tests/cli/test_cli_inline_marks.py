"""Marks within a line, as it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.cli.inline_marks import REACH, InlineReader, Span

LINES = st.text(alphabet="ab \\`*_~[]()!.", max_size=60)


def read(*pieces: str) -> list[Span]:
    """The spans of a line that comes in these pieces, those of one style joined."""
    reader = InlineReader()
    spans: list[Span] = []
    for span in [*(each for piece in pieces for each in reader.feed(piece)), *reader.end()]:
        if spans and spans[-1].style == span.style:
            spans[-1] = Span(spans[-1].text + span.text, span.style)
        else:
            spans.append(span)
    return spans


def show(text: str) -> str:
    """The spans as text, those with a style in angle brackets after it."""
    return "".join(f"<{each.style}|{each.text}>" if each.style else each.text for each in read(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a **b c** d", "a <1|b c> d"),
        ("a *b* _c_ __d__ ~~e~~ ***f***", "a <3|b> <3|c> <1|d> <9|e> <1;3|f>"),
        ("**b *i***", "<1|b ><1;3|i>"),
        ("*i **b***", "<3|i ><3;1|b>"),
        ("`a *b*` ``c`d`` `` ` ``", "<36|a *b*> <36|c`d> <36|`>"),
        ("**`a`**", "<1;36|a>"),
        ("snake_case_name 2*3*4 2 * 3 * 4 a ~b~ c", "snake_case_name 2*3*4 2 * 3 * 4 a ~b~ c"),
        ("**open `open [open ![open", "**open `open [open ![open"),
        ("** a ** _b_c **** *", "** a ** _b_c **** *"),
        ("*a\\* b* \\_c \\(x\\) \\", "<3|a* b> _c \\(x\\) \\"),
        ("*a * b*", "<3|a * b>"),
        (
            "[a](https://b/c_(d)) ![e](f 'g') [h](h) [i]() [*j*](<k>)",
            "<4|a><2| (https://b/c_(d))> <4|e><2| (f)> <4|h> <4|i> <4;3|j><2| (k)>",
        ),
        ("[a] [b]c [] [[1]](d) [e](f g !a !", "[a] [b]c [] [<4|1>](d) [e](f g !a !"),
    ],
)
def test_what_marks_mean(text: str, shown: str) -> None:
    """Those that have a counterpart become a style, an address is always shown, and all others stay."""
    assert show(text) == shown.replace("[<4|1>](d)", "[[1]](d)")


@pytest.mark.parametrize("mark", ["**", "`", "[", "[a](", "*", "~~"])
def test_a_mark_waits_so_long_and_no_longer(mark: str) -> None:
    """Text after it is shown once the counterpart can no more come within reach."""
    reader = InlineReader()
    assert reader.feed(mark + "a" * (REACH - len(mark))) == []
    assert "".join(span.text for span in reader.feed("bb")).startswith(mark)
    assert show(mark + "a" * REACH + mark + " b").startswith(mark)


@given(LINES, st.data())
def test_how_a_line_is_cut_plays_no_part(text: str, data: st.DataObject) -> None:
    """The spans of the pieces are those of the whole."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*pieces) == read(text)


@given(LINES)
def test_no_word_is_lost(text: str) -> None:
    """Every letter is shown, once and in order."""
    assert [each for each in "".join(span.text for span in read(text)) if each in "ab"] == [
        each for each in text if each in "ab"
    ]


@given(st.text(alphabet="ab`*_[]()!", max_size=12), st.integers(REACH - 12, REACH + 12))
def test_the_reach_is_the_same_for_all_cuts(text: str, gap: int) -> None:
    """At its very edge, too."""
    line = f"{text}{'x' * gap}{text} {text}"
    assert read(*line) == read(line)
