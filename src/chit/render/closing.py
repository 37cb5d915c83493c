"""Which blocks at the beginning of a text no later text can change.

Blocks are decided by their lines, from the top down: once a later block has begun on a complete line, all before it
stand. The last block stands by itself where its kind ends at an empty line, or at its own closing mark.
"""

import re

from chit.render.markdown import Block, find_blocks

_END_AT_ONCE = {"heading_open", "hr", "maths_block"}
_END_AT_BLANK = {"paragraph_open", "table_open", "blockquote_open", "plain"}
_BLANK = re.compile(r"\n[ \t]*\n")
_BLANK_AT_END = re.compile(r"(?:\A|\n)[ \t]*\n\Z")
_NEW_PARAGRAPH = re.compile(r"\n[ \t]*\n[^\W\d_]")
"""An empty line and a letter at the margin: neither a list nor indented code goes on after that."""
_SHORT = 2_000


def may_close(source: str, tried: int, kind: str) -> bool:
    """Whether looking for blocks to close is worth its cost.

    `tried` is the length of the text when that was last done, `kind` the last block's. A short text is looked at after
    every line; a long one when its last block has certainly ended.
    """
    if len(source) <= _SHORT:
        return source.find("\n", tried) >= 0 or _NEW_PARAGRAPH.search(source, max(0, tried - 2)) is not None
    ended = _BLANK if kind in _END_AT_BLANK else _NEW_PARAGRAPH
    return ended.search(source, max(0, tried - 2)) is not None


def count_closed(source: str) -> int:
    """How many characters at the beginning of a text hold closed blocks and nothing else."""
    complete = source[: source.rfind("\n") + 1]
    blocks = find_blocks(complete)
    if not blocks:
        return 0
    if not _is_final(blocks[-1], complete, source[len(complete) :]):
        blocks.pop()
    return _offset(source, blocks[-1].end) if blocks else 0


def _is_final(block: Block, complete: str, rest: str) -> bool:
    """Whether the last block on complete lines stays as it is."""
    if block.kind == "fence":
        return block.closed
    if block.kind in _END_AT_ONCE:
        return True
    if block.kind in _END_AT_BLANK:
        return block.end < complete.count("\n")
    return rest[:1].isalpha() and _BLANK_AT_END.search(complete) is not None


def _offset(source: str, line: int) -> int:
    """Where a line begins."""
    offset = 0
    for _ in range(line):
        offset = source.index("\n", offset) + 1
    return offset
