"""Where the objects of a JSON array begin and end, in a text that is too large to be read as a whole."""

import mmap
import re
from dataclasses import dataclass

from chit.core.strict_json import MOST_DEPTH

MOST_ITEMS = 1_000_000
_NEXT = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)
"""To the next bracket that is in no string."""
_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*")
_BETWEEN = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_END = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*\Z")

Text = bytes | mmap.mmap


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What was found, in order."""

    spans: tuple[tuple[int, int], ...]
    """The first byte of each and the one after its last. Whether it is JSON is for whoever reads it."""
    problem: str | None = None
    """Why there may be more that was not found, in a few words."""


def begins_array(head: bytes) -> bool:
    """Whether a text that begins so is an array."""
    return _BEGIN.match(head) is not None


def find_items(text: Text) -> Items:
    """The objects of the array, up to where it is no array of objects."""
    begin = _BEGIN.match(text)
    if begin is None:
        return Items(spans=(), problem="it is no list of conversations")
    spans: list[tuple[int, int]] = []
    place = begin.end()
    if _END.match(text, place):
        return Items(spans=())
    while True:
        try:
            end = _find_end(text, place)
        except ValueError as error:
            return Items(spans=tuple(spans), problem=str(error))
        spans.append((place, end))
        if _END.match(text, end):
            return Items(spans=tuple(spans))
        between = _BETWEEN.match(text, end)
        if between is None or len(spans) == MOST_ITEMS:
            why = "it breaks off, or is no JSON" if between is None else f"it holds more than {MOST_ITEMS:,}"
            return Items(spans=tuple(spans), problem=f"after conversation {len(spans):,} {why}")
        place = between.end()


def _find_end(text: Text, place: int) -> int:
    """Of the object that begins there. Raises `ValueError`, which says why there is none."""
    if text[place : place + 1] != b"{":
        raise ValueError("it holds something else than conversations")
    depth = 0
    while (found := _NEXT.match(text, place)) is not None:
        place = found.end()
        depth += 1 if found[1] in b"[{" else -1
        if depth == 0:
            return place
        if depth > MOST_DEPTH:
            raise ValueError("it is nested too deeply")
    raise ValueError("it breaks off")
