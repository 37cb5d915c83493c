"""Bold, italic, code and links within one line of Markdown, as it comes in piece by piece.

What has been handed out is never taken back: text waits after a mark until its counterpart has come, and where none
comes soon enough the mark is a character like any other. So nothing is lost, and how the pieces were cut plays no part.
"""

import re
from dataclasses import dataclass

REACH = 400
"""Characters within which the counterpart of a mark must stand; as long at most a text waits."""
BOLD, DIM, ITALIC, UNDERLINED, STRUCK, CODE = "1", "2", "3", "4", "9", "36"
"""Select Graphic Rendition (ECMA-48 §8.3.117)."""

_SPECIAL = re.compile(r"[\\`*_~\[!]")
_ESCAPED = frozenset("*_`#~|.-+")
"""Punctuation that a backslash makes plain; with others it is LaTeX more often than Markdown, and stays."""
_LABEL = re.compile(r"\[([^\[\]]+)\]")
_BRACKET = re.compile(r"[\[\]]")
_TARGET = re.compile(r"""\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*"|\s+'[^']*')?\s*\)""")
_WEIGHTS = {1: (ITALIC,), 2: (BOLD,), 3: (BOLD, ITALIC)}


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style: numbers joined by semicolons, empty for none."""

    text: str
    style: str = ""


Taken = tuple[int, list[Span]]
"""Where the text goes on, and what stands before that."""


class InlineReader:
    """Of one line."""

    def __init__(self, style: str = "") -> None:
        """`style` is that of the line as a whole."""
        self._style = style
        self._rest = ""
        self._before = " "

    def feed(self, text: str) -> list[Span]:
        """What no later character can change."""
        return self._take(self._rest + text, is_whole=False)

    def end(self) -> list[Span]:
        """The rest."""
        return self._take(self._rest, is_whole=True)

    def _take(self, text: str, *, is_whole: bool) -> list[Span]:
        spans, end = _read(text, self._before, self._style, is_whole=is_whole)
        self._before = text[end - 1] if end else self._before
        self._rest = text[end:]
        return spans


def _read(text: str, before: str, style: str, *, is_whole: bool) -> tuple[list[Span], int]:
    """The spans that are certain, and how far they go."""
    spans: list[Span] = []
    at = 0
    while found := _SPECIAL.search(text, at):
        start = found.start()
        if start > at:
            spans.append(Span(text[at:start], style))
        taken = _MARKS[text[start]](text, start, text[start - 1] if start else before, style, is_whole)
        if taken is None:
            return spans, start
        at = taken[0]
        spans += taken[1]
    if at < len(text):
        spans.append(Span(text[at:], style))
    return spans, len(text)


def _take_escape(text: str, start: int, _before: str, style: str, is_whole: bool) -> Taken | None:
    if start + 1 == len(text):
        return _plain(text, start, start + 1, style) if is_whole else None
    if text[start + 1] in _ESCAPED:
        return _plain(text, start + 1, start + 2, style)
    return _plain(text, start, start + 1, style)


def _take_code(text: str, start: int, _before: str, style: str, is_whole: bool) -> Taken | None:
    after = _end_of_run(text, start)
    if after == len(text):
        return _plain(text, start, after, style) if is_whole else None
    closing = re.compile(rf"(?<!`)`{{{after - start}}}(?!`)").search(text, after, start + REACH)
    if closing is None or (closing.end() == len(text) and not is_whole):
        return _give_up(text, start, after, style, is_whole)
    inner = text[after : closing.start()]
    if inner.startswith(" ") and inner.endswith(" ") and inner.strip():
        inner = inner[1:-1]
    return closing.end(), [Span(inner, _add(style, CODE))]


def _take_emphasis(text: str, start: int, before: str, style: str, is_whole: bool) -> Taken | None:
    mark, after = text[start], _end_of_run(text, start)
    if after == len(text):
        return _plain(text, start, after, style) if is_whole else None
    length = after - start
    is_inside = before.isalnum() and (mark == "_" or length == 1)
    if length > 3 or (mark == "~" and length != 2) or text[after].isspace() or is_inside:
        return _plain(text, start, after, style)
    closing = _find_closing(text, start, after, is_whole)
    if closing is None:
        return _give_up(text, start, after, style, is_whole)
    styles = (STRUCK,) if mark == "~" else _WEIGHTS[length]
    inner = text[after : closing - length]
    spans, _ = _read(inner, mark, _add(style, *styles), is_whole=True)
    return closing, spans


def _find_closing(text: str, start: int, after: int, is_whole: bool) -> int | None:
    """The end of the run of marks that closes this one; a longer run that has three may close an inner one as well."""
    mark, length, limit = text[start], after - start, start + REACH
    at = text.find(mark, after, limit)
    while at >= 0:
        end = _end_of_run(text, at)
        if (end == len(text) and not is_whole) or end > limit:
            return None
        fits = end - at == length or (end - at == 3 and mark != "~")
        is_word = mark == "_" and end < len(text) and text[end].isalnum()
        if fits and not is_word and at > after and not text[at - 1].isspace() and text[at - 1] != "\\":
            return end
        at = text.find(mark, end, limit)
    return None


def _take_link(text: str, start: int, _before: str, style: str, is_whole: bool) -> Taken | None:
    """The words and where they lead, which is never hidden (attack case 25)."""
    bracket = start + (text[start] == "!")
    if bracket >= len(text):
        return _plain(text, start, bracket, style) if is_whole else None
    if text[bracket] != "[":
        return _plain(text, start, bracket, style)
    label = _LABEL.match(text, bracket, start + REACH)
    if label is None:
        if _BRACKET.search(text, bracket + 1):  # no label, or a longer one than is waited for
            return _plain(text, start, bracket + 1, style)
        return _give_up(text, start, bracket + 1, style, is_whole)
    if label.end() == len(text):
        return _give_up(text, start, bracket + 1, style, is_whole)
    if text[label.end()] != "(":
        return _plain(text, start, bracket + 1, style)
    target = _TARGET.match(text, label.end(), start + REACH)
    if target is None:
        return _give_up(text, start, bracket + 1, style, is_whole)
    words, _ = _read(label[1], " ", _add(style, UNDERLINED), is_whole=True)
    return target.end(), [*words, *_name_target(target[1], label[1], style)]


def _name_target(address: str, label: str, style: str) -> list[Span]:
    return [] if address in ("", label) else [Span(f" ({address})", _add(style, DIM))]


def _give_up(text: str, start: int, after: int, style: str, is_whole: bool) -> Taken | None:
    """The mark as a character, once its counterpart cannot come within reach any more."""
    return _plain(text, start, after, style) if is_whole or len(text) - start > REACH else None


def _plain(text: str, start: int, end: int, style: str) -> Taken:
    return end, [Span(text[start:end], style)] if end > start else []


def _end_of_run(text: str, start: int) -> int:
    return len(text) - len(text[start:].lstrip(text[start]))


def _add(style: str, *more: str) -> str:
    return ";".join(filter(None, (style, *more)))


_MARKS = {
    "\\": _take_escape,
    "`": _take_code,
    "*": _take_emphasis,
    "_": _take_emphasis,
    "~": _take_emphasis,
    "[": _take_link,
    "!": _take_link,
}
