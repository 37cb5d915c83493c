"""JSON text to Python values and back, losing nothing a provider may send.

orjson does the work. It rejects lone surrogates and rounds integers beyond 64 bits, and both occur on the wire
(design: "fall back to the standard library's parser"), so those texts take the slower way.
"""

import json
from typing import Any, NoReturn

import orjson

from chit.core.surrogates import mend_surrogates

_LONG_INTEGER = b"0" * 19
_DIGITS_AS_ZEROS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))

MAX_DEPTH = 200
"""Levels of nesting in an object from outside. Deeper ones would break the walks over values, and the writing."""


class JsonInvalid(ValueError):
    """The text is not JSON. `str()` of it says where."""


def decode_json(data: bytes) -> Any:
    """The value `data` spells. Bytes that are not UTF-8 become U+FFFD.

    Raises `JsonInvalid` for anything that is not one JSON value, nesting beyond the parser's depth, NaN and Infinity.
    """
    if _LONG_INTEGER not in data.translate(_DIGITS_AS_ZEROS):  # a quarter of what a regular expression takes
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # the standard library decides, and words the error
    try:
        return json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse_constant)
    except RecursionError:
        raise JsonInvalid("nested too deeply") from None
    except ValueError as error:
        raise JsonInvalid(str(error)) from None


def decode_object(data: bytes) -> dict[str, Any]:
    """Like `decode_json`, for texts from outside that must be an object, nested at most `MAX_DEPTH` levels.

    Raises `JsonInvalid` for every other value too.
    """
    value = decode_json(data)
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise JsonInvalid("nested too deeply")
    if not isinstance(value, dict):
        raise JsonInvalid(f"expected a JSON object, found {_describe(value)}")
    return value


def decode_mended(data: bytes) -> dict[str, Any]:
    """Like `decode_object`, with every cut emoji joined: only escapes can spell half of one."""
    value = decode_object(data)
    if b"\\u" not in data:
        return value
    mended: dict[str, Any] = mend_surrogates(value)
    return mended


def encode_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; texts with lone surrogates and integers beyond 64 bits are escaped ASCII instead.

    An infinity, which Python makes of a number like 1e999, is written as null.
    """
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        finite = json.loads(json.dumps(value), parse_constant=_write_null)
        return json.dumps(finite, separators=(",", ":")).encode("ascii")


def _is_deeper(value: Any, max_depth: int) -> bool:
    """Level by level, because a walk that calls itself could not walk what this is to refuse."""
    level = [value]
    for _ in range(max_depth):
        lists = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [inner for items in lists for inner in items]
    return any(isinstance(item, dict | list) for item in level)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _write_null(_name: str) -> None:
    return None


def _describe(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
