"""Words on lines of a terminal, in the order in which they come: nothing that was written is ever touched again."""

import re
from collections.abc import Callable

from rich.cells import cell_len

from chit.cli.inline_marks import Span

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60"
"""Scripts that are written without spaces: a line may end after any of these."""
_PIECES = re.compile(rf"\s+|[{_WIDE}]|[^\s{_WIDE}]+")
_NARROWEST = 8


class WordWrap:
    """`begin` a line, `put` spans on it, `end` it; each gives what to write.

    `width` is asked whenever a word is written, so that a terminal that changes its size is heeded from there on.
    """

    def __init__(self, width: Callable[[], int]) -> None:
        """In cells."""
        self._width = width
        self._word: list[Span] = []
        self._gap = ""
        self._column = 0
        self._hanging = ""
        self._is_cut = False

    def begin(self, first: str, hanging: str) -> str:
        """`first` stands at its beginning, `hanging` before what is wrapped."""
        width = max(self._width(), _NARROWEST)
        self._hanging = hanging if cell_len(hanging) <= width // 2 else ""
        self._column, self._gap, self._is_cut = cell_len(first), "", False
        return first

    def put(self, spans: list[Span]) -> str:
        """The words that are whole, and those that fill more than a line."""
        return "".join(self._put(piece, span.style) for span in spans for piece in _PIECES.findall(span.text))

    def end(self) -> str:
        """The last word and the end of the line."""
        return self._flush() + "\n"

    def _put(self, piece: str, style: str) -> str:
        if piece.isspace():
            written = self._flush()
            self._gap += piece.replace("\t", " ")
            self._is_cut = False
            return written
        if len(piece) == 1 and _is_wide(piece):
            written = self._flush()
            self._word = [Span(piece, style)]
            return written + self._flush()
        if self._is_cut:
            self._column += cell_len(piece)
            return _write(Span(piece, style))
        self._word.append(Span(piece, style))
        return self._flush(is_long=True) if self._size() > self._room() else ""

    def _flush(self, *, is_long: bool = False) -> str:
        """The word, on the next line if it does not fit on this one. One that fits on none is left to the terminal."""
        if not self._word:
            return ""
        size, indent = self._size(), cell_len(self._hanging)
        start = self._gap
        if self._column + len(start) + size <= self._limit():
            self._column += len(start) + size
        elif self._column > indent:
            start, self._column = f"\n{self._hanging}", indent + size
        else:
            start, self._column = "", self._column + size
        written = start + "".join(map(_write, self._word))
        self._word, self._gap, self._is_cut = [], "", is_long
        return written

    def _size(self) -> int:
        return sum(cell_len(span.text) for span in self._word)

    def _limit(self) -> int:
        return max(self._width(), _NARROWEST)

    def _room(self) -> int:
        return self._limit() - cell_len(self._hanging)


def _is_wide(character: str) -> bool:
    return re.match(rf"[{_WIDE}]", character) is not None


def _write(span: Span) -> str:
    return f"\x1b[{span.style}m{span.text}\x1b[0m" if span.style else span.text
