"""Colours in a block of code as its lines come in."""

from chit.render.highlight import list_runs

WINDOW = 4000
"""Characters before a line that are read again for its colours: enough for most docstrings, and fast."""
_SHADES = {
    "c": "2",
    "k": "35",
    "kc": "33",
    "kt": "36",
    "m": "33",
    "s": "32",
    "se": "33",
    "nb": "34",
    "nf": "34",
    "nc": "36",
    "nd": "33",
    "nt": "35",
    "na": "34",
    "nv": "33",
    "gh": "34",
    "gd": "31",
    "gi": "32",
    "gp": "2",
    "go": "2",
}
"""By the short names of `render.palette`: colours of the terminal's own, which fit its background."""


class CodeColours:
    """Of one block."""

    def __init__(self, info: str) -> None:
        """`info` is what stands beside the opening fence."""
        words = info.split(maxsplit=1)
        self._language = words[0].lower() if words else ""
        self._seen = ""

    def colour(self, lines: str) -> str:
        """Whole lines, each with its line feed."""
        context = self._seen[-WINDOW:]
        if len(context) < len(self._seen):
            context = context[context.find("\n") + 1 :]
        self._seen = context + lines
        runs = list_runs(self._seen, self._language)
        if runs is None:
            return lines
        at, shown = 0, []
        for name, text in runs:
            at += len(text)
            if at > len(context):
                shown.append(_paint(text[-(at - len(context)) :] if at - len(text) < len(context) else text, name))
        return "".join(shown)


def _paint(text: str, name: str) -> str:
    """Line by line, so that no colour runs over the end of one."""
    if not name or text.isspace():
        return text
    shade = _SHADES[name]
    return "\n".join(f"\x1b[{shade}m{line}\x1b[0m" if line else "" for line in text.split("\n"))
