"""The second wall: whatever the renderer wrote passes an allow-list before a page sees it, in a stream as in history.

There is no `style`, `id`, `name` or `src`, no handler, no address but our own page's and openrouter.ai's, and no class
that the renderer does not use.
"""

import re
from functools import cache

import nh3

from chit.render.maths import MATHML_ATTRIBUTES, MATHML_TAGS
from chit.render.palette import COLOURED

_TAG_NAMES = """
    p h3 h4 h5 h6 ul ol li blockquote hr br pre code div span table thead tbody tr th td em strong s a bdi button
"""
_ATTRIBUTES = {
    "a": {"href", "data-host", "rel", "target", "class"},
    "bdi": {"title", "class"},
    "button": {"type", "data-copy", "class"},
    "code": {"class"},
    "ol": {"start"},
}
_ALIGNED = {"align-left", "align-center", "align-right"}
_CLASSES = {
    "div": {"code", "code-head", "table"},
    "span": {*COLOURED, "box", "dead-link", "tail", "maths-display", "language"},
    "ul": {"tasks"},
    "li": {"task"},
    "p": {"plain", "verdict", "fits", "breaks"},
    "th": _ALIGNED,
    "td": _ALIGNED,
    "mtd": _ALIGNED,
}
_VALUES = {
    "href": re.compile(r"/leave\?to=[\w.~%-]+|https://openrouter\.ai(?:/[!-;=@-~]*)?"),
    "data-host": re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]"),
    "rel": re.compile("noopener noreferrer nofollow"),
    "target": re.compile("_blank"),
    "title": re.compile(r"U\+[0-9A-F]{4,6}( ×[0-9]+)?"),
    "type": re.compile("button"),
    "data-copy": re.compile(""),
    "start": re.compile(r"[0-9]{1,9}"),
}
_PLAIN = re.compile(r"[\w .+-]{0,100}")
_OPEN_CLASSES = {
    "a": re.compile("external|external image"),
    "bdi": re.compile("hidden-char"),
    "button": re.compile("copy"),
    "code": re.compile(r"maths-raw|tail|language-[a-z0-9+#._-]{1,30}( tail)?"),
}


def sanitise(html: str) -> str:
    """Only what is allowed, as a browser's own parser reads it."""
    return _cleaner().clean(html)


@cache
def _cleaner() -> nh3.Cleaner:
    mathml = {tag: set(MATHML_ATTRIBUTES) for tag in MATHML_TAGS}
    return nh3.Cleaner(
        tags={*_TAG_NAMES.split(), *MATHML_TAGS},
        attributes=_ATTRIBUTES | mathml,
        attribute_filter=_filter,
        allowed_classes=_CLASSES,
        url_schemes={"https"},
        link_rel=None,
    )


def _filter(tag: str, name: str, value: str) -> str | None:
    """The value of an allowed attribute if it is one that the renderer writes."""
    allowed = _OPEN_CLASSES.get(tag, _PLAIN) if name == "class" else _VALUES.get(name, _PLAIN)
    return value if allowed.fullmatch(value) else None
