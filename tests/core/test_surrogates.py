"""Halves of characters: joined where they meet, replaced where they stay alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.surrogates import SurrogateJoiner, has_surrogates, join_surrogates, mend_surrogates

texts = st.text(st.sampled_from("ab é\u2028😀\ud83d\ude00\ud83d\udc4d"), max_size=8)


@given(st.lists(texts, max_size=6))
@settings(max_examples=150, deadline=None)
def test_pieces_join_as_the_whole(pieces: list[str]) -> None:
    """What is shown piece by piece is, put together, the whole text joined; and every piece can be encoded."""
    joiner = SurrogateJoiner()
    shown = [joiner.add(piece) for piece in pieces] + [joiner.end()]
    assert "".join(shown) == join_surrogates("".join(pieces))
    assert not any(map(has_surrogates, shown))


@given(st.text(max_size=8), st.data())
@settings(max_examples=100, deadline=None)
def test_a_text_cut_in_utf16_is_whole_again(text: str, data: st.DataObject) -> None:
    """Any text, sent in pieces of UTF-16 code units, comes out as it was."""
    units = text.encode("utf-16-le", "surrogatepass")
    place = 2 * data.draw(st.integers(0, len(units) // 2))
    halves = (part.decode("utf-16-le", "surrogatepass") for part in (units[:place], units[place:]))
    assert join_surrogates("".join(halves)) == text


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("plain", "plain"),
        ("é😀", "é😀"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00b", "\ufffdb"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_joining(text: str, joined: str) -> None:
    """Halves in order join, halves alone or in the wrong order become U+FFFD, other texts stay."""
    assert join_surrogates(text) == joined
    assert has_surrogates(text) == (joined != text)


def test_a_waiting_half_is_told_at_the_end_and_once() -> None:
    """A high half is held back, counts as U+FFFD if the stream ends, and is not repeated."""
    joiner = SurrogateJoiner()
    assert [joiner.add("a\ud83d"), joiner.add(""), joiner.end(), joiner.end()] == ["a", "", "\ufffd", ""]


@pytest.mark.parametrize(
    ("value", "mended"),
    [
        ({"\ud83d\ude00": ["\ud83d", {"a": "b\ude00"}]}, {"😀": ["\ufffd", {"a": "b\ufffd"}]}),
        ([1, None, True, 1.5], [1, None, True, 1.5]),
    ],
)
def test_values_are_mended_all_the_way_down(value: Any, mended: Any) -> None:
    """Keys, members and items are joined, everything that is not text stays."""
    assert mend_surrogates(value) == mended
