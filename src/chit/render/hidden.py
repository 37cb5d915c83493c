"""Characters that cannot be seen but change what is read or run: marked, never removed, so that copies stay true.

Direction controls can make code and addresses read differently from what they are ("Trojan Source", CVE-2021-42574),
and zero-width characters can make two names look alike. Each run of them is wrapped in a `bdi` of class `hidden-char`,
which keeps its effect inside and whose title names it; the stylesheet shows that title.
"""

import re

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_OVERRIDES = "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_INVISIBLE = "\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
_JOINERS = "(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]"
"""Joiners belong into emoji and into Persian or Indic words, but never after ASCII."""

_IN_PROSE = re.compile(f"[{_CONTROLS}{_OVERRIDES}]+")
_IN_CODE = re.compile(f"(?:[{_CONTROLS}{_OVERRIDES}{_INVISIBLE}]|{_JOINERS})+")


def mark_in_prose(html: str) -> str:
    """Escaped text with direction overrides, tag characters and control characters marked.

    Direction marks and joiners stay as they are: right-to-left prose needs them.
    """
    return html if html.isascii() and html.isprintable() else _IN_PROSE.sub(_mark, html)


def mark_in_code(html: str) -> str:
    """Code or the text of a link, escaped, with everything invisible marked. May hold tags, whose text is ASCII."""
    return _IN_CODE.sub(_mark, html)


def spell_out(text: str) -> str:
    """Plain text with everything invisible spelled out, as in `⟨U+202E⟩`, for places that cannot hold elements."""
    return _IN_CODE.sub(lambda found: f"⟨{_name(found[0])}⟩", text)


def _mark(found: re.Match[str]) -> str:
    return f'<bdi class="hidden-char" title="{_name(found[0])}">{found[0]}</bdi>'


def _name(run: str) -> str:
    """`U+202E`, or `U+202E ×3` for a run of three that begins with it."""
    first = f"U+{ord(run[0]):04X}"
    return first if len(run) == 1 else f"{first} ×{len(run)}"
