"""Markdown's parser as Chit sets it up: CommonMark with tables, strikethrough, task lists, maths and bare addresses.

HTML in the text is text.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from chit.render.bare_links import bare_link
from chit.render.elements import ElementRenderer
from chit.render.limits import DEEPEST, deep_quote, flatten, parse_lines, top_level
from chit.render.maths_syntax import maths_block, maths_inline

_HEADING_SHIFT = 2
"""A page has headings of its own, so that a reply's first level is the page's third."""


@cache
def make_parser() -> MarkdownIt:
    """The parser. It keeps nothing between texts."""
    parser = MarkdownIt(
        "commonmark", {"html": False, "xhtmlOut": False, "maxNesting": DEEPEST}, renderer_cls=ElementRenderer
    )
    parser.options["tasklists"] = True
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline", "normalize"])
    parser.block.ruler.before(
        "fence", "maths_block", maths_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.block.ruler.before("blockquote", "deep_quote", deep_quote)
    parser.inline.ruler.before("escape", "maths", maths_inline)
    parser.inline.ruler.after("text", "bare_link", bare_link)
    parser.core.ruler.at("inline", parse_lines)
    parser.core.ruler.push("dress", dress)
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # the renderer judges, once, for all
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]  # never decoded: shown as it is
    return parser


def dress(state: StateCore) -> None:
    """The parser's last step: what tokens need to be written as elements of a page."""
    lines = state.src.split("\n") if any(token.type == "fence" for token in state.tokens) else []
    state.tokens = [token for block in top_level(state.tokens) for token in flatten(block, state)]
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + _HEADING_SHIFT, 6)}"
        elif token.type in {"th_open", "td_open"}:
            align = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            if align:
                token.attrs["class"] = f"align-{align}"
        elif token.type == "fence":
            token.meta["closed"] = is_closed(token, lines)
        elif "contains-task-list" in str(token.attrs.get("class")):
            token.attrs["class"] = "tasks"
        elif "task-list-item" in str(token.attrs.get("class")):
            token.attrs["class"] = "task"


def is_closed(fence: Token, lines: list[str]) -> bool:
    """Whether a closing fence was seen, not just the end of what contains it."""
    first, end = fence.map or (0, 0)
    content = fence.content.count("\n") + (fence.content != "" and not fence.content.endswith("\n"))
    last = re.sub(r"^[\s>]*", "", lines[end - 1]).rstrip()
    return end - first == content + 2 and last.startswith(fence.markup) and not last.strip(fence.markup[0])
