"""TOML text with one value changed, and every other character where it was, as far as that can be."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Way = Sequence[str]
"""A name, or the names of a table, of what is in it, and so on."""


class TextUnchangeable(ValueError):
    """The change cannot be made in this text, or not without changing more."""


def write_set(text: str, way: Way, value: Any) -> str:
    """`text`, which is valid, with `value` set. Raises `TextUnchangeable`."""
    if text and not text.endswith("\n"):
        text += "\n"
    wanted = _load(text)
    added = way[0] not in wanted
    _put_plain(wanted, way, _load(f"value = {write_toml(value)}")["value"])
    if added:
        changed = _add(text, way[0], _nest(way[1:], value))
    else:
        changed = _edit(text, lambda document: _put_into(document, way, value))
    return _check(changed, wanted)


def write_unset(text: str, way: Way) -> str | None:
    """`text`, which is valid, without the value; None if there is no such value. Raises `TextUnchangeable`."""
    wanted = _load(text)
    inner: Any = wanted
    for name in way[:-1]:
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    if not isinstance(inner, dict) or way[-1] not in inner:
        return None
    del inner[way[-1]]
    return _check(_edit(text, lambda document: _remove_from(document, way)), wanted)


def write_toml(value: Any) -> str:
    """A value in one line of TOML; None, which TOML has not, is empty text."""
    if value is None or isinstance(value, str):
        return _write_text(value or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        members = ", ".join(f"{_write_name(name)} = {write_toml(inner)}" for name, inner in value.items())
        return f"{{{members}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(write_toml, value))}]"
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)


def _write_text(text: str) -> str:
    """JSON's escapes are TOML's too, except that TOML wants one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _write_text(name)


def _nest(way: Way, value: Any) -> Any:
    for name in reversed(way):
        value = {name: value}
    return value


def _load(text: str) -> dict[str, Any]:
    """Floats as they are written, so that nothing is lost and NaN equals itself."""
    return tomllib.loads(text, parse_float=str)


def _put_plain(values: dict[str, Any], way: Way, value: Any) -> None:
    for name in way[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            raise TextUnchangeable(f"{name} has no members")
        values = inner
    values[way[-1]] = value


def _check(text: str, wanted: dict[str, Any]) -> str:
    """Never trust an edit: the result is read again."""
    try:
        done = _load(text)
    except tomllib.TOMLDecodeError as error:
        raise TextUnchangeable(f"the file is written too intricately: {error}") from error
    if _prune(done) != _prune(wanted):
        raise TextUnchangeable("the file is written too intricately")
    return text


def _prune(values: Any) -> Any:
    """Without empty tables, which come and go with their last member."""
    if not isinstance(values, dict):
        return values
    pruned = {name: _prune(inner) for name, inner in values.items()}
    return {name: inner for name, inner in pruned.items() if inner != {}}


# --- where the name is there already: tomlkit -------------------------------------------------------------------------


def _edit(text: str, change: Callable[[Any], None]) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        change(document)
        return tomlkit.dumps(document)
    except (TOMLKitError, IndexError) as error:  # the latter where a table is written in several places
        raise TextUnchangeable(f"the file is written too intricately: {error}") from error


def _put_into(document: Any, way: Way, value: Any) -> None:
    table = document
    for at, name in enumerate(way[:-1]):
        if name not in table:
            _put(table, name, _nest(way[at + 1 :], value))
            return
        table = table[name]
    _put(table, way[-1], value)


def _put(table: Any, name: str, value: Any) -> None:
    """Member by member, so that the comments between members that stay stay too."""
    import tomlkit

    old: Any = table.get(name)
    if isinstance(old, dict) and isinstance(value, Mapping):
        for gone in [inner for inner in old if inner not in value]:
            del old[gone]
        for inner, each in value.items():
            _put(old, inner, each)
    elif old is None or write_toml(old.unwrap()) != write_toml(value):
        table[name] = tomlkit.value(write_toml(value))


def _remove_from(document: Any, way: Way) -> None:
    table = document
    for name in way[:-1]:
        table = table[name]
    del table[way[-1]]


# --- where it is not: a line in the right place -----------------------------------------------------------------------


def _add(text: str, name: str, value: Any) -> str:
    """A table goes to the end of the file, a value to the end of what stands before the first table."""
    end = "\r\n" if "\r\n" in text else "\n"
    if isinstance(value, Mapping):
        head = [text + end if text else "", f"[{_write_name(name)}]{end}"]
        return "".join([*head, *(f"{_write_name(inner)} = {write_toml(each)}{end}" for inner, each in value.items())])
    lines = re.findall(r".*\n", text)
    at = _find_place(lines)
    gap = [end] if at < len(lines) and lines[at].strip() else []
    return "".join([*lines[:at], f"{_write_name(name)} = {write_toml(value)}{end}", *gap, *lines[at:]])


def _find_place(lines: Sequence[str]) -> int:
    """Before the first table, the comment that belongs to it, and the empty lines above both."""
    at = next((at for at, line in enumerate(lines) if line.lstrip().startswith("[") and _is_whole(lines[:at])), None)
    if at is None:
        return len(lines)
    while at and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    while at and not lines[at - 1].strip():
        at -= 1
    return at


def _is_whole(lines: Sequence[str]) -> bool:
    """Whether no value goes on after these lines."""
    try:
        tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True
