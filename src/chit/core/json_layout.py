"""JSON text laid out over lines: what it says stays to the last digit, only the space between changes."""

import re

from chit.core.jsontext import decode_json

DEEPEST = 60
"""Levels beyond which it stays as it is: the space before its lines would outgrow it."""
LONGEST = 500_000

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_FENCED = re.compile(r"\A```[\w-]*[ \t]*\n(.*)\n[ \t]*```\Z", re.DOTALL)


def lay_out(text: str) -> str:
    """Two spaces a level. Raises `JsonInvalid`, a `ValueError`, for what is not JSON."""
    decode_json(text.encode("utf-8", "replace"))
    if len(text) > LONGEST:
        return text
    level, line, lines = 0, "", []
    pieces = _PIECE.findall(text)
    for at, piece in enumerate(pieces):
        after = pieces[at + 1] if at + 1 < len(pieces) else ""
        if piece in ("[", "{") and after not in ("]", "}"):
            level += 1
            if level > DEEPEST:
                return text
            lines.append(line + piece)
            line = "  " * level
        elif piece in ("]", "}") and not line.endswith(("[", "{")):
            level -= 1
            lines.append(line)
            line = "  " * level + piece
        elif piece == ",":
            lines.append(line + piece)
            line = "  " * level
        else:
            line += ": " if piece == ":" else piece
    return "\n".join([*lines, line])


def unwrap(text: str) -> str:
    """Without the fence that some models put around JSON all the same."""
    stripped = text.strip()
    found = _FENCED.match(stripped)
    return found[1].strip() if found else stripped
