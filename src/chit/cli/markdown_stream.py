"""Markdown on a terminal as it comes in: words, lines and colours are only ever added at the end.

The cursor never goes back, so nothing flickers, nothing is lost when the window changes its size, and what has scrolled
away is as it was. A line is shown as far as its meaning is certain; code goes line by line, a table once it is whole.
"""

import io
import re
from collections.abc import Callable

from chit.cli.code_colours import CodeColours
from chit.cli.inline_marks import BOLD, DIM, UNDERLINED, InlineReader, Span
from chit.cli.terminal import neutralise
from chit.cli.word_wrap import WordWrap

_UNDECIDED = re.compile(r"[ \t>#*+\-_=\d.)`~|]*")
"""As long as a line has only these it may still become anything."""
_FENCE = re.compile(r"[ \t]*+(`{3,}+|~{3,}+)([^`]*+)$")
"""What was taken is never given back (`++`): such lines are a model's, and trying all ways costs the square of them."""
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_QUOTE = re.compile(r" {0,3}(?:>[ ]?)+")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|(\d{1,9}[.)]))[ \t]+")
_TABLE = re.compile(r"[ \t]*\|")
_DELIMITER = re.compile(r"[ \t]*+\|?+[ \t]*+:?+-++:?+[ \t]*+(?:\|[ \t]*+:?+-*+:?+[ \t]*+)*+$")
_STYLE = re.compile("\x1b\\[[0-9;]*m")
_RULE_WIDTH = 40
_MOST_ROWS = 200
"""Of a table that is laid out together; what follows is shown as it was written."""


class MarkdownStream:
    """One reply."""

    def __init__(self, *, styled: bool, width: Callable[[], int]) -> None:
        """Without `styled`, marks stay as they were written; `width` is in cells."""
        self._styled = styled
        self._width = width
        self._wrap = WordWrap(width)
        self._line = ""
        self._reader: InlineReader | None = None
        self._fence: str | None = None
        self._colours = CodeColours("")
        self._code = ""
        self._rows: list[str] = []
        self._has_text = False
        self._gap = False
        self._carried = ""

    def feed(self, text: str) -> str:
        """What to write for more text; nothing of it is obeyed by a terminal (attack case 27)."""
        text, self._carried = self._carried + text, ""
        if text.endswith("\r"):  # it may be half of a line end
            text, self._carried = text[:-1], "\r"
        first, *more = neutralise(text).split("\n")
        written = [self._add(first)]
        for line in more:
            written += [self._end_line(), self._add(line)]
        return "".join(written) + self._flush_code()

    def end(self) -> str:
        """The rest, to the end of its line."""
        written = self._add("\ufffd") if self._carried else ""
        self._carried = ""
        if self._line or self._reader:
            written += self._end_line()
        return written + self._flush_code() + self._close_table()

    def _add(self, piece: str) -> str:
        """More of the line that is coming in."""
        if self._reader is not None:
            return self._wrap.put(self._read(piece))
        self._line += piece
        if self._fence is not None:
            return ""
        marks = _UNDECIDED.match(self._line)
        if marks is None or marks.end() == len(self._line) or _is_held(self._line):
            return ""
        return self._begin_text()

    def _end_line(self) -> str:
        if self._reader is not None:
            rest = self._wrap.put(self._reader.end()) if self._styled else ""
            self._reader = None
            return rest + self._wrap.end()
        line, self._line = self._line, ""
        if self._fence is not None:
            return self._end_code_line(line)
        if _TABLE.match(line) and len(self._rows) < _MOST_ROWS:
            self._rows.append(line)
            return ""
        if not line.strip():
            written = self._close_table()
            self._gap = self._has_text
            return written
        if fence := _FENCE.match(line):
            self._fence, self._colours = fence[1], CodeColours(fence[2])
            return self._open() + self._dim(line) + "\n"
        if self._styled and _RULE.match(line):
            return self._open() + self._dim("─" * min(_RULE_WIDTH, self._width())) + "\n"
        self._line = line
        return self._begin_text() + self._end_line()

    def _end_code_line(self, line: str) -> str:
        assert self._fence is not None  # noqa: S101 (its only caller looks)
        stripped = line.strip()
        if len(stripped) >= len(self._fence) and set(stripped) == {self._fence[0]}:
            self._fence = None
            return self._flush_code() + self._dim(line) + "\n"
        self._code += f"{line}\n"
        return ""

    def _flush_code(self) -> str:
        """The lines of code that came in one piece are coloured together."""
        code, self._code = self._code, ""
        return self._colours.colour(code) if code and self._styled else code

    def _begin_text(self) -> str:
        """The beginning of a line whose kind is certain."""
        line, self._line = self._line, ""
        quote = _QUOTE.match(line)
        bars = "│ " * quote[0].count(">") if quote and self._styled else quote[0] if quote else ""
        line = line[quote.end() :] if quote else line
        style, first, hanging = "", "", ""
        if self._styled and (heading := _HEADING.match(line)):
            style = f"{BOLD};{UNDERLINED}" if len(heading[1]) == 1 else BOLD
            line = line[heading.end() :]
        elif item := _ITEM.match(line):
            indent = item[1].expandtabs(4)
            first = f"{indent}{item[2] or '•'} " if self._styled else item[0]
            hanging = " " * len(first)
            line = line[item.end() :]
        elif indented := re.match(r"[ \t]+", line):
            first = hanging = indented[0].expandtabs(4)
            line = line[indented.end() :]
        self._reader = InlineReader(style)
        beginning = self._wrap.begin(bars + first, bars + hanging)[len(bars) :]
        opening = self._open() + (self._dim(bars) if bars else "")
        return opening + beginning + self._wrap.put(self._read(line))

    def _read(self, piece: str) -> list[Span]:
        assert self._reader is not None  # noqa: S101 (its callers have made it)
        return self._reader.feed(piece) if self._styled else [Span(piece)]

    def _open(self) -> str:
        """What stands before anything that is not part of a table: the table, and the blank line that was seen."""
        written = self._close_table() + ("\n" if self._gap else "")
        self._gap, self._has_text = False, True
        return written

    def _close_table(self) -> str:
        rows, self._rows = self._rows, []
        if not rows:
            return ""
        return self._open() + (_lay_out(rows, self._width(), styled=self._styled) if _is_table(rows) else _join(rows))

    def _dim(self, text: str) -> str:
        return f"\x1b[{DIM}m{text}\x1b[0m" if self._styled else text


def _is_held(line: str) -> bool:
    """Whether only the end of the line tells what it is."""
    return _TABLE.match(line) is not None or _FENCE.match(line) is not None


def _is_table(rows: list[str]) -> bool:
    return len(rows) > 1 and _DELIMITER.match(rows[1]) is not None


def _join(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _lay_out(rows: list[str], width: int, *, styled: bool) -> str:
    from rich.console import Console  # 100 ms that only tables cost
    from rich.markdown import Markdown

    written = io.StringIO()
    console = Console(
        file=written,
        width=max(width, 8),
        force_terminal=styled,
        color_system="standard" if styled else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    console.print(Markdown("\n".join(rows), hyperlinks=False))
    lines = written.getvalue().splitlines(keepends=True)
    return "".join(line for line in lines if _STYLE.sub("", line).strip())
