"""What a person searches for: the words and filters of a line of text, as a value.

The language forgives: what is no filter is just words. All words must occur; "several in quotes" stand next to each
other; -word must not occur; the word that is still being typed may be the beginning of a longer one. Filters:

    model:claude         from:me  from:model        has:error        in:title
    after:2026-01-31     before:2026-02             cost:>0.01  cost:<0.5  cost:0.01..0.5
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from chit.core.messages import Source
from chit.core.usage import to_pico

MOST_TEXT = 300
"""Characters of a query that are read: what is beyond them could only cost time."""
MOST_PICO = 2**63 - 1

_PIECE = re.compile(r'(-?)(?:(model|after|before|cost|has|from|in):)?(?:"([^"]*)("|$)|(\S+))', re.IGNORECASE)
_DAY = re.compile(r"((?:19[789]|2\d\d)\d)(?:-(\d\d?)(?:-(\d\d?))?)?")
_AMOUNT = r"\$?(\d{0,7}(?:\.\d{0,12})?)"
_BOUND = re.compile(rf"(>=|<=|>|<|)\s*{_AMOUNT}")
_BETWEEN = re.compile(rf"{_AMOUNT}\.\.{_AMOUNT}")
_SOURCES: dict[str, Source] = {
    **dict.fromkeys(("me", "user", "you"), "user"),
    **dict.fromkeys(("model", "actor", "assistant"), "actor"),
    "system": "system",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What must be true of a message that is found. Without anything it asks for nothing."""

    words: tuple[str, ...] = ()
    """Each a word or several that stand next to each other, as they were typed."""
    is_open: bool = False
    """Whether the last of `words` is still being typed, and may be the beginning of longer ones."""
    excluded: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """One of these must be part of the id of the model that was asked or that answered; in each, all its words."""
    sources: frozenset[Source] = frozenset()
    """Empty is any."""
    after: date | None = None
    """On this day or later, as the clock of this machine shows it."""
    before: date | None = None
    """On an earlier day than this one."""
    cost_from: int | None = None
    """At least so many pico-dollars: the settled cost of a reply, else the reported one. Without a cost, none fits."""
    cost_to: int | None = None
    has_error: bool = False
    """Replies that failed, broke off or never came."""
    in_title: bool = False
    """The words stand in the title of a conversation; what else is asked for, in one of its messages."""
    misread: tuple[str, ...] = field(default=())
    """The filters of a form whose values say nothing; they filter nothing."""

    @property
    def filters(self) -> bool:
        """Whether anything but words is asked for."""
        return bool(self.excluded) or replace(self, words=(), is_open=False, misread=(), in_title=False) != _NOTHING

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.words and not self.filters


_NOTHING = SearchQuery()


def read_query(text: str, form: Mapping[str, str] | None = None) -> SearchQuery:
    """Any text is a query. `form` holds values of filters by their name, as the fields of a form give them."""
    query = _NOTHING
    text = text[:MOST_TEXT]
    for found in _PIECE.finditer(text):
        minus, name, quoted, close, plain = found.groups()
        value = plain if quoted is None else quoted
        taken = _FILTERS[name.lower()](query, value) if name and not minus else None
        if taken is not None:
            query = taken
        elif minus and (value or name):
            query = replace(query, excluded=_add(query.excluded, _whole(name, value)))
        elif value.strip() or name:
            is_typed = not close and found.end() == len(text)
            query = replace(query, words=_add(query.words, _whole(name, value)), is_open=is_typed)
    for name, value in (form or {}).items():
        if value.strip():
            changed = _FILTERS[name](query, value[:MOST_TEXT])
            query = changed or replace(query, misread=(*query.misread, name))
    return query


def _whole(name: str | None, value: str) -> str:
    return f"{name}:{value}" if name else value


def _add(words: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Once, and at the end: the last one is the one that is typed."""
    return (*(each for each in words if each != word), word)


# --- filters: the query with one more, None for a value that says nothing --------------------------------------------


def _filter_model(query: SearchQuery, value: str) -> SearchQuery | None:
    return replace(query, models=_add(query.models, value)) if value.strip() else None


def _filter_source(query: SearchQuery, value: str) -> SearchQuery | None:
    source = _SOURCES.get(value.strip().lower())
    return None if source is None else replace(query, sources=query.sources | {source})


def _filter_after(query: SearchQuery, value: str) -> SearchQuery | None:
    day = read_day(value)
    return None if day is None else replace(query, after=max(day, query.after or day))


def _filter_before(query: SearchQuery, value: str) -> SearchQuery | None:
    day = read_day(value)
    return None if day is None else replace(query, before=min(day, query.before or day))


def _filter_cost(query: SearchQuery, value: str) -> SearchQuery | None:
    text = value.strip()
    if found := _BETWEEN.fullmatch(text):
        low, high = _read_amount(found[1]), _read_amount(found[2])
        return None if low is None or high is None else _bound(_bound(query, cost_from=low), cost_to=high)
    found = _BOUND.fullmatch(text)
    amount = _read_amount(found[2]) if found else None
    if found is None or amount is None:
        return None
    match found[1]:
        case ">":
            return _bound(query, cost_from=amount + 1)
        case "<":
            return _bound(query, cost_to=amount - 1)
        case "<=":
            return _bound(query, cost_to=amount)
        case _:
            return _bound(query, cost_from=amount)


def _filter_has(query: SearchQuery, value: str) -> SearchQuery | None:
    return replace(query, has_error=True) if value.strip().lower() in ("error", "errors") else None


def _filter_in(query: SearchQuery, value: str) -> SearchQuery | None:
    return replace(query, in_title=True) if value.strip().lower() in ("title", "titles") else None


_FILTERS: Mapping[str, Callable[[SearchQuery, str], SearchQuery | None]] = {
    "model": _filter_model,
    "from": _filter_source,
    "after": _filter_after,
    "before": _filter_before,
    "cost": _filter_cost,
    "has": _filter_has,
    "in": _filter_in,
}
FILTERS = tuple(_FILTERS)
"""Their names, as they are typed and as the fields of a form are called."""


def _bound(query: SearchQuery, *, cost_from: int | None = None, cost_to: int | None = None) -> SearchQuery:
    """With the narrower of two bounds on each side."""
    changes: dict[str, Any] = {}
    if cost_from is not None:
        changes["cost_from"] = max(cost_from, query.cost_from if query.cost_from is not None else cost_from)
    if cost_to is not None:
        changes["cost_to"] = min(cost_to, query.cost_to if query.cost_to is not None else cost_to)
    return replace(query, **changes)


def _read_amount(text: str) -> int | None:
    """Dollars as pico-dollars."""
    return to_pico(Decimal(text)) if text.strip(".") else None


def read_day(text: str) -> date | None:
    """The first day of what is named: a day, a month or a year from 1970 on."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = (int(each) if each else 1 for each in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
