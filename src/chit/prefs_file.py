"""`prefs.toml`: what it says, and where in it a mistake is. Reading never changes it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chit.core.params import remark_on_parameters
from chit.core.preferences import (
    Preference,
    ValueInvalid,
    find_preference,
    suggest_preference,
)
from chit.core.stray_secret import find_secret, holds_key
from chit.errors import InputError

MOST_SEARCHED_LINES = 400
"""In a longer file a wrong value is named without its line: it is found by reading the file up to each of its lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What a file says."""

    values: Mapping[str, Any]
    """Typed, by name; those that the file does not set are not here."""
    warnings: tuple[str, ...]
    """A sentence for each name that Chit does not know."""


def read_prefs_file(path: Path) -> FileContent:
    """Of a file that is not there: nothing. Raises `InputError` as `check_toml`, and where it cannot be read."""
    return check_toml(decode_toml(read_bytes(path) or b"", path), path)


def read_bytes(path: Path) -> bytes | None:
    """None if there is no such file. Raises `InputError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", hint="Mend or move the file; it was not changed."
        ) from error


def decode_toml(data: bytes, path: Path) -> str:
    """The text of a file, without a byte order mark. Raises `InputError` with the line that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path} cannot be read: line {line} is not UTF-8 text", hint=_MEND) from error


_MEND = "Mend that line with `chit prefs edit`; the file was not changed."


def check_toml(text: str, path: Path) -> FileContent:
    """What `text` says. Raises `InputError` with the line: not TOML, a value of the wrong type, a secret."""
    values = parse_toml(text, path)
    if (way := find_secret(values)) is not None:
        raise refuse_secret(".".join(way), where=_place(path, text, way))
    checked: dict[str, Any] = {}
    warnings = []
    for name, value in values.items():
        preference = find_preference(name)
        if preference is None:
            near = suggest_preference(name)
            meant = f" Did you mean {near}?" if near else ""
            warnings.append(f"{path}: there is no preference {name!r}; it is left alone.{meant}")
            continue
        try:
            checked[name] = preference.check(value)
        except ValueInvalid as error:
            place = _place(path, text, (name, *error.inside))
            raise refuse_value(preference, error, where=place) from error
    warnings += [f"{path}: {remark}" for remark in remark_on_parameters(checked.get("parameters", {}))]
    return FileContent(values=checked, warnings=tuple(warnings))


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The values, unchecked. Raises `InputError` with the line."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = _AT_LINE.search(str(error))
        line = found[1] if found else len(text.rstrip().split("\n"))  # most often the end of the document
        reason = "a key in the wrong place" if holds_key(str(error)) else _PLACE.sub("", str(error))
        raise InputError(f"{path}, line {line}: not valid TOML: {reason}", hint=_MEND) from error


_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_PLACE = re.compile(r" \(at [^()]*\)$")


def refuse_value(preference: Preference, error: ValueInvalid, *, where: str) -> InputError:
    """The error for a value that its preference cannot have, found at `where`."""
    name = ".".join((preference.name, *error.inside))
    return InputError(f"{where}{name} {error}", hint=error.hint or f"Write it like {preference.example}.")


def refuse_secret(name: str, *, where: str = "") -> InputError:
    """The error for a secret among the preferences. It never repeats the value."""
    told = f"{name} looks like a secret" if name else "there is an API key where a name should be"
    hint = "Take it out, and keep keys in the vault: chit key set"
    return InputError(f"{where}{told}, and preferences are plain text", hint=hint)


def _place(path: Path, text: str, way: tuple[str, ...]) -> str:
    line = find_line(text, way)
    return f"{path}, line {line}: " if line else f"{path}: "


def find_line(text: str, way: tuple[str, ...]) -> int | None:
    """The line on which the statement begins that sets `way`, a name in a table in a table…; None in a long file.

    The standard parser tells no places. But the first part of the file that holds `way` ends with that statement, and
    the longest part before it that is whole ends right before it.
    """
    lines = text.split("\n")
    if not way or len(lines) > MOST_SEARCHED_LINES:
        return None
    start = count = 1
    while count < len(lines) and not _holds(values := _read_whole(lines[:count]), way):
        count += 1
        start = start if values is None else count
    return start


def _read_whole(lines: list[str]) -> dict[str, Any] | None:
    """None in the middle of a statement."""
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:
        return None


def _holds(values: Any, way: tuple[str, ...]) -> bool:
    """As far as tables go: what is inside of a list counts as there."""
    if values is None:
        return False
    for name in way:
        if not isinstance(values, Mapping):
            return True
        if name not in values:
            return False
        values = values[name]
    return True
