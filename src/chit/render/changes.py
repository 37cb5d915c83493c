"""What a page is told while a reply streams, and what it does with it.

A page keeps a list of blocks. `apply_change` is that behaviour in a few lines: pages do the same with elements.
"""

import re
from dataclasses import dataclass
from html import escape

_TAIL = re.compile(r'<(code|span) class="(?:[^"]* )?tail">')


@dataclass(frozen=True, slots=True)
class BlockChange:
    """The block at `index` is now this; at the end of the list it is a new one."""

    index: int
    html: str


@dataclass(frozen=True, slots=True)
class TextAppended:
    """Plain text for the end of the element of class `tail` in the block at `index`: a text node, never HTML."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockClosed:
    """The block at `index` is complete. It may still change once, at the end: by a link that was defined after it."""

    index: int


@dataclass(frozen=True, slots=True)
class BlocksDropped:
    """Only the first `count` blocks are left: what seemed to be two turned out to be one."""

    count: int


Change = BlockChange | TextAppended | BlockClosed | BlocksDropped


def apply_change(blocks: list[str], change: Change) -> None:
    """Bring a list of blocks up to date."""
    if isinstance(change, BlockChange):
        blocks[change.index : change.index + 1] = [change.html]
    elif isinstance(change, TextAppended):
        blocks[change.index] = append_text(blocks[change.index], change.text)
    elif isinstance(change, BlocksDropped):
        del blocks[change.count :]


def append_text(html: str, text: str) -> str:
    """A block with `text` at the end of its element of class `tail`."""
    if not text:
        return html
    tail = _TAIL.search(html)
    if tail is None:
        raise RuntimeError("text was appended to a block without a tail")
    end = html.index(f"</{tail[1]}>", tail.end())
    return html[:end] + escape(text, quote=False) + html[end:]
