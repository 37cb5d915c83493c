"""What a terminal can do, and what must not reach it from a model."""

import os
import re
import shutil
import sys
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_STYLE = re.compile("\x1b\\[[0-9;]*m")


def neutralise(text: str) -> str:
    """`text` without anything a terminal would obey: escape sequences, carriage returns, bidi overrides.

    Line feeds and tabs stay. Each other control character becomes U+FFFD, so that it is seen (attack case 27).
    """
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))


def is_terminal(stream: TextIO) -> bool:
    """Whether a person watches `stream`."""
    return stream.isatty()


def wants_colour(stream: TextIO) -> bool:
    """On a terminal, unless `NO_COLOR` is set or the terminal is dumb (no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO) -> str:
    """`text` in a style: `dim`, `bold`, `warn` or `bad`; plain where colour is unwanted."""
    codes = {"dim": "2", "bold": "1", "warn": "33", "bad": "31"}
    return f"\x1b[{codes[style]}m{text}\x1b[0m" if wants_colour(stream) else text


def begin_again(line: str) -> str:
    """What to write so that the next line takes the place of `line`; a new line where it has wrapped."""
    columns = shutil.get_terminal_size().columns
    return "\r\x1b[K" if len(_STYLE.sub("", line)) < columns else "\n"


def write_out(text: str) -> None:
    """To standard output, at once; what its encoding cannot say is replaced."""
    sys.stdout.write(text.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8"))
    sys.stdout.flush()
