"""What is left as plain text, since parsing it would take long or nest deeper than pages can.

Each limit is judged from the text alone, so that a stream and the finished reply are treated alike.
"""

import re
from collections.abc import Iterator

from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

DEEPEST = 24
"""Levels of nesting, a list counting two. A block that goes deeper is shown with the marks it was written with."""
DEEPEST_QUOTE = 8
"""Levels down to which quotes may open: the parser reads all that follows anew for each."""
LONGEST_LINE = 40_000
"""Characters of one paragraph, heading or cell; a longer one is not parsed further."""
MOST_IMAGES = 40
"""In one paragraph: they nest, and the parser calls itself for each."""

_MARKS = re.compile(r"(?:[ \t]*(?:>|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t])))+")


def top_level(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each block of the text, in order."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def deep_quote(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Markdown's rule for quotes that nest too deep: one block of plain text, up to an empty line."""
    marks = _MARKS.match(state.src, state.bMarks[first] + state.tShift[first], state.eMarks[first])
    quotes = marks[0].count(">") if marks else 0
    if not quotes or state.level + quotes <= DEEPEST_QUOTE or state.is_code_block(first):
        return False
    last = first + 1
    while last < end and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        last += 1
    token = state.push("plain", "", 0)
    token.content = state.getLines(first, last, state.blkIndent, False)
    token.map = [first, last]
    state.line = last
    return True


def flatten(block: list[Token], state: StateCore) -> list[Token]:
    """A block, or one of plain text if it nests so deep that the parser left text out."""
    if max(token.level for token in block) < DEEPEST - 1:
        return block
    first, last = block[0].map or (0, 0)
    plain = Token("plain", "", 0, content="\n".join(state.src.split("\n")[first:last]), block=True)
    plain.map = [first, last]
    return [plain]


def parse_lines(state: StateCore) -> None:
    """The parser's step from blocks to what stands in their lines."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = _parse_line(token.content, state)


def _parse_line(text: str, state: StateCore) -> list[Token]:
    children: list[Token] = []
    if len(text) <= LONGEST_LINE and text.count("![") <= MOST_IMAGES:
        state.md.inline.parse(text, state.md, state.env, children)
        if max((child.level for child in children), default=0) <= DEEPEST:
            return children
    return [Token("text", "", 0, content=text)]
