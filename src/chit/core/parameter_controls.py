"""The text of one control of the parameters' form: what value it is, and what text a value is."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from chit.core.located_json import read_object, write_json
from chit.core.parameter_field import Field

_LONGEST_NUMBER = 400


def read_control(text: str, each: Field) -> Any:
    """The value; None for an entry that is to be there without more. Raises `ValueError`, for JSON `TextInvalid`."""
    return _READERS[each.kind](text, each)


def write_control(value: Any, each: Field) -> str:
    """The text, which reads as exactly this value; empty if the control cannot show it."""
    return _WRITERS[each.kind](value, each) or ""


def read_number(text: str) -> int | float:
    """Raises `ValueError`."""
    text = text.strip()
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) or len(text) > _LONGEST_NUMBER:
        raise ValueError("This must be a number, such as 0.7.")
    value = int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    if abs(value) == float("inf"):
        raise ValueError("This number is too large.")
    return value


def _read_integer(text: str, _field: Field) -> int:
    if not re.fullmatch(r"[+-]?\d+", text.strip(), re.ASCII) or len(text) > _LONGEST_NUMBER:
        raise ValueError("This must be a whole number, such as 100.")
    return int(text)


def _read_choice(text: str, each: Field) -> str:
    if text not in each.options:
        raise ValueError(f"This must be one of {', '.join(each.options)}; others can be given as JSON below.")
    return text


def _read_flag(text: str, _field: Field) -> bool:
    if text not in ("true", "false"):
        raise ValueError("This must be yes or no.")
    return text == "true"


def _read_entry(text: str, each: Field) -> bool | None:
    return None if _read_choice(text, each) == "on" else False


def _is_shown(value: Any) -> bool:
    """Whether a control gives this text back as it was."""
    return isinstance(value, str) and value.isprintable() and value == value.strip() != ""


def _write_number(value: Any, each: Field) -> str | None:
    kinds = (int,) if each.kind == "integer" else (int, float)
    is_shown = isinstance(value, kinds) and not isinstance(value, bool) and abs(value) < 10**300
    return json.dumps(value) if is_shown else None


def _write_words(value: Any, _field: Field) -> str | None:
    is_shown = isinstance(value, list) and all(_is_shown(word) and not re.search(r"[\s,]", word) for word in value)
    return ", ".join(value) if is_shown else None


def _write_lines(value: Any, _field: Field) -> str | None:
    is_shown = isinstance(value, list) and all(isinstance(line, str) and line and line.isprintable() for line in value)
    return "\n".join(value) if is_shown else None


_READERS: Mapping[str, Callable[[str, Field], Any]] = {
    "number": lambda text, _: read_number(text),
    "integer": _read_integer,
    "text": lambda text, _: text.strip(),
    "words": lambda text, _: re.findall(r"[^\s,]+", text),
    "lines": lambda text, _: [line for line in re.split(r"\r\n|\r|\n", text) if line],
    "json": lambda text, _: read_object(text),
    "choice": _read_choice,
    "flag": _read_flag,
    "entry": _read_entry,
}
_WRITERS: Mapping[str, Callable[[Any, Field], str | None]] = {
    "number": _write_number,
    "integer": _write_number,
    "text": lambda value, _: value if _is_shown(value) else None,
    "words": _write_words,
    "lines": _write_lines,
    "json": lambda value, _: write_json(value) if isinstance(value, dict) else None,
    "choice": lambda value, each: value if value in each.options else None,
    "flag": lambda value, _: {True: "true", False: "false"}[value] if isinstance(value, bool) else None,
}
"""None for a value that the control cannot show."""
