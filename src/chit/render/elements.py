"""The parser's tokens as HTML elements: each kind that does not look as Markdown's own renderer would have it."""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from chit.render.addresses import Target, find_target
from chit.render.code import render_code
from chit.render.hidden import mark_in_code, mark_in_prose
from chit.render.maths import render_formula
from chit.render.state import RenderState

_REL = 'rel="noopener noreferrer nofollow" target="_blank"'


class ElementRenderer(RendererHTML):
    """Writes tokens as HTML. `env["state"]` is the `RenderState` of the reply."""

    def renderInline(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        """A line of text, with the links in it: one never stands in another."""
        parts: list[str] = []
        closings: list[str] = []
        for index, token in enumerate(tokens):
            if token.type == "link_open":
                opening, closing = ("", "") if any(closings) else _link(_spend(str(token.attrs["href"]), env))
                parts.append(opening)
                closings.append(closing)
            elif token.type == "link_close":
                parts.append(closings.pop())
            elif token.type == "text":
                mark = mark_in_code if any(closings) else mark_in_prose
                parts.append(mark(escape(token.content)))
            elif token.type == "image":
                parts.append(self._image(token, options, env, linked=any(closings)))
            elif token.type in self.rules:
                parts.append(self.rules[token.type](tokens, index, options, env))
            else:
                parts.append(self.renderToken(tokens, index, options, env))
        return "".join(parts)

    def _image(self, token: Token, options: OptionsDict, env: EnvType, *, linked: bool) -> str:
        """A picture is never loaded: its description and host, as a link if it is not in one already."""
        alt = mark_in_code(escape(self.renderInlineAsText(token.children, options, env)))
        target = _spend(str(token.attrs["src"]), env)
        if target is None:
            return f'<span class="dead-link">image: {alt}</span>'
        text = f"image: {alt} ({target.host or 'mail'})"
        opening, closing = ("", "") if linked else _link(target, kind="external image")
        return f"{opening}{text}{closing}"

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Code within a line."""
        return f"<code>{mark_in_code(escape(tokens[idx].content))}</code>"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Code between fences."""
        token = tokens[idx]
        closed, tail = token.meta["closed"], "tail" in token.meta
        return render_code(token.content, unescapeAll(token.info), env["state"], closed=closed, tail=tail)

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Indented code."""
        return render_code(tokens[idx].content, "", env["state"], closed=False, tail="tail" in tokens[idx].meta)

    def maths(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A formula within a line."""
        return _formula(tokens[idx].content, env["state"], display=tokens[idx].meta["display"])

    def maths_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A formula on lines of its own."""
        return f"<p>{_formula(tokens[idx].content, env['state'], display=True)}</p>"

    def tail(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The place where more text will be added."""
        return '<span class="tail"></span>'

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """An item; one of a task list begins with a box."""
        opening = self.renderToken(tokens, idx, options, env)
        if "checked" not in tokens[idx].meta:
            return opening
        return f'{opening}<span class="box">{"☑" if tokens[idx].meta["checked"] else "☐"}</span> '

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A table, in a box that can be scrolled sideways."""
        return '<div class="table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The end of both."""
        return "</table></div>\n"

    def plain(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Source that is shown as it is, since parsing it further would cost too much."""
        tail = self.tail(tokens, idx, options, env) if "tail" in tokens[idx].meta else ""
        return f'<p class="plain">{mark_in_prose(escape(tokens[idx].content))}{tail}</p>'


def _spend(address: str, env: EnvType) -> Target | None:
    """The target of an address while the reply's allowance lasts."""
    state: RenderState = env["state"]
    return find_target(address) if state.allowance.take("addresses", len(address)) else None


def _link(target: Target | None, kind: str = "external") -> tuple[str, str]:
    """How a link begins and ends. Its text is isolated, so that it cannot turn what stands around it."""
    if target is None:
        return '<span class="dead-link">', "</span>"
    shown: dict[str, Any] = {"href": target.href}
    if not target.direct:
        shown["class"] = kind
    if target.host:
        shown["data-host"] = target.host
    attributes = " ".join(f'{name}="{escape(value)}"' for name, value in shown.items())
    return f"<a {attributes} {_REL}><bdi>", "</bdi></a>"


def _formula(latex: str, state: RenderState, *, display: bool) -> str:
    """A formula, from memory where it was converted before; as written when the allowance is used up."""
    if not state.allowance.take("formulas", len(latex)):
        return f'<code class="maths-raw">{mark_in_code(escape(latex))}</code>'
    key = ("display" if display else "maths", latex)
    if key not in state.memo:
        state.memo[key] = mark_in_code(render_formula(latex, display=display))
    return state.memo[key]
