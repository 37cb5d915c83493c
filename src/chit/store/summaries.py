"""What a list shows of a conversation, and what it cost: sums of integer pico-dollars, made when they are asked for.

An id that was met twice in a conversation counts once there. Each sum is made of two halves, since a 64-bit one could
overflow with costs that a hostile upstream made up.
"""

from decimal import Decimal
from typing import Any

import apsw

from chit.core.conversation import ConversationSummary
from chit.core.generation import Origin
from chit.core.usage import from_pico
from chit.store.protocol import Shelf

_COLUMNS = "id, title, origin, created_at, last_at, last_seq, pinned_at, archived_at, private"
_HALF = 32
_MASK = 2**_HALF - 1
_SUMS = f"sum(pico >> {_HALF}), sum(pico & {_MASK})"
_CHARGES = """
    SELECT g.conversation, coalesce(max(s.settled_pico), max(g.reported_pico)) AS pico,
        max(s.state = 'pending') AS is_pending
    FROM {conversations} generations g ON g.conversation = {conversation}
        LEFT JOIN settlements s ON s.generation_id = g.generation_id
    GROUP BY g.conversation, coalesce(g.generation_id, g.seq)
"""
_SUMMARIES = f"""
    WITH listed AS MATERIALIZED (SELECT {_COLUMNS} FROM conversations {{index}} WHERE deleted_at IS NULL AND {{which}}),
        charges AS MATERIALIZED ({_CHARGES.format(conversations="listed CROSS JOIN", conversation="listed.id")})
    SELECT listed.*, total(is_pending), {_SUMS} FROM listed LEFT JOIN charges ON charges.conversation = listed.id
    GROUP BY last_seq ORDER BY last_seq DESC
"""  # noqa: S608 - all of it is ours
_SHELVES: dict[Shelf, tuple[str, str]] = {
    "all": ("listed", "TRUE"),
    "open": ("open", "pinned_at IS NULL AND archived_at IS NULL"),
    "pinned": ("pinned", "pinned_at IS NOT NULL AND archived_at IS NULL"),
    "archived": ("archived", "archived_at IS NOT NULL"),
}
"""The index of each shelf, and what stands on it."""
_PAGE = "{} AND {} AND NOT private AND last_seq < :before ORDER BY last_seq DESC LIMIT :limit"
_PAGES = {
    (shelf, is_api): _SUMMARIES.format(
        index="" if is_api else f"INDEXED BY conversations_{index}",
        which=_PAGE.format(
            "origin = :origin" if is_api else "origin <> 'api' AND origin = ifnull(:origin, origin)", which
        ),
    )
    for shelf, (index, which) in _SHELVES.items()
    for is_api in (False, True)
}
"""By shelf, and whether those of the local API are asked for: no index has them."""
_ONE = _SUMMARIES.format(index="", which="id = :id AND last_seq IS NOT NULL")
_COST = f"""
    SELECT {_SUMS} FROM (
        {_CHARGES.format(conversations="(SELECT :id AS id) asked CROSS JOIN", conversation="asked.id")})
"""  # noqa: S608 - all of it is ours
_TOTAL = f"""
    SELECT {_SUMS} FROM (
        SELECT coalesce(max(s.settled_pico), max(g.reported_pico)) AS pico
        FROM generations g LEFT JOIN settlements s ON s.generation_id = g.generation_id
        GROUP BY coalesce(g.generation_id, g.seq))
"""  # noqa: S608 - all of it is ours
_END = 2**63 - 1
"""Beyond every `seq`."""


def list_conversations(
    connection: apsw.Connection,
    before_seq: int | None,
    limit: int,
    shelf: Shelf = "all",
    origin: Origin | None = None,
) -> list[ConversationSummary]:
    """See `Store.list_conversations`. Private ones are left out: who knows them adds them."""
    page = {"before": _END if before_seq is None else before_seq, "limit": limit, "origin": origin}
    rows = connection.execute(_PAGES[shelf, origin == "api"], page)
    return [_read_summary(row) for row in rows]


def find_summary(connection: apsw.Connection, conversation_id: str) -> ConversationSummary | None:
    """See `Store.find_summary`."""
    row = connection.execute(_ONE, {"id": conversation_id}).fetchone()
    return None if row is None else _read_summary(row)


def sum_conversation(connection: apsw.Connection, conversation_id: str) -> Decimal | None:
    """See `Store.sum_conversation`."""
    rows: list[Any] = connection.execute(_COST, {"id": conversation_id}).fetchall()
    ((high, low),) = rows
    return _read_sum(high, low)


def sum_history(connection: apsw.Connection) -> Decimal | None:
    """What everything cost, exact to the pico-dollar, an id that was met twice counted once; None: nothing is known."""
    rows: list[Any] = connection.execute(_TOTAL).fetchall()
    ((high, low),) = rows
    return _read_sum(high, low)


def _read_summary(row: tuple[Any, ...]) -> ConversationSummary:
    conversation_id, title, origin, created_at, last_at, last_seq, pinned_at, archived_at, private, *rest = row
    pending, high, low = rest
    return ConversationSummary(
        id=conversation_id,
        title=title,
        origin=origin,
        created_at=created_at,
        last_at=last_at,
        last_seq=last_seq,
        pinned_at=pinned_at,
        archived_at=archived_at,
        private=bool(private),
        pending=int(pending),
        cost=_read_sum(high, low),
    )


def _read_sum(high: int | None, low: int | None) -> Decimal | None:
    return None if high is None or low is None else from_pico((high << _HALF) + low)
