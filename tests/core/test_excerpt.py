"""Excerpts: the right place, marked, cut at words."""

import re

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.excerpt import WIDTH, Term, Token, find_places, write_excerpt
from chit.core.searchable import SEAM

_TOKENIZER = apsw.Connection(":memory:").fts5_tokenizer("unicode61", [])
FAR = "filler " * 3_000


def tokenize(text: bytes) -> list[Token]:
    """As the index does."""
    return list(_TOKENIZER(text, apsw.FTS5_TOKENIZE_DOCUMENT, None))  # type: ignore[arg-type]


def show(text: str, *terms: str, is_open: bool = False) -> str:
    """The excerpt with what was found in brackets; each term is words with spaces between them."""
    wanted = [Term(tuple(term.split())) for term in terms]
    if is_open:
        wanted[-1] = Term(wanted[-1].tokens, is_open=True)
    return "".join(f"[{each.text}]" if each.is_found else each.text for each in write_excerpt(text, wanted, tokenize))


@pytest.mark.parametrize(
    ("text", "terms", "shown"),
    [
        ("", ["a"], ""),
        ("An Apple a day", ["apple"], "An [Apple] a day"),
        ("Ein GRÖßE-Test, naïve", ["naive", "große"], "Ein [GRÖßE]-Test, [naïve]"),
        ("one two three", ["two three", "two"], "one [two three]"),
        ("two one two three", ["two three"], "two one [two three]"),
        ("今天天气很好", ["天 气"], "今天[天气]很好"),
        ("say 🎉 apple 👩‍👩‍👧 now", ["apple"], "say 🎉 [apple] 👩‍👩‍👧 now"),
        ("x = foo_bar(1)\n\n\treturn  x", ["foo bar"], "x = [foo_bar](1) return x"),
        ("<b>apple</b> & pie", ["apple"], "<b>[apple]</b> & pie"),
        ("nothing here", ["apple"], "nothing here"),
        ("🎉🎉", [], "🎉🎉"),
    ],
)
def test_short_texts_are_whole(text: str, terms: list[str], shown: str) -> None:
    """What was found is marked by the index's own rules of case and accents, and white space is one space."""
    assert show(text, *terms) == shown


def test_the_beginning_of_a_word() -> None:
    """The last word may be unfinished, alone or in a phrase; no other may."""
    assert show("an appletree, an apple pie", "apple", is_open=True) == "an [appletree], an [apple] pie"
    assert show("an apple pieces apple", "apple pie", is_open=True) == "an [apple pieces] apple"
    assert show("an appletree", "apple") == "an appletree"


def test_the_best_place_is_shown() -> None:
    """Where most of the terms stand together, however far down; cut at words, with dots on both sides."""
    text = f"apple {FAR[:700]}pie {FAR[:700]}the apple and the pie {FAR[:700]}apple"
    shown = show(text, "apple", "pie")
    assert "the [apple] and the [pie] filler" in shown
    assert re.fullmatch(r"… (filler )+the .*( filler)+ …", shown)
    assert len(shown) < WIDTH * 2


def test_far_down_and_much_too_far() -> None:
    """A long text is looked through in stretches; beyond a quarter of a million characters its beginning is shown."""
    assert show(FAR + "apple", "apple").endswith("filler [apple]")
    assert show(FAR + "apple", "apple").startswith("… filler")
    assert show(f"{FAR}apple {FAR}", "apple").endswith(" …")
    assert show(FAR * 20 + "apple", "apple").startswith("filler filler")
    assert show("begin " + FAR, "apple").startswith("begin filler")
    assert show(FAR, "apple").endswith(" …")


def test_words_without_an_end() -> None:
    """A word longer than an excerpt is cut, marked or not, and one without spaces is found in stretches too."""
    assert len(show("x" * 5_000, "y")) <= WIDTH + 5
    assert len(show("x" * 5_000, "x", is_open=True)) <= WIDTH + 5
    assert "[apple]" in show("-" * 9_000 + "apple", "apple")


@given(st.text(max_size=400), st.lists(st.text(max_size=6), max_size=3), st.booleans())
def test_any_text_has_an_excerpt(text: str, words: list[str], is_open: bool) -> None:
    """It is a piece of the text, and what is marked in it is what was searched for."""
    terms = [Term(tuple(token for _, _, token in tokenize(word.encode("utf-8", "replace"))), is_open) for word in words]
    pieces = write_excerpt(text, [term for term in terms if term.tokens], tokenize)
    shown = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
    plain = re.sub(r"\s+", " ", re.sub("[\U000f0000-\U000fffff\0]+", " ", text.encode("utf-8", "replace").decode()))
    assert re.sub(r"\s", "", shown) in re.sub(r"\s", "", plain.replace(SEAM, ""))
    for piece in pieces:
        if piece.is_found:
            found = [token for _, _, token in tokenize(piece.text.encode())]
            assert any(set(term.tokens[:-1]) <= set(found) for term in terms)


def test_places_overlap() -> None:
    """All places of all terms are found, in order."""
    words = tokenize(b"a b a b c")
    places = [(each.first, each.last, each.term) for each in find_places(words, [Term(("a", "b")), Term(("b",))])]
    assert places == [(0, 1, 0), (1, 1, 1), (2, 3, 0), (3, 3, 1)]
