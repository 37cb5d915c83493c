"""What a page does with changes."""

import pytest

from chit.render.changes import BlockChange, BlockClosed, BlocksDropped, TextAppended, append_text, apply_change


def test_changes_make_a_list_of_blocks() -> None:
    """Blocks come, change, close and go; closing changes nothing that is seen."""
    blocks: list[str] = []
    for change in (
        BlockChange(0, "<p>a</p>"),
        BlockChange(1, '<p>b<span class="tail"></span></p>'),
        BlockChange(0, "<p>c</p>"),
        BlockClosed(0),
        TextAppended(1, " <b>"),
        BlockChange(2, "<hr>"),
        BlocksDropped(2),
    ):
        apply_change(blocks, change)
    assert blocks == ["<p>c</p>", '<p>b<span class="tail"> &lt;b&gt;</span></p>']


def test_text_goes_to_the_end_of_the_tail() -> None:
    """After the text that stands there, marked characters included."""
    html = '<pre><code class="language-x tail">a<bdi class="hidden-char" title="U+202E">\u202e</bdi></code></pre>'
    assert append_text(html, "b").endswith("</bdi>b</code></pre>")


def test_text_for_a_block_without_a_tail_is_a_mistake() -> None:
    """It is the program's, so it is told as one; no text at all is none."""
    with pytest.raises(RuntimeError, match="tail"):
        append_text("<p>class=&quot;tail&quot;</p>", "x")
    assert append_text("<p>x</p>", "") == "<p>x</p>"
