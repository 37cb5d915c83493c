"""Addresses that stand in the text as they are: `https://…` becomes a link without brackets around it."""

import re

from markdown_it.rules_inline import StateInline

_SCHEME = re.compile(r"(?:^|[^a-z0-9.+-])(https?)$", re.IGNORECASE)
_REST = re.compile(r"://[^\s<>\"'`\\^{|}\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,2000}")
_TRAILING = "?!.,:;*_~$"


def bare_link(state: StateInline, silent: bool) -> bool:
    """Markdown's rule: at the colon of `https://`, outside links."""
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-6:])
    found = _REST.match(state.src, state.pos, state.posMax)
    if not scheme or not found:
        return False
    rest = trim_address(found[0])
    if len(rest) <= len("://"):
        return False
    if not silent:
        address = scheme[1] + rest
        state.pending = state.pending[: -len(scheme[1])]
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": state.md.normalizeLink(address)}
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def trim_address(address: str) -> str:
    """Without the punctuation of the sentence around it: full stops, emphasis, a bracket that was opened outside."""
    address = address.partition("**")[0].partition("](")[0]
    while True:
        shorter = address.rstrip(_TRAILING)
        for opening, closing in ("()", "[]"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter
