"""JSON that a person wrote: where it breaks, so that the caret can go there."""

import json
import math
import re
from typing import Any, NoReturn

from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.surrogates import join_surrogates


class TextInvalid(ValueError):
    """What is wrong, and where: the line and the column from 1, the offset from 0."""

    def __init__(self, problem: str, text: str, offset: int) -> None:
        self.offset = offset
        self.line = text.count("\n", 0, offset) + 1
        self.column = offset - text.rfind("\n", 0, offset)
        super().__init__(f"Line {self.line}, column {self.column}: {problem}")


def read_object(text: str) -> dict[str, Any]:
    """The object that `text` spells.

    Stricter than with what a provider sends, since it is not read by us alone: no name twice in an object, no number
    without an end, no half of a surrogate pair, no nesting without end. Raises `TextInvalid`.
    """
    start = len(text) - len(text.lstrip())
    try:
        value = json.loads(text, object_pairs_hook=_take_once, parse_constant=_refuse_constant, parse_float=_read_float)
        if not isinstance(value, dict):
            raise TextInvalid("an object is wanted, {…}", text, start)
        decode_object(text.encode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        raise TextInvalid(_soften(error.msg), text, error.pos) from None
    except _Unreadable as error:
        raise TextInvalid(str(error), text, max(0, text.rfind(error.spelled))) from None
    except (RecursionError, JsonInvalid, ValueError) as error:
        if isinstance(error, TextInvalid):
            raise
        raise TextInvalid("it is nested too deeply, or a number is too long", text, start) from None
    if (written := write_json(value)) != join_surrogates(written):
        raise TextInvalid("half a character (\\ud800 to \\udfff) stands alone", text, start)
    return value


def find_name(text: str, name: str) -> int:
    """Where a name stands in front of its value; 0 if it is written in another way."""
    found = re.search(rf"{re.escape(json.dumps(name, ensure_ascii=False))}\s*:", text)
    return found.start() if found else 0


def write_json(value: Any) -> str:
    """As a person would lay it out."""
    return json.dumps(value, indent=2, ensure_ascii=False)


class _Unreadable(Exception):
    def __init__(self, problem: str, spelled: str) -> None:
        super().__init__(problem)
        self.spelled = spelled


def _take_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, value in members:
        if name in taken:
            raise _Unreadable(f"{name!r} stands here twice", json.dumps(name, ensure_ascii=False))
        taken[name] = value
    return taken


def _refuse_constant(name: str) -> NoReturn:
    raise _Unreadable(f"{name} is not JSON", name)


def _read_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Unreadable("the number is too large", text)
    return value


def _soften(message: str) -> str:
    """The parser's words, as the end of a sentence."""
    return message[:1].lower() + message[1:]
