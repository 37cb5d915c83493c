"""Attack case 26: what cannot be seen is marked where it could deceive, and left where writing needs it."""

import pytest

from chit.render.hidden import mark_in_code, mark_in_prose, spell_out
from chit.render.markdown import render_all


def test_a_mark_isolates_and_names_a_character_and_keeps_it() -> None:
    """The element keeps the effect inside, its title says what it is, a copy is still the same text."""
    assert mark_in_code("a\u202eb") == 'a<bdi class="hidden-char" title="U+202E">\u202e</bdi>b'


def test_a_run_is_marked_once() -> None:
    """Thousands in a row cost one element."""
    assert mark_in_code("\u200b" * 9).count("<bdi") == 1
    assert 'title="U+200B ×9"' in mark_in_code("\u200b" * 9)


@pytest.mark.parametrize("text", ["\u0645\u06cc\u200c\u062e", "👨\u200d👩\u200d👧", "א\u200f.", "a\tb\nc", "plain", ""])
def test_prose_keeps_what_languages_need(text: str) -> None:
    """Joiners, direction marks, tabs and lines are ordinary in prose."""
    assert mark_in_prose(text) == text


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\U000e0041", "\x1b", "\x85"])
def test_prose_marks_what_reorders_or_smuggles(character: str) -> None:
    """Overrides, tag characters and control characters are marked in prose as in code."""
    assert "hidden-char" in mark_in_prose(f"a{character}")
    assert "hidden-char" in mark_in_code(f"a{character}")


@pytest.mark.parametrize(
    ("text", "marked"), [("a\u200db", True), ("\u200cb", True), ("👩\u200d👧", False), ("می\u200cخ", False)]
)
def test_joiners_are_marked_in_code_after_ascii_only(text: str, marked: bool) -> None:
    """In an emoji or a Persian word a joiner belongs; in an English name it hides."""
    assert ("hidden-char" in mark_in_code(text)) is marked


def test_appended_text_spells_them_out() -> None:
    """Where no element can stand, the name stands in brackets."""
    assert spell_out("a\u202eb\u200b\u200b") == "a⟨U+202E⟩b⟨U+200B ×2⟩"


@pytest.mark.parametrize(
    "text",
    [
        "`\u202e`",
        "```\n\u202e\n```",
        "```python\n'\u202e'\n```",
        "[\u200bx](https://a.b)",
        "$\\unicode{x202e}$",
        "\u202ex",
    ],
)
def test_every_place_marks_them(text: str) -> None:
    """Code in lines and blocks, coloured or not, links, formulas and prose."""
    assert "hidden-char" in "".join(render_all(text))
