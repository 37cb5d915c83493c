"""JSON from a file that anybody may have written: bounded before it is parsed, and read in one way only.

Stricter than `jsontext`, which reads what a provider sends: nothing is repaired here (attack case 30).
"""

import json
import math
import re
from typing import Any, NoReturn

from chit.core.jsontext import JsonInvalid

MOST_DEPTH = 260
"""Levels of nesting: what `decode_object` takes from a provider, and our own around it."""
MOST_VALUES = 5_000_000
"""Members and items of one text. A value takes up to thirty times its text in memory."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)
"""To its end, or to the end of the text: tried from no other quote, so that no text takes long."""
_ALL_BUT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def decode_strictly(data: bytes) -> dict[str, Any]:
    """The JSON object that `data` spells. Half surrogate pairs in escapes are kept, as they occur in replies.

    Raises `JsonInvalid` for what is not UTF-8 or no object, for too much nesting or too many values, for a member that
    occurs twice, and for numbers without an end or with more digits than Python reads.
    """
    _check_shape(data)
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_take_once, parse_constant=_refuse_constant, parse_float=_finite
        )
    except JsonInvalid:
        raise
    except UnicodeDecodeError:
        raise JsonInvalid("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JsonInvalid(f"it is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:  # the standard library's own, for an integer of thousands of digits
        raise JsonInvalid("it holds a number that is too long") from None
    if not isinstance(value, dict):
        raise JsonInvalid("it is not a JSON object")
    return value


def _check_shape(data: bytes) -> None:
    plain = _STRING.sub(b"", data)
    if sum(map(plain.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise JsonInvalid("it holds too many values")
    depth = 0
    for byte in plain.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > MOST_DEPTH:
            raise JsonInvalid("it is nested too deeply")


def _take_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    taken = dict(members)
    if len(taken) != len(members):
        raise JsonInvalid("a member occurs twice in one object")
    return taken


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonInvalid("it holds a number without an end")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise JsonInvalid(f"{name} is not JSON")
