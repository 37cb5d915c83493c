"""The place in a long text where what was searched for stands, with the words that were found marked."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chit.core.searchable import SEAM, searchable

BEFORE = 60
"""Bytes shown before the first word that was found."""
WIDTH = 260
"""Bytes in which as many of the words as possible should stand."""
_CHUNK = 8_192
_MOST_CHUNKS = 32
"""A text of more than a quarter of a million characters is shown from its beginning if nothing was found in those."""
_SPACE = re.compile(r"\s+")

Token = tuple[int, int, str]
"""Where a word begins and ends, in bytes of UTF-8, and the word as the index has it."""
Tokenize = Callable[[bytes], Sequence[Token]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an excerpt."""

    text: str
    is_found: bool
    """Whether it is what was searched for."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is searched for, or several in a row, as the index has them."""

    tokens: tuple[str, ...]
    is_open: bool = False
    """Whether the last one may be the beginning of a word."""

    def stands_at(self, words: Sequence[Token], place: int) -> bool:
        """Whether it is found from this word on."""
        found = words[place : place + len(self.tokens)]
        if len(found) < len(self.tokens) or any(
            word[2] != token for word, token in zip(found[:-1], self.tokens[:-1], strict=True)
        ):
            return False
        last, wanted = found[-1][2], self.tokens[-1]
        return last.startswith(wanted) if self.is_open else last == wanted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a term stands: its first and last word, and which term it is."""

    first: int
    last: int
    term: int


def write_excerpt(text: str, terms: Sequence[Term], tokenize: Tokenize) -> tuple[Piece, ...]:
    """One line of it: around the words that were found, or its beginning. `tokenize` is the index's own."""
    text = searchable(text)
    for start, end in _chunks(text):
        chunk = text[start:end].encode()
        words = tokenize(chunk)
        if places := find_places(words, terms):
            return _cut(chunk, words, places, is_first=start == 0, is_last=end >= len(text))
    chunk = text[:_CHUNK].encode()
    return _cut(chunk, tokenize(chunk), [], is_first=True, is_last=len(text) <= _CHUNK)


def find_places(words: Sequence[Token], terms: Sequence[Term]) -> list[Place]:
    """All places of all terms, in order; those that overlap as well."""
    closed: dict[str, list[int]] = {}
    opened: list[int] = []
    for number, term in enumerate(terms):
        if term.is_open and len(term.tokens) == 1:
            opened.append(number)
        else:
            closed.setdefault(term.tokens[0], []).append(number)
    beginnings = tuple(terms[number].tokens[0] for number in opened)
    places = []
    for at, (_, _, word) in enumerate(words):
        numbers = closed.get(word, [])
        if beginnings and word.startswith(beginnings):
            numbers = [*numbers, *opened]
        places += [
            Place(at, at + len(terms[number].tokens) - 1, number)
            for number in numbers
            if terms[number].stands_at(words, at)
        ]
    return places


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of the text that end at spaces where there are any."""
    start = 0
    for _ in range(_MOST_CHUNKS):
        if start >= len(text):
            return
        end = start + _CHUNK
        if end < len(text):
            space = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            end = space + 1 if space > start else end
        yield start, end
        start = end


def _cut(
    chunk: bytes, words: Sequence[Token], places: Sequence[Place], *, is_first: bool, is_last: bool
) -> tuple[Piece, ...]:
    """From a few words before the best place on."""
    begin = words[_best(words, places).first][0] if places else 0
    left = next((start for start, _, _ in words if start >= begin - BEFORE), 0) if begin > BEFORE else 0
    right = max((end for _, end, _ in words if begin < end <= begin + WIDTH), default=begin + WIDTH)
    shown = [place for place in places if words[place.first][0] >= left and words[place.last][1] <= right]
    pieces, at = [], left
    if left > 0 or not is_first:
        pieces.append(Piece("… ", False))
    for start, end in _merge((words[place.first][0], words[place.last][1]) for place in shown):
        pieces += [_piece(chunk[at:start], False), _piece(chunk[start:end], True)]
        at = end
    is_last = is_last and not chunk[right:].replace(SEAM.encode(), b"").strip()
    pieces.append(_piece(chunk[at:] if is_last else chunk[at:right], False))
    return tuple(piece for piece in (*pieces, *([] if is_last else [Piece(" …", False)])) if piece.text)


def _piece(data: bytes, is_found: bool) -> Piece:
    text = data.decode("utf-8", "ignore").replace(SEAM, "")
    return Piece(_SPACE.sub(" ", text), is_found)


def _best(words: Sequence[Token], places: Sequence[Place]) -> Place:
    """The first place from which on most of the terms stand close together."""
    best, most, end = places[0], 0, 0
    for number, place in enumerate(places):
        limit = words[place.first][0] + WIDTH
        end = max(end, number)
        while end < len(places) and words[places[end].last][1] <= limit:
            end += 1
        count = len({each.term for each in places[number:end]})
        if count > most:
            best, most = place, count
    return best


def _merge(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without overlaps, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
