"""What to do about a failure, written into the very bytes that told of it: `hint` and `link` inside `error`.

Everything else stays as it was received, byte for byte.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.errors import ChitError

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_LINE = re.compile(rb"[^\r\n]+")
_DATA = b"data:"

Path = Sequence[str | int]


def add_remedy(body: bytes, error: ChitError) -> bytes:
    """`body`, its error object with a hint and a link; `body` itself where it has none, or has them already."""
    try:
        decoded = decode_object(body)
    except JsonInvalid:
        return body
    path = _find_error(decoded)
    if path is None:
        return body
    found: Any = decoded
    for step in path:
        found = found[step]
    remedy = {"hint": error.hint or None, "link": error.link}
    added = {name: text for name, text in remedy.items() if text is not None and name not in found}
    place = _find_place(body, path) if added else None
    if place is None:
        return body
    return body[:place] + encode_json(added)[1:-1] + (b"," if found else b"") + body[place:]


def add_to_events(lines: bytes, error: ChitError) -> bytes:
    """The same in server-sent events: in the first line of data whose object tells of an error."""
    for line in _LINE.finditer(lines):
        text = line[0]
        if text.startswith(_DATA):
            told = add_remedy(text[len(_DATA) :], error)
            if len(told) != len(text) - len(_DATA):
                return lines[: line.start() + len(_DATA)] + told + lines[line.end() :]
    return lines


def _find_error(value: Mapping[str, Any]) -> Path | None:
    """Where the error object is: at the top, in a response, or in a choice; an event can be one itself."""
    if isinstance(value.get("error"), dict):
        return ("error",)
    response, choices = value.get("response"), value.get("choices")
    if isinstance(response, dict) and isinstance(response.get("error"), dict):
        return ("response", "error")
    for index, choice in enumerate(choices if isinstance(choices, list) else ()):
        if isinstance(choice, dict) and isinstance(choice.get("error"), dict):
            return ("choices", index, "error")
    return () if value.get("type") == "error" and "message" in value else None


def _find_place(text: bytes, path: Path) -> int | None:
    """Just after the brace that opens the object at `path`; None for a name that is written with escapes."""
    here: list[str | int] = []  # the path of what comes next; of an object, the name before it
    name = ""
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"{":
                if here == list(path):
                    return token.end()
                here.append("")
            case b"[":
                here.append(0)
            case b"}" | b"]":
                here.pop()
            case b",":
                if isinstance(here[-1], int):
                    here[-1] += 1
            case spelled:
                name = spelled[1:-1].decode("utf-8", "replace")
                if isinstance(here[-1], str) and text[token.end() :].lstrip()[:1] == b":":
                    here[-1] = name
    return None
