"""`reasoning_details`: a model's reasoning in typed pieces, which must go back to it unmodified and in order.

A stream sends one detail in many pieces (field guide §3.5). Pieces of the same type and index are put together, so that
what is sent back next turn is what a unary reply would have held.
"""

from collections.abc import Mapping
from typing import Any

_GROWING = {"reasoning.text": "text", "reasoning.summary": "summary"}


def add_reasoning_details(details: list[Any], pieces: list[Any]) -> list[Any]:
    """`details` with `pieces` put on; neither argument is changed."""
    details = list(details)
    for piece in pieces:
        last = details[-1] if details else None
        if isinstance(piece, Mapping) and isinstance(last, Mapping) and _continues(last, piece):
            details[-1] = _longer(last, piece)
        else:
            details.append(piece)
    return details


def reasoning_text(details: Any) -> str:
    """The readable part of some details: texts and summaries, joined as they come."""
    if not isinstance(details, list):
        return ""
    pieces = (_readable(detail) for detail in details if isinstance(detail, Mapping))
    return "".join(pieces)


def _readable(detail: Mapping[str, Any]) -> str:
    member = _GROWING.get(str(detail.get("type")))
    found = detail.get(member) if member else None
    return found if isinstance(found, str) else ""


def _continues(last: Mapping[str, Any], piece: Mapping[str, Any]) -> bool:
    kind = str(piece.get("type"))
    if kind not in _GROWING or last.get("type") != kind or last.get("index") != piece.get("index"):
        return False
    if last.get("signature") and piece.get(_GROWING[kind]):
        return False  # a signature ends its detail: more text is a detail of its own
    return not (last.get("id") and piece.get("id") and last["id"] != piece["id"])


def _longer(last: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    growing = _GROWING[str(piece["type"])]
    longer = dict(last)
    for name, value in piece.items():
        if name == growing and isinstance(value, str):
            longer[name] = f"{longer.get(name) or ''}{value}"
        elif value is not None:
            longer[name] = value
        else:
            longer.setdefault(name, None)
    return longer
