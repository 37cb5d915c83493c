r"""Where maths stands in Markdown: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` in a line or as a block.

A block ends at its closing mark, at an empty line or at the end of what contains it. It is decided by its first line
alone whether one begins, so that text which arrives later never changes what stood before it; if it turns out that it
was never closed, it is a paragraph.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST_LOOK = 4_000
"""Characters within which a formula must close. Bounds the search, which begins anew at every opening mark."""

_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_END = {
    "$$": re.compile(r"(?<!\\)\$\$([.,;:]?)[ \t]*$"),
    "\\[": re.compile(r"\\\]([.,;:]?)[ \t]*$"),
}


def maths_block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Markdown's rule for a block of maths."""
    line = _line(state, first)
    opener = line[:2]
    if opener not in _END or state.is_code_block(first) or not _opens(line, opener):
        return False
    if silent:
        return True
    content, last, closed = _read(state, first, end, opener)
    if closed:
        token = state.push("maths_block", "", 0)
        token.content = content
    else:
        state.push("paragraph_open", "p", 1).map = [first, last]
        token = state.push("inline", "", 0)
        token.content = state.getLines(first, last, state.blkIndent, False).strip()
        token.children = []
        state.push("paragraph_close", "p", -1)
    token.map = [first, last]
    state.line = last
    return True


def _line(state: StateBlock, number: int) -> str:
    """A line without its indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _opens(line: str, opener: str) -> bool:
    """Whether a block begins: nothing closes it in its first line, or that line holds it whole."""
    closing = line.find(_CLOSERS[opener], 2)
    if closing < 0:
        return not line.startswith("$$$")
    found = _END[opener].search(line, 2)
    return found is not None and found.start() == closing and bool(line[2:closing].strip())


def _read(state: StateBlock, first: int, end: int, opener: str) -> tuple[str, int, bool]:
    """The formula, the line after the block, and whether it was closed."""
    parts: list[str] = []
    for number in range(first, end):
        line = _line(state, number)
        if number > first and (not line.strip() or state.sCount[number] < state.blkIndent):
            return "", number, False
        text = line[2:] if number == first else line
        if found := _END[opener].search(text):
            parts.append(text[: found.start()] + found[1])
            return "\n".join(parts).strip(), number + 1, True
        parts.append(text)
    return "", end, False


def maths_inline(state: StateInline, silent: bool) -> bool:
    """Markdown's rule for maths within a line."""
    opener = state.src[state.pos : state.pos + 2]
    if opener in {"\\(", "\\[", "$$"}:
        return _delimited(state, silent, opener)
    return opener.startswith("$") and _dollars(state, silent)


def _delimited(state: StateInline, silent: bool, opener: str) -> bool:
    start = state.pos + 2
    end = state.src.find(_CLOSERS[opener], start, min(state.posMax, start + LONGEST_LOOK))
    content = state.src[start:end].strip()
    if end < 0 or not content or (opener == "$$" and "$" in {content[0], state.src[end + 2 : end + 3]}):
        return False
    return _push(state, silent, content, end + 2, display=opener != "\\(")


def _dollars(state: StateInline, silent: bool) -> bool:
    r"""`$x$` but not `$5 and $6`: no space inside the marks, no letter or digit at their outside, no code between."""
    start = state.pos + 1
    end = start
    while True:
        end = state.src.find("$", end, min(state.posMax, start + LONGEST_LOOK))
        if end < 0:
            return False
        if state.src[end - 1] != "\\":
            break
        end += 1
    content = state.src[start:end]
    before, after = state.src[state.pos - 1 : state.pos], state.src[end + 1 : end + 2]
    if not content or content != content.strip() or "`" in content or before.isalnum() or after.isalnum():
        return False
    return _push(state, silent, content, end + 1, display=False)


def _push(state: StateInline, silent: bool, content: str, after: int, *, display: bool) -> bool:
    if not silent:
        token = state.push("maths", "", 0)
        token.content = content
        token.meta["display"] = display
    state.pos = after
    return True
