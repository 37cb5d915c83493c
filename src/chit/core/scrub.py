"""Hide keys in any text: those that are known, exactly; and whatever looks like one of OpenRouter's.

Each is found as it is, URL-quoted, escaped for JSON or HTML, in hex, and in base64 at any of its three alignments.
"""

import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from chit.core.secret import Secret

_MIN_SHOWN = 20
"""A key shorter than this shows nothing of itself."""


class Scrubber:
    """Replaces keys by `sk-or-…` and their last four characters."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        masks = {form: secret.masked for secret in secrets for form in _forms(secret.reveal())}
        self._masks = masks
        self._known = re.compile("|".join(re.escape(form) for form in sorted(masks, key=len, reverse=True)) or "(?!)")

    def scrub(self, text: str) -> str:
        """`text` without keys."""
        text = self._known.sub(lambda found: self._masks[found[0]], text)
        return _LOOKS_LIKE_ONE.sub(_mask, text)

    def scrub_bytes(self, data: bytes) -> bytes:
        """`data` without keys, whatever its encoding beyond ASCII."""
        mark = "sk-or-…".encode().decode("latin-1")
        return self.scrub(data.decode("latin-1")).replace("sk-or-…", mark).encode("latin-1")


def scrub_bytes(data: bytes, scrub: Callable[[str], str]) -> bytes:
    """`data` without what `scrub` hides; all of its other bytes stay, UTF-8 or not."""
    return scrub(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _forms(text: str) -> Iterator[str]:
    """Every form in which a key may stand in a text."""
    data = text.encode()
    yield text
    yield text.replace("\\", "\\\\")
    yield html.escape(text)
    for quoted in (quote(text, safe=""), quote(text, safe="").replace("-", "%2D")):
        yield quoted
        yield re.sub("%..", lambda found: found[0].lower(), quoted)
    yield data.hex()
    yield data.hex().upper()
    for piece in _base64_pieces(data):
        yield piece
        yield piece.replace("+", "-").replace("/", "_")
        yield quote(piece, safe="")


def _base64_pieces(data: bytes) -> Iterator[str]:
    """What stands in the base64 of any text that holds `data`, whatever is around it: one piece for each alignment."""
    for before in range(3):
        after = -(before + len(data)) % 3
        encoded = base64.b64encode(bytes(before) + data + bytes(after)).decode()
        first = (before * 4 + 2) // 3  # characters that depend on what stands before
        last = len(encoded) - (after * 4 + 2) // 3
        yield encoded[first:last]


def _look_alikes() -> Iterator[str]:
    """Patterns of keys that are not known here."""
    yield r"sk(?:-|%2[dD])or(?:-|%2[dD])[A-Za-z0-9_%-]{6,}"
    yield r"sk-or-v1-[0-9a-f]+"
    hexed = b"sk-or-".hex()
    yield f"(?i:{hexed})(?:[0-9a-fA-F]{{2}})+"
    for piece in _base64_pieces(b"sk-or-"):
        yield f"{re.escape(piece)}[A-Za-z0-9+/_-]{{8,}}=*"


_LOOKS_LIKE_ONE = re.compile("|".join(_look_alikes()))


def _mask(found: re.Match[str]) -> str:
    """The last four characters of what stands there in the clear; of other forms nothing."""
    text = found[0]
    return f"sk-or-…{text[-4:]}" if text.startswith("sk-or-") and len(text) >= _MIN_SHOWN else "sk-or-…"
