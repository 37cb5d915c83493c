"""A reply as it streams: however it is cut, it ends as history shows it, and no piece costs more than its block."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.page import Page, faults_in, stream

from chit.render.blocks import LONG, VERY_LONG, BlockRenderer
from chit.render.changes import BlockChange, BlockClosed, BlocksDropped, TextAppended
from chit.render.markdown import render_all

ATOMS = [
    *(
        "a",
        "word ",
        "\n",
        "\n\n",
        "\n\nNext",
        "- ",
        "1. ",
        "2) ",
        "  ",
        "    ",
        "\t",
        "> ",
        "```",
        "```py\n",
        "~~~",
        "`",
    ),
    *(
        "$",
        "$$",
        "\n$$\n",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "#",
        " ",
        "===",
        "---",
        "|",
        "a|b\n",
        "|-|-|\n",
        "[x]",
        "[x]: /u",
    ),
    *(
        "[x]: https://u.v\n",
        "'t",
        "(",
        "https://a.b/c",
        "<b>",
        "*",
        "**",
        "_",
        "~~",
        "![",
        "](",
        "\r",
        "\r\n",
        "\0",
        "\\",
    ),
    *("\u202e", "\ud83d", "\ude00", "é", "[ ] ", "[x] ", "x = 1\n", "$x$", "x" * 50, "+ ", "\x0b", "\u2028", "\u200d"),
]
"""What Markdown's rules look at, beginnings and ends of constructs before all."""

REPLY = """# Title

A paragraph with [a link][later], *emphasis* and $x^2$.

- one
- two

  still two
- three

```python
def f(x):
    return x  # ``` not the end
```

| a | b |
|---|--:|
| 1 | 2 |

> quote
goes on

$$
\\begin{aligned}a&=b\\\\c&=d\\end{aligned}
$$

1. last
   ```sh
   ls
   ```

[later]: https://example.com
"""


def cut(text: str, sizes: list[int]) -> list[str]:
    """The text in pieces of these sizes, over and over."""
    pieces, place, number = [], 0, 0
    while place < len(text):
        size = sizes[number % len(sizes)]
        pieces.append(text[place : place + size])
        place, number = place + size, number + 1
    return pieces


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=40).map("".join), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_any_text_cut_anywhere_ends_as_history_shows_it(text: str, sizes: list[int]) -> None:
    """And every state on the way is harmless."""
    page = Page()
    for piece in cut(text, sizes):
        page.add(piece)
        assert faults_in(page.blocks) == []
    page.end()
    assert page.blocks == render_all(text)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=30).map("".join), st.integers(60, 200))
def test_long_texts_end_as_history_shows_them(text: str, size: int) -> None:
    """Repeated until blocks are long enough to be rendered now and then only."""
    text *= (LONG + 1_000) // max(len(text), 1) + 1
    assert stream(cut(text, [size])) == render_all(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([atom for atom in ATOMS if "[" not in atom]), max_size=40).map("".join), st.integers(1, 9)
)
def test_a_closed_block_is_final(text: str, size: int) -> None:
    """Without links that are defined later, what is closed stays as it is."""
    page = Page()
    closed: dict[int, str] = {}
    for piece in cut(text, [size]):
        for change in page.add(piece):
            if isinstance(change, BlockClosed):
                closed[change.index] = page.blocks[change.index]
    page.end()
    assert {index: page.blocks[index] for index in closed} == closed


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 1000])
def test_a_reply_of_every_kind_of_block(size: int) -> None:
    """Blocks close in order, each once, and the last look mends the link that was defined at the end."""
    page = Page()
    for piece in cut(REPLY, [size]):
        page.add(piece)
    last = page.end()
    assert page.blocks == render_all(REPLY)
    indexes = [change.index for change in page.changes if isinstance(change, BlockClosed)]
    assert indexes == list(range(len(page.blocks)))
    assert [change.index for change in last if isinstance(change, BlockChange)] == [1]


def test_an_open_fence_grows_by_text() -> None:
    """Its code is not sent again for every line; closed, it is coloured and sent once."""
    page = Page()
    page.add("```python\nx = 1\n")
    assert page.add("y = '<b>'\n") == [TextAppended(0, "y = '<b>'\n")]
    assert page.add("``") == []
    assert page.add("x\n") == [TextAppended(0, "``x\n")]
    assert page.add("a\u202eb") == [TextAppended(0, "a⟨U+202E⟩b")]
    first, closed = page.add("\n```\n")
    assert isinstance(first, BlockChange)
    assert '<span class="m">1' in first.html
    assert 'title="U+202E"' in first.html
    assert closed == BlockClosed(0)


@pytest.mark.parametrize("end", ["```", "   ````  \n", "```\n\nSo", ""])
def test_a_fence_ends_in_many_ways(end: str) -> None:
    """With or without a line end, longer than it began, or with the text."""
    text = f"a\n\n```\nx\n``\n ~~~\n{end}"
    assert stream(text) == render_all(text)


def test_a_fence_opens_only_on_a_whole_line() -> None:
    """The rest of its language is no code."""
    page = Page()
    for piece in ("```py", "thon", "\n", "x"):
        page.add(piece)
    assert page.blocks[0].endswith('<pre><code class="language-python tail">x</code></pre></div>')


@pytest.mark.parametrize("text", ["  ```\n  x\n  y\n", "- ```\n  x\n  y\n", "> ```\n> x\n> y\n"])
def test_other_fences_are_rendered_anew(text: str) -> None:
    """Where margins are taken off each line, text cannot go in as it comes."""
    page = Page()
    for piece in cut(text, [4]):
        page.add(piece)
    assert [change for change in page.changes if isinstance(change, TextAppended)] == []
    page.end()
    assert page.blocks == render_all(text)


def test_two_blocks_become_one() -> None:
    """What looked like a table's end or a list's is taken back."""
    page = Page()
    page.add("- a\n\nb")
    assert len(page.blocks) == 2
    page = Page()
    page.add("- a\n\n2")
    assert len(page.blocks) == 2
    page.add("\n- b")
    page = Page()
    page.add("- a\n-")
    page.add("--")
    assert len(page.blocks) == 2
    assert BlocksDropped(1) in page.add("b")


def test_a_long_block_grows_by_text_between() -> None:
    """It is rendered anew now and then; its formatting catches up."""
    page = Page()
    page.add("*word* " * (LONG // 7 + 1))
    assert page.add("*a*\u202e") == [TextAppended(0, "*a*⟨U+202E⟩")]
    assert "*a*⟨" in page.blocks[0]
    page.add("*word* " * 40)
    assert "<em>a</em>" in page.blocks[0]


def test_a_long_block_ends_at_once() -> None:
    """What follows it does not wait until it would be rendered anew."""
    for text in (
        "word " * 600,
        "- item of a list\n" * 130,
        "| a |\n|---|\n" + "| words |\n" * 250,
        "> quote of words\n" * 130,
    ):
        page = Page()
        page.add(text)
        page.add("\n\nAnother")
        assert page.blocks[-1].startswith("<p>Another"), text[:9]


def test_a_long_text_that_shows_nothing_sends_nothing() -> None:
    """Definitions of links alone; and what begins a fence takes no text."""
    page = Page()
    for number in range(200):
        page.add(f"[{number}]: /x/y/z\n")
    assert page.changes == []
    page = Page()
    page.add("- item\n" * 400 + "```")
    assert page.add("p") == []
    page.add("y\nx")
    page.end()
    assert page.blocks[-1].endswith("x</code></pre></div>")
    page = Page()
    page.add("- item\n" * 400 + "***")
    assert (page.blocks[-1], page.add("*")) == ("<hr>", [])


def test_work_is_linear() -> None:
    """A block of any length is rendered a bounded number of times: the HTML sent is at most some times the text."""
    for text in ("word *x* " * 900, "- some words\n" * 500, "`" * 9_000, "some words\n" * 500):
        page = BlockRenderer()
        sent = 0
        for piece in cut(text, [200]):
            sent += sum(len(change.html) for change in page.add(piece) if isinstance(change, BlockChange))
        assert sent < 120 * len(text)
    assert VERY_LONG > LONG


def test_pieces_that_say_nothing_yet() -> None:
    """Nothing, and half an emoji, change nothing."""
    page = Page()
    assert page.add("") == []
    assert page.add("\ud83d") == []
    assert page.add("\ude00") == [BlockChange(0, "<p>😀</p>")]
    assert page.end() == [BlockClosed(0)]


def test_after_the_end_there_is_no_more() -> None:
    """Text after the end is a mistake of the program."""
    page = Page()
    page.end()
    assert page.blocks == []
    with pytest.raises(RuntimeError, match="ended"):
        page.add("a")
