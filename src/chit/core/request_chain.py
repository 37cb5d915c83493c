"""Requests of one conversation, each told by what differs from the one before.

Every request repeats the whole branch: told whole, they would grow with the square of its length.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from chit.core.members import DossierInvalid, Members

LEAST_SHARED = 200
"""Characters; with less in common a request is told whole."""
MOST_CHARACTERS = 1024**3
"""Of all requests of a conversation together, so that a small file cannot become a large one."""


def shorten(requests: Iterable[str]) -> Iterator[str | dict[str, Any]]:
    """Each as it is, or as `{"first", "new", "last"}`: so many characters of the one before, its own, so many again."""
    before = ""
    for request in requests:
        first = _count_shared(before, request)
        last = _count_shared(before[first:][::-1], request[first:][::-1])
        if first + last < LEAST_SHARED:
            yield request
        else:
            yield {"first": first, "new": request[first : len(request) - last], "last": last}
        before = request


def lengthen(told: Iterable[Any]) -> Iterator[str]:
    """The inverse of `shorten`. Raises `DossierInvalid` for what it never makes, and for too much."""
    before, room = "", MOST_CHARACTERS
    for place, request in enumerate(told, 1):
        where = f"the request of generation {place}"
        if isinstance(request, str):
            members = Members({"new": request}, where)
            first, new, last = 0, members.take_text("new", most=None), 0
        else:
            members = Members(request, where)
            first, new, last = (
                members.take_count("first"),
                members.take_text("new", most=None),
                members.take_count("last"),
            )
            members.end()
        if first + last > len(before):
            raise DossierInvalid(f"{where} repeats more than there is")
        room -= first + len(new) + last
        if room < 0:
            raise DossierInvalid("its requests are too long")
        before = f"{before[:first]}{new}{before[len(before) - last :]}"
        yield before


def _count_shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
