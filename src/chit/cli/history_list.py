"""The work of `chit list`."""

import sys
import time
from collections.abc import Sequence

from chit.cli.blocking import finish
from chit.cli.cells import find_width, fit, measure, pad
from chit.cli.history_home import open_history
from chit.cli.moments import tell_when
from chit.cli.options import PAGE
from chit.cli.terminal import paint, write_err, write_json, write_out
from chit.core.conversation import ConversationSummary
from chit.core.generation import Origin
from chit.core.message_record import summary_record
from chit.core.usage import show_cost
from chit.store.ids import short_id
from chit.store.protocol import Shelf
from chit.store.sqlite import SqliteStore

_PINNED = 10**15
"""Is added to a cursor that stands among the pinned ones: no history has as many messages."""
_ID, _AGE = 8, 11
_NARROW = 60
"""Columns, below which ages are left out."""


def show_list(shelf: Shelf | None, origin: Origin | None, *, limit: int, before: int | None, as_json: bool) -> None:
    """Without a `shelf` those that are pinned, then those that are neither pinned nor archived."""
    with open_history() as store:
        items, more = _find(store, shelf, origin, limit=limit, before=before)
    if as_json:
        write_json({"items": [summary_record(each) for each in items], "more": more})
        return
    if not items:
        write_out("There is nothing older.\n" if before else _tell_empty(shelf, origin))
        return
    write_out(write_lines(items, time.time(), find_width()))
    if more is not None:
        write_err(paint(f"More: chit list --before {more}{_repeat(shelf, origin, limit)}\n", "dim", sys.stderr))


def _find(
    store: SqliteStore, shelf: Shelf | None, origin: Origin | None, *, limit: int, before: int | None
) -> tuple[list[ConversationSummary], int | None]:
    """And where the next page begins; None where there is none."""
    found = []
    if shelf is None and (before is None or before > _PINNED):
        start = None if before is None else before - _PINNED
        found = finish(store.list_conversations(start, limit + 1, "pinned", origin))
        before = None
    pinned = len(found)
    if pinned <= limit:
        found += finish(store.list_conversations(before, limit + 1 - pinned, shelf or "open", origin))
    if len(found) <= limit:
        return found, None
    return found[:limit], found[limit].last_seq + 1 + (_PINNED if pinned > limit else 0)


def _repeat(shelf: Shelf | None, origin: Origin | None, limit: int) -> str:
    """The options that the next page needs as well."""
    words = [f"--{shelf}"] if shelf else []
    words += ["--origin", origin] if origin else []
    words += ["-n", str(limit)] if limit != PAGE else []
    return "".join(f" {word}" for word in words)


def _tell_empty(shelf: Shelf | None, origin: Origin | None) -> str:
    if shelf in ("pinned", "archived") or origin is not None:
        return "There is none.\n"
    return 'There is no conversation yet. Ask: chit ask "…"\n'


def write_lines(items: Sequence[ConversationSummary], now: float, width: int | None) -> str:
    """One for each: its short id, its age, its cost, its title; `width` is that of a terminal."""
    costs = [show_cost(each.cost) for each in items]
    cost_width = max(map(measure, costs), default=0)
    has_ages = width is None or width >= _NARROW
    taken = _ID + cost_width + (_AGE if has_ages else 0) + 4 + (2 if has_ages else 0)
    lines = []
    for each, cost in zip(items, costs, strict=True):
        cells = [short_id(each.id), *([pad(tell_when(each.last_at, now), _AGE)] if has_ages else [])]
        title = fit(_title(each), None if width is None else max(8, width - taken))
        lines.append("  ".join([*cells, pad(cost, cost_width, right=True), title]))
    return "".join(f"{line}\n" for line in lines)


def _title(summary: ConversationSummary) -> str:
    marks = ["pinned"] if summary.pinned_at is not None else []
    marks += ["archived"] if summary.archived_at is not None else []
    return " · ".join([*marks, summary.title or "Untitled"])
