"""What a terminal can do, and what must not reach it from a model."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from chit.errors import ChitError

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_STYLE = re.compile("\x1b\\[[0-9;]*m")
_NOT_ASCII = re.compile("[^\x20-\x7e]")
_COLUMNS = 80


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


def begin_again(line: str, stream: TextIO) -> str:
    """What to write so that the next line takes the place of `line`; a new line where it has wrapped.

    A dumb terminal cannot erase.
    """
    fits = len(_STYLE.sub("", line)) < count_columns(stream)
    return "\r\x1b[K" if fits and os.environ.get("TERM") != "dumb" else "\n"


def write_out(text: str) -> None:
    """To standard output, at once; what its encoding cannot say is replaced.

    Raises `BrokenPipeError` if the reader has left, and `ChitError` of kind `output_failed`: a full disk, say.
    """
    encoding = sys.stdout.encoding or "utf-8"
    with _telling():
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()


def write_out_bytes(data: bytes) -> None:
    """To standard output as they are; only a terminal gets no control characters. Raises as `write_out`."""
    with _telling():
        sys.stdout.buffer.write(neutralise(data.decode()).encode() if is_terminal(sys.stdout) else data)
        sys.stdout.buffer.flush()


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)
        raise ChitError(
            f"standard output cannot be written: {error.strerror}",
            hint="Free some space, or send it elsewhere; what was received is kept: see `chit show`.",
            kind="output_failed",
        ) from error


def write_json(value: Any) -> None:
    """One JSON object as a line on standard output; what a terminal obeys or the encoding cannot say is escaped."""
    from chit.core.jsontext import encode_json

    text = encode_json(value).decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
        unsafe = _CONTROL
    except UnicodeEncodeError:
        unsafe = _NOT_ASCII
    write_out(unsafe.sub(_escape, text) + "\n")


def write_err(text: str) -> None:
    """To standard error, at once. Where that cannot be written, nobody listens: no reason to fail."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Its reader is gone: keep the interpreter from failing again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def count_columns(stream: TextIO) -> int:
    """Cells of a line of the terminal that `stream` is, as it is now; 80 where that is unknown."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS
