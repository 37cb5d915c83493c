"""A reply's Markdown as safe HTML, block by block."""

from dataclasses import dataclass
from typing import Any, Literal

from markdown_it.token import Token

from chit.render.limits import top_level
from chit.render.parser import is_closed, make_parser
from chit.render.sanitise import sanitise
from chit.render.source import clean_source
from chit.render.state import RenderState

RENDER_VERSION = 1
"""Goes up with every change of what a text becomes, so that stored HTML is made anew."""
Tail = Literal["never", "fence", "always"]
"""Whether the last block is marked: only an open fence whose text is shown as it comes, or any that holds text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of the text's top level."""

    html: str
    kind: str
    """The parser's name for it: `paragraph_open`, `fence` and so on."""
    first: int
    """Its first line, counted from 0."""
    end: int
    """The line after its last one."""
    closed: bool
    """False for a fence without its closing one."""
    tail: bool
    """Whether this, the last block, holds the mark."""


def render_all(text: str) -> list[str]:
    """The HTML of each block of a whole text. The same text always becomes the same."""
    return [block.html for block in render_blocks(clean_source(text), RenderState())]


def render_blocks(source: str, state: RenderState, *, tail: Tail = "never") -> list[Block]:
    """The blocks of text in its clean form; the last one may hold a mark where more text will be added."""
    parser = make_parser()
    env: dict[str, Any] = {"references": state.references, "state": state}
    blocks = list(top_level(parser.parse(source, env)))
    marked = bool(blocks) and (tail == "always" or (tail == "fence" and takes_text(blocks[-1][0], source)))
    marked = marked and mark_tail(blocks[-1])
    return [
        _finish(block, html=sanitise(parser.renderer.render(block, parser.options, env)).strip(), tail=marked)
        for block in blocks
    ]


def find_blocks(source: str) -> list[Block]:
    """Where the blocks of a text are, without their HTML."""
    parser = make_parser()
    tokens: list[Token] = []
    parser.block.parse(source, parser, {"references": {}}, tokens)
    blocks = list(top_level(tokens))
    if blocks and blocks[-1][0].type == "fence":
        blocks[-1][0].meta["closed"] = is_closed(blocks[-1][0], source.split("\n"))
    return [_finish(block) for block in blocks]


def takes_text(token: Token, source: str) -> bool:
    """Whether this, the last block, is an open fence at the margin, whose text is shown exactly as it comes."""
    if token.type != "fence" or token.meta["closed"]:
        return False
    first = (token.map or [0])[0]
    lines = source.split("\n")
    return first + 1 < len(lines) and lines[first].startswith(token.markup)


def mark_tail(block: list[Token]) -> bool:
    """Mark the last place of a block that holds text; whether there is one."""
    for token in reversed(block):
        if token.type in {"fence", "code_block", "plain"}:
            token.meta["tail"] = True
            return True
        if token.type == "inline":
            token.children = [*(token.children or []), Token("tail", "", 0)]
            return True
    return False


def _finish(block: list[Token], html: str = "", tail: bool = False) -> Block:
    first, end = block[0].map or (0, 0)
    closed = bool(block[0].meta.get("closed", True))
    return Block(html=html, kind=block[0].type, first=first, end=end, closed=closed, tail=tail)
