"""Tool calls, which a stream sends in pieces: merged by `index`, `arguments` being JSON text to be joined."""

from collections.abc import Mapping
from typing import Any

from chit.core.events import ToolCallAdded


def add_tool_call(calls: list[Any], piece: Mapping[str, Any]) -> ToolCallAdded:
    """Fold `piece` into `calls`, in place.

    A piece with a new id and a name at an index that is taken begins a call of its own: some providers number every
    parallel call 0.
    """
    position = _position(calls, piece)
    if position is None:
        position = len(calls)
        calls.append({"index": _index(piece, default=position), "type": "function"})
    call = calls[position]
    for name, value in piece.items():
        if name not in ("function", "index") and value is not None:
            call[name] = value
    function = piece.get("function")
    if not isinstance(function, Mapping):
        return ToolCallAdded(position, "", "")
    before = call.get("function") or {}
    call["function"] = _longer_function(before, function)
    name = _text(call["function"].get("name")).removeprefix(_text(before.get("name")))
    return ToolCallAdded(position, name, _text(function.get("arguments")))


def _position(calls: list[Any], piece: Mapping[str, Any]) -> int | None:
    index = piece.get("index")
    for position in range(len(calls) - 1, -1, -1):
        call = calls[position]
        if call["index"] == index or (index is None and _same_id(call, piece)):
            return None if _begins_another(call, piece) else position
    return None


def _same_id(call: Mapping[str, Any], piece: Mapping[str, Any]) -> bool:
    return not piece.get("id") or call.get("id") == piece["id"]


def _begins_another(call: Mapping[str, Any], piece: Mapping[str, Any]) -> bool:
    function = piece.get("function")
    named = isinstance(function, Mapping) and bool(function.get("name"))
    return named and bool(piece.get("id")) and bool(call.get("id")) and call["id"] != piece["id"]


def _index(piece: Mapping[str, Any], *, default: int) -> int:
    index = piece.get("index")
    return index if isinstance(index, int) else default


def _longer_function(function: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    longer = dict(function)
    for name, value in piece.items():
        before = longer.get(name)
        if name == "arguments" and isinstance(value, str):
            longer[name] = (before if isinstance(before, str) else "") + value
        elif name == "name" and isinstance(before, str) and isinstance(value, str) and value != before:
            longer[name] = before + value
        elif value is not None:
            longer[name] = value
    return longer


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
