"""A reply's Markdown as it streams: which blocks of the page change with each piece of text.

Blocks that can no longer change are closed and never looked at again, so that a piece of text costs no more than the
block it belongs to. Two kinds of block would still cost too much: open fences, whose text is handed on as it comes, and
long blocks, which are rendered anew only when they have grown by a part of their length and grow by plain text between.
The end renders everything once more and tells what is different, so that a stream ends as history shows it.
"""

import re

from chit.render.changes import BlockChange, BlockClosed, BlocksDropped, Change, TextAppended, append_text
from chit.render.closing import count_closed, may_close
from chit.render.hidden import spell_out
from chit.render.markdown import Block, Tail, render_blocks
from chit.render.source import SourceCleaner
from chit.render.state import RenderState

LONG = 2_000
"""Characters of open text beyond which it is not rendered anew for every piece."""
VERY_LONG = 16_000
_GROWTH, _FAST_GROWTH = 16, 4
"""A long block is rendered anew when a sixteenth has come to it, a very long one at a quarter: linear in the sum."""

_OPENER = re.compile(r"(`{3,}|~{3,})")
_OPENING = re.compile(r" {0,3}(?:```|~~~)")


class BlockRenderer:
    """Takes the text of one reply in any pieces; gives changes. Holds no clock: the caller decides how often."""

    __slots__ = (
        "_appended",
        "_cleaner",
        "_closed",
        "_ended",
        "_fence",
        "_held",
        "_kind",
        "_open",
        "_pieces",
        "_rendered",
        "_shown",
        "_state",
        "_tail",
        "_tried",
    )

    def __init__(self) -> None:
        self._cleaner = SourceCleaner()
        self._pieces: list[str] = []
        self._state = RenderState()
        self._closed: list[str] = []
        self._open = ""  # the source from the first block that is not closed
        self._shown: list[str] = []  # its blocks, as they were last given out
        self._appended: list[str] = []  # text given out after that
        self._tail = False  # whether the last shown block can take text
        self._kind = ""  # of the last shown block
        self._fence: re.Pattern[str] | None = None  # what would close the open fence that takes text
        self._held = ""  # text of that fence that may be its end
        self._rendered = 0  # length of the open text when it was last rendered
        self._tried = 0  # and when it was last looked at for blocks to close
        self._ended = False

    @property
    def blocks(self) -> list[str]:
        """The list that all changes so far have led to; for a page that comes later."""
        shown = list(self._shown)
        if self._appended:
            shown[-1] = append_text(shown[-1], "".join(self._appended))
        return self._closed + shown

    def add(self, text: str) -> list[Change]:
        """Take a piece of text; what changes by it, in order. Raises `RuntimeError` after the end."""
        if self._ended:
            raise RuntimeError("the text has ended")
        piece = self._cleaner.add(text)
        if not piece:
            return []
        line = self._open[self._open.rfind("\n") + 1 :] + piece
        self._pieces.append(piece)
        self._open += piece
        if self._fence and not self._fence.search(line, 0, line.rfind("\n") + 1):
            return self._append_to_fence(line, self._held + piece)
        growth = len(self._open) - self._rendered
        due = self._fence is not None or growth * self._most_growth() >= len(self._open)
        self._fence, self._held = None, ""
        ended = may_close(self._open, self._tried, self._kind) or (len(self._shown) > 1 and "\n" in piece)
        changes = self._close() if ended else []
        if due or changes:
            return changes + self._show()
        return self._append(piece) if self._tail else []

    def end(self) -> list[Change]:
        """No more text comes: what changes by one last look at all of it."""
        self._pieces.append(self._cleaner.end())
        final = [block.html for block in render_blocks("".join(self._pieces), self._state.fresh())]
        before = self._closed + self._shown
        if self._appended:
            before[-1] = ""
        changes = _differences(0, before, final)
        changes += [BlockClosed(index) for index in range(len(self._closed), len(final))]
        self._closed, self._shown, self._appended, self._ended = final, [], [], True
        return changes

    def _most_growth(self) -> int:
        """The part of its length, as a divisor, that the open text grows by before it is rendered anew."""
        length = len(self._open)
        return length if length <= LONG else _GROWTH if length <= VERY_LONG else _FAST_GROWTH

    def _append_to_fence(self, line: str, text: str) -> list[Change]:
        """Hand on text of an open fence, except a last line that may yet become its end."""
        last = line[line.rfind("\n") + 1 :]
        self._held = last if last and _may_become(self._fence, last) else ""
        return self._append(text[: len(text) - len(self._held)])

    def _append(self, text: str) -> list[Change]:
        """Hand on text to the last block as it is, with everything invisible spelled out."""
        if not text:
            return []
        spelled = spell_out(text)
        self._appended.append(spelled)
        return [TextAppended(len(self._closed) + len(self._shown) - 1, spelled)]

    def _close(self) -> list[Change]:
        """Close the blocks that no later text can change, and let go of their source."""
        self._tried = len(self._open)
        length = count_closed(self._open)
        if not length:
            return []
        rendered = [block.html for block in render_blocks(self._open[:length], self._state)]
        first = len(self._closed)
        known = self._shown[: len(rendered)]
        if self._appended and len(known) == len(self._shown):
            known[-1] = ""
            self._appended = []
        changes = _differences(first, known, rendered)
        changes += [BlockClosed(first + index) for index in range(len(rendered))]
        self._closed += rendered
        self._shown = self._shown[len(rendered) :]
        self._open = self._open[length:]
        self._tried = 0
        return changes

    def _show(self) -> list[Change]:
        """Render the open text as far as it has come."""
        last = self._open[self._open.rfind("\n") + 1 :]
        long = len(self._open) > LONG
        tail: Tail = "never" if _OPENING.match(last) else "always" if long else "fence"
        blocks = render_blocks(self._open, self._state.fork(), tail=tail)
        known = list(self._shown)
        if self._appended:
            known[-1] = ""
        self._shown, self._appended, self._rendered = [block.html for block in blocks], [], len(self._open)
        self._tail = bool(blocks) and blocks[-1].tail
        self._kind = blocks[-1].kind if blocks else ""
        self._fence = self._find_fence(blocks[-1]) if self._tail else None
        return _differences(len(self._closed), known, self._shown)

    def _find_fence(self, block: Block) -> re.Pattern[str] | None:
        """What closes a fence that takes text as it is; None for any other block."""
        if block.kind != "fence":
            return None
        opener = _OPENER.match(self._open.split("\n")[block.first])
        return closing_fence(opener[1]) if opener else None


def closing_fence(opener: str) -> re.Pattern[str]:
    """What a line must be to close a fence."""
    return re.compile(rf"^ {{0,3}}{re.escape(opener)}{re.escape(opener[0])}*[ \t]*$", re.MULTILINE)


def _may_become(fence: re.Pattern[str] | None, line: str) -> bool:
    """Whether an incomplete line could still close the fence."""
    return fence is not None and bool(re.fullmatch(r" {0,3}(?:`*|~*)[ \t]*", line)) and len(line) < 100


def _differences(first: int, before: list[str], after: list[str]) -> list[Change]:
    """What turns the blocks from `first` on into others."""
    changes: list[Change] = [
        BlockChange(first + index, html)
        for index, html in enumerate(after)
        if index >= len(before) or before[index] != html
    ]
    if len(before) > len(after):
        changes.append(BlocksDropped(first + len(after)))
    return changes
