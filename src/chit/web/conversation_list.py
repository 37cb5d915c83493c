"""The list of conversations: by day, with what each cost."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from chit.core.conversation import ConversationSummary
from chit.core.usage import show_cost
from chit.store.protocol import Store
from chit.web import pages
from chit.web.figures import name_day

PAGE = 60
MOST_PINNED = 500
_MOST_DIGITS = 15


async def write_list(store: Store, before_seq: int | None) -> dict[str, Any]:
    """One page of it, the first with what is pinned above.

    `html`, and in `more` what to give as `before_seq` for the next, None if there is none.
    """
    found = await store.list_conversations(before_seq, PAGE, "open")
    pinned = await store.list_conversations(None, MOST_PINNED, "pinned") if before_seq is None else []
    days: dict[str, list[ConversationSummary]] = {}
    for item in [*pinned, *found]:
        days.setdefault(_day_of(item), []).append(item)
    shown = [{"name": name, "items": items} for name, items in days.items()]
    html = pages.render("conversations", days=shown, is_first=before_seq is None)
    return {"html": html, "more": str(found[-1].last_seq) if len(found) == PAGE else None}


async def write_item(store: Store, conversation_id: str) -> dict[str, Any]:
    """One that is new or has changed, as an event tells it; `item` is null for one that is gone."""
    summary = await store.find_summary(conversation_id)
    if summary is None or summary.origin == "api" or summary.archived_at is not None:
        cost = "" if summary is None else show_total([summary])
        return {"id": conversation_id, "item": None, "day": "", "cost": cost}
    return {
        "id": conversation_id,
        "item": pages.render("conversation_item", item=summary),
        "day": _day_of(summary),
        "cost": show_total([summary]),
    }


async def write_archive(store: Store, before: str) -> str:
    """One page of what is archived, from `before` on: the number that the page before ended with, or nothing."""
    before_seq = int(before) if before.isdecimal() and len(before) <= _MOST_DIGITS else None
    found = await store.list_conversations(before_seq, PAGE, "archived")
    return pages.render("archive", items=found, more=found[-1].last_seq if len(found) == PAGE else None)


def show_total(summaries: Sequence[ConversationSummary]) -> str:
    """The cost of a conversation for its header; empty while nothing is known."""
    cost = summaries[0].cost if summaries else None
    return "" if cost is None else show_cost(cost)


def _day_of(item: ConversationSummary) -> str:
    if item.pinned_at is not None:
        return "Pinned"
    return name_day(date.fromtimestamp(item.last_at), date.fromtimestamp(time.time()))
