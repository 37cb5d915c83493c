"""Markdown that leaves Chit: it says the same, and no viewer finds anything in it to run (attack case 41)."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.render.xss_corpus import ADDRESSES, HTML, MARKDOWN, VECTORS

from chit.render.limits import LONGEST_LINE
from chit.render.neutral import fence, is_harmless, neutralise, plain

pieces = st.sampled_from(
    [
        *("<script>alert(1)</script>", "<b>", "`", "``", "```", "~~~", "\n", "\n\n", "    ", "  ", "- ", "> ", "1. "),
        *("\\", "|", "|--|--|\n", "[x]", "(javascript:alert(1))", "![", "]: ", "<https://a.example>", "&lt;", "&#60;"),
        *("<!--", "-->", "\t", "text", "<a href=x>", "---", "\x00", "\ud83d", "javascript&colon;x", "[chit-1]: x"),
    ]
)
texts = st.lists(pieces, max_size=14).map("".join)


def show(markdown: str) -> str:
    """As a viewer would that lets everything pass."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return str(parser.render(markdown))


@pytest.mark.parametrize("text", [*HTML, *MARKDOWN, *VECTORS, *(f"[x]({each})" for each in ADDRESSES)])
def test_attack_41_the_whole_corpus(text: str) -> None:
    """Attack 41: by itself, in a list, a quote and a table, after an open fence and among code."""
    for around in ("{}", "- {}", "> {}", "| a |\n|---|\n| {} |", "`x` {} `y`", "~~~\n{}", "a ` b\n{} ` c", "    {}"):
        written = neutralise(around.format(text))
        assert is_harmless(written)
        assert not re.search(r"<(script|img|svg|iframe|a (?!href=\"(https?:|mailto:|[^:\"]*\")))", show(written))


@settings(max_examples=300, deadline=None)
@given(texts, texts)
@example("<b>\n```", "")
def test_any_text_is_harmless_beside_any_other(one: str, other: str) -> None:
    """Whatever stands in a message, neither it nor the next one gets out: our own heading between them is one."""
    both = f"{neutralise(one)}\n\n## Model\n\n{neutralise(other)}\n"
    assert is_harmless(both)
    assert "<h2>Model</h2>" in show(both)


@given(st.text("abc <>&`*\n\\[]()!|~-", max_size=40))
def test_words_stay(text: str) -> None:
    """No letter is lost, in whatever way it is written."""
    assert re.findall("[a-c]", neutralise(text).replace("&lt;", "")) == re.findall("[a-c]", text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Plain *words*, 1 > 0 & more", "Plain *words*, 1 > 0 & more"),
        ("<b>bold</b>", "&lt;b>bold&lt;/b>"),
        ("\\<b>", "&lt;b>"),
        ("`<b>` and ``<i>`` and <u>", "`<b>` and ``<i>`` and &lt;u>"),
        ("``<b>` <i>", "``&lt;b>` &lt;i>"),
        ("```html\n<b>\n```\n<b>", "```html\n<b>\n```\n&lt;b>"),
        ("- ```\n  <b>\n  ```", "- ```\n  <b>\n  ```"),
        ("```\n<b>\n", "```\n<b>\n```"),
        ("```\n<b>", "```\n<b>\n```"),
        ("![x](https://a.example/x.png)", "\\![x](https://a.example/x.png)"),
        ("[x](https://a.example) [y](mailto:a@b.example) [z](/x)", None),
        ("[x](javascript:alert(1)) <b> `<i>`", "\\[x](javascript:alert(1)) &lt;b> `<i>`"),
        ("| a | b |\n|--|--|\n| ` | <b> ` |", "| a | b |\n|--|--|\n| ` | &lt;b> ` |"),
        ("[chit-x]: https://a.example", "\\[chit-x]: https://a.example"),
    ],
)
def test_what_is_written(text: str, written: str | None) -> None:
    """Code, links and everything else stay as they are; HTML becomes text, pictures links, bad links text."""
    assert neutralise(text) == (text if written is None else written)


def test_what_is_too_long_is_code() -> None:
    """As a whole: a line that parsers would take long for, and a text of hundreds of thousands of characters."""
    for text in ("<b>" * LONGEST_LINE, "<b>\n" * 150_000):
        assert neutralise(text) == fence(text)


def test_code_cannot_be_ended_from_inside() -> None:
    """However many backticks are in it."""
    text = "a\n```\n````<script>\n"
    assert fence(text, "json") == "`````json\na\n```\n````<script>\n`````"
    assert show(fence(text)).count("<code>") == 1


def test_nesting_without_end_is_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a parser gives up, the whole text is code."""

    def give_up(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("chit.render.neutral.is_harmless", give_up)
    assert neutralise("x") == "```\nx\n```"


def test_what_resists_is_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last way, should all others fail."""
    monkeypatch.setattr("chit.render.neutral.is_harmless", lambda written: False)
    assert neutralise("<x>") == "```\n<x>\n```"


@given(st.text())
def test_a_plain_line_is_only_text(text: str) -> None:
    """A name or a title, whatever it holds: one paragraph of one line without any mark."""
    line = plain(text)
    assert "\n" not in line
    tokens = MarkdownIt("commonmark", {"html": True}).parse(f"# {line}")
    assert [each.type for each in tokens] == ["heading_open", "inline", "heading_close"]
    assert {each.type for each in tokens[1].children or ()} <= {"text", "text_special"}
