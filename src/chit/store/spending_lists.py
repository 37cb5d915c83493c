"""What was spent as lists, a piece at a time: each charge, or the figures of each day; and single sums."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import apsw

from chit.core.next_turn import Turns
from chit.core.spending import DAY, Charge, DaySpending, SpendingQuery
from chit.core.usage import from_pico
from chit.store.rows import text_of
from chit.store.schema_spending import COUNTS, HALF, HALVES, MASK
from chit.store.spending import find_days, find_splits, one_moment, read_figures

Cursor = tuple[str, int]

_CHARGES = """
    SELECT c.day, g.created_at, g.id, g.generation_id, g.conversation, p.private, p.origin, g.requested_model, p.model,
        p.provider, g.state, c.settlement, g.reported_cost, s.settled_cost, c.saved_pico, c.provider_pico,
        c.prompt_tokens, c.completion_tokens, c.reasoning_tokens, c.cached_tokens, c.first_ms, c.latency_ms, c.seq
    FROM charges c JOIN generations g ON g.seq = c.seq JOIN spending_splits p ON p.id = c.split
        LEFT JOIN settlements s ON s.generation_id = g.generation_id
    WHERE c.day BETWEEN :first AND :last AND (c.day > :day OR c.seq > :seq)
        AND c.split IN (SELECT value FROM json_each(:splits))
    ORDER BY c.day, c.seq LIMIT :limit
"""
_DAYS = f"""
    SELECT period, split, {", ".join((*COUNTS, *HALVES))} FROM spending
    WHERE size = {DAY} AND period BETWEEN :first AND :last AND (period > :day OR split > :seq)
        AND split IN (SELECT value FROM json_each(:splits))
    ORDER BY period, split LIMIT :limit
"""  # noqa: S608 - all of it is ours
_TURNS = f"""
    SELECT count(tokens), total(tokens >> {HALF}), total(tokens & {MASK}), sum(saved >> {HALF}), sum(saved & {MASK})
    FROM (SELECT coalesce(c.completion_tokens, g.completion_tokens) AS tokens, c.saved_pico AS saved
        FROM generations g LEFT JOIN charges c ON c.seq = g.seq WHERE g.conversation = ?)
"""  # noqa: S608 - all of it is ours


def list_charges(
    connection: apsw.Connection, query: SpendingQuery, after: Cursor | None, limit: int
) -> Sequence[Charge]:
    """See `Store.list_charges`."""
    return [_read_charge(row) for row in _list(connection, _CHARGES, query, after, limit)[1]]


def list_spending_days(
    connection: apsw.Connection, query: SpendingQuery, after: Cursor | None, limit: int
) -> Sequence[DaySpending]:
    """See `Store.list_spending_days`."""
    splits, rows = _list(connection, _DAYS, query, after, limit)
    found = []
    for day, split, *sums in rows:
        model, provider, origin, private = splits[split]
        found.append(
            DaySpending(
                day=day,
                model=model,
                provider=provider,
                origin=origin,
                private=private,
                figures=read_figures(sums),
                cursor=(day, split),
            )
        )
    return found


def sum_turns(connection: apsw.Connection, conversation_id: str) -> Turns:
    """See `Store.sum_turns`."""
    rows: list[Any] = connection.execute(_TURNS, (conversation_id,)).fetchall()
    ((replies, high, low, saved_high, saved_low),) = rows
    return Turns(
        replies=replies,
        completion_tokens=(int(high) << HALF) + int(low),
        saved=None if saved_high is None else from_pico((saved_high << HALF) + saved_low),
    )


def _list(
    connection: apsw.Connection, statement: str, query: SpendingQuery, after: Cursor | None, limit: int
) -> tuple[dict[int, Any], list[Any]]:
    with one_moment(connection):
        splits = find_splits(connection, query)
        days = find_days(connection, query)
        if days is None:
            return splits, []
        day, seq = after or ("", 0)
        bindings = {
            "first": max(day, days[0].isoformat()),
            "last": days[1].isoformat(),
            "day": day,
            "seq": seq,
            "splits": text_of(list(splits)),
            "limit": limit,
        }
        return splits, connection.execute(statement, bindings).fetchall()


def _read_charge(row: tuple[Any, ...]) -> Charge:
    day, seq = row[0], row[-1]
    fields = iter(row)
    return Charge(
        day=next(fields),
        created_at=next(fields),
        id=next(fields),
        generation_id=next(fields),
        conversation_id=next(fields),
        private=bool(next(fields)),
        origin=next(fields),
        requested_model=next(fields),
        model=next(fields),
        provider=next(fields),
        state=next(fields),
        settlement=next(fields),
        reported_cost=next(fields),
        settled_cost=next(fields),
        saved=_money(next(fields)),
        provider_cost=_money(next(fields)),
        prompt_tokens=next(fields),
        completion_tokens=next(fields),
        reasoning_tokens=next(fields),
        cached_tokens=next(fields),
        time_to_first_token_ms=next(fields),
        latency_ms=next(fields),
        cursor=(day, seq),
    )


def _money(pico: int | None) -> Decimal | None:
    return None if pico is None else from_pico(pico)
