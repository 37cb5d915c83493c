"""JSON text to Python values and back, losing nothing a provider may send.

orjson does the work. It rejects lone surrogates and rounds integers beyond 64 bits, and both occur on the wire
(design: "fall back to the standard library's parser"), so those texts take the slower way.
"""

import json
import re
from typing import Any, NoReturn

import orjson

_LONG_INTEGER = re.compile(rb"\d{19}")


class JsonInvalid(ValueError):
    """The text is not JSON. `str()` of it says where."""


def decode_json(data: bytes) -> Any:
    """The value `data` spells. Bytes that are not UTF-8 become U+FFFD.

    Raises `JsonInvalid` for anything that is not one JSON value, nesting beyond the parser's depth, NaN and Infinity.
    """
    if _LONG_INTEGER.search(data) is None:
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
    """Like `decode_json`, for texts that must be an object. Raises `JsonInvalid` for every other value too."""
    value = decode_json(data)
    if not isinstance(value, dict):
        raise JsonInvalid(f"expected a JSON object, found {_describe(value)}")
    return value


def encode_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; texts with lone surrogates and integers beyond 64 bits are escaped ASCII instead."""
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _describe(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
