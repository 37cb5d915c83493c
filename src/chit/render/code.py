"""Blocks of code: the language's name, a button to copy, the text; colours only once the block is closed."""

import re
from html import escape

from chit.render.hidden import mark_in_code
from chit.render.highlight import highlight, is_coloured
from chit.render.state import RenderState

_CLASS = re.compile(r"[a-z0-9+#._-]{1,30}")
_LONGEST_LABEL = 30
_SPACE = re.compile(r"[\s,{]+")


def render_code(code: str, info: str, state: RenderState, *, closed: bool, tail: bool) -> str:
    """One block. `info` stands beside the opening fence; `tail` says that text will be added."""
    label = _SPACE.split(info.strip(), maxsplit=1)[0][:_LONGEST_LABEL]
    language = label.lower()
    names = [f"language-{language}"] if _CLASS.fullmatch(language) else []
    names += ["tail"] if tail else []
    classes = f' class="{" ".join(names)}"' if names else ""
    text = _highlighted(code, language, state) if closed else None
    return (
        '<div class="code"><div class="code-head">'
        f'<span class="language">{mark_in_code(escape(label))}</span>'
        '<button type="button" class="copy" data-copy="">Copy</button></div>'
        f"<pre><code{classes}>{text or mark_in_code(escape(code))}</code></pre></div>"
    )


def _highlighted(code: str, language: str, state: RenderState) -> str | None:
    """The coloured code, from memory where it was coloured before; None where it stays plain."""
    if not is_coloured(code, language) or not state.allowance.take("highlighted", len(code)):
        return None
    key = (f"code {language}", code)
    if key not in state.memo:
        state.memo[key] = mark_in_code(highlight(code, language) or escape(code))
    return state.memo[key]
