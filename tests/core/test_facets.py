"""Facets: what a message is filed under, and which of them a filter asks for."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core import facets
from chit.core.facets import COSTS, DAYS, Scale, facets_of, model_code, size_of
from chit.core.messages import Source

SOURCES: tuple[Source, ...] = ("system", "user", "actor", "client")
SCALES = [DAYS, COSTS, Scale(first=5, bits=3), Scale(first=0, bits=6)]


@given(st.sampled_from(SCALES), st.data())
def test_a_range_is_covered_exactly(scale: Scale, data: st.DataObject) -> None:
    """A number has exactly one of the codes if it lies in the range, and none otherwise; there are few of them."""
    numbers = st.integers(0, (1 << scale.bits) - 1)
    low, high, number = data.draw(numbers), data.draw(numbers), data.draw(numbers)
    codes = list(scale.cover(low, high))
    assert len(set(codes) & set(scale.codes(number))) == (low <= number <= high)
    assert len(codes) == len(set(codes)) <= 14 * scale.bits // 3 + 8
    assert all(scale.first <= code < scale.end for code in codes)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_numbers_beyond_a_scale_are_at_its_ends(low: int, high: int) -> None:
    """What a scale does not reach is filed under its nearest number, and found in every range that holds it."""
    if low <= high:
        for number in (low, high, (low + high) // 2):
            assert set(DAYS.cover(low, high)) & set(DAYS.codes(number))


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_higher_cost_is_never_smaller(one: int, other: int) -> None:
    """Costs keep their order on the scale, and all of them are on it."""
    assert (size_of(min(one, other)) <= size_of(max(one, other))) is True
    assert COSTS.clamp(size_of(one)) == size_of(one)
    assert size_of(-one) <= size_of(one)


def test_no_facet_means_two_things() -> None:
    """Sources, errors, days, costs and models have codes of their own, all of them in the plane."""
    named = {facets.EVERY, facets.ERROR, *map(facets.source_code, SOURCES)}
    assert len(named) == 6
    assert max(named) < DAYS.first < DAYS.end == COSTS.first < COSTS.end
    assert COSTS.end < model_code(1) < model_code(2) <= 0xFFFD
    assert model_code(10**6) == model_code(10**7) == COSTS.end
    assert model_code(20_000) != model_code(10**6)


@pytest.mark.parametrize("pico", [None, 0, 12_345])
def test_a_facet_is_one_word_of_one_letter(pico: int | None) -> None:
    """To the index each is a word, too short for a beginning."""
    text = facets_of(source="actor", created_at=1.78e9, models=(1, 2, 1), pico=pico, has_error=True)
    tokenizer = apsw.Connection(":memory:").fts5_tokenizer("unicode61", [])
    found = tokenizer(text.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False)
    assert list(found) == text.split(" ")
    assert {len(word) for word in text.split(" ")} == {1}
    assert len(text.split(" ")) == 3 + 5 + 2 + (0 if pico is None else 4)
    assert ord(max(text)) < 0xFFFFE
