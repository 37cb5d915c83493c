"""What was spent, read from the sums that `charges` keeps: every figure of an answer is of one moment.

A range is read as whole years, months and days, and where no split is left out, models are read as a whole, so that few
rows are added up. The dearest replies are looked for from the dearest of all downwards, or among few.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import apsw

from chit.core.spending import (
    DAY,
    MONTH,
    Dear,
    Doubtful,
    Figures,
    Spending,
    SpendingChoices,
    SpendingQuery,
    split_days,
)
from chit.core.usage import from_pico
from chit.store.rows import text_of
from chit.store.schema_spending import AMOUNTS, COUNTS, HALF, HALVES, TOKENS, WHOLE

MOST_DAYS = 92
"""Of a range that is shown by day; a longer one is shown by month."""
DEAREST = 10
DOUBTFUL = 20
_FEW = 5_000
"""Charges that are looked through one by one."""
_FEW_SPLITS = 40
"""Splits that are looked through one by one."""
_SUMMED = (*COUNTS, *HALVES)
_SPAN = "size = ? AND period BETWEEN ? AND ?"
_BY_SPLIT = f"SELECT split, {', '.join(f'sum({name})' for name in _SUMMED)} FROM spending WHERE {_SPAN}"  # noqa: S608
_BY_PERIOD = f"""
    SELECT period, model, sum(cost_pico_high), sum(cost_pico_low)
    FROM spending JOIN spending_splits p ON p.id = split WHERE {_SPAN}
"""  # noqa: S608 - all of it is ours
_BY_BUCKET = f"""
    SELECT model, bucket, sum(here), sum(recorded)
    FROM latencies JOIN spending_splits p ON p.id = split WHERE {_SPAN}
"""  # noqa: S608 - all of it is ours
_DEAREST = """
    SELECT seq, cost_pico FROM charges INDEXED BY {index}
    WHERE day BETWEEN ? AND ? AND cost_pico > 0 AND {which} ORDER BY cost_pico DESC, seq LIMIT ?
"""
_DEAR = """
    SELECT c.day, p.model, c.cost_pico, g.conversation, t.title, g.message, p.private
    FROM charges c JOIN generations g ON g.seq = c.seq JOIN spending_splits p ON p.id = c.split
        LEFT JOIN conversations t ON t.id = g.conversation AND t.deleted_at IS NULL
    WHERE c.seq IN (SELECT value FROM json_each(?)) ORDER BY c.cost_pico DESC, c.seq
"""
_DOUBTFUL = """
    SELECT g.created_at, p.model, g.generation_id, g.conversation, t.title, g.message, p.private
    FROM charges c JOIN generations g ON g.seq = c.seq JOIN spending_splits p ON p.id = c.split
        LEFT JOIN conversations t ON t.id = g.conversation AND t.deleted_at IS NULL
    WHERE c.cost_pico IS NULL AND c.is_unknown AND c.day BETWEEN ? AND ? AND {which}
    ORDER BY c.day DESC, c.seq DESC LIMIT ?
"""
"""Without a cost there are few, and an index leads to them."""

Span = tuple[int, str, str]
Split = tuple[str, str, str, bool]
"""Model, provider, origin, and whether the conversation is private."""


@contextmanager
def one_moment(connection: apsw.Connection) -> Iterator[None]:
    """Everything that is read within is of the same moment."""
    with connection:
        yield


def list_spending_choices(connection: apsw.Connection) -> SpendingChoices:
    """See `Store.list_spending_choices`."""
    splits = find_splits(connection, SpendingQuery())
    models, providers, origins = (tuple(sorted({str(split[n]) for split in splits.values()})) for n in range(3))
    return SpendingChoices(models=models, providers=providers, origins=origins)


def sum_spending(connection: apsw.Connection, query: SpendingQuery) -> Spending:
    """See `Store.sum_spending`."""
    with one_moment(connection):
        days = find_days(connection, query)
        if days is None:
            return Spending()
        range = _Range(connection, *days, find_splits(connection, query), query.is_narrow)
        sums = range.sum_by_split()
        by = DAY if (range.last - range.first).days < MOST_DAYS else MONTH
        here, recorded = range.count_latencies()
        total = _add_up(sums.values())
        return Spending(
            first=range.first,
            last=range.last,
            total=total,
            models=range.fold(sums, 0),
            providers=range.fold(sums, 1),
            origins=range.fold(sums, 2),
            periods=range.sum_by_period(by),
            by=by,
            first_tokens=here,
            latencies=recorded,
            dearest=range.list_dearest(total.charges),
            doubtful=range.list_doubtful() if total.unknown else (),
        )


def find_splits(connection: apsw.Connection, query: SpendingQuery) -> dict[int, Split]:
    """Those that are asked for, by id."""
    wanted = {"model": query.model, "provider": query.provider, "origin": query.origin, "private": query.private}
    given = {name: value for name, value in wanted.items() if value is not None}
    where = " AND ".join(["whole IS NOT NULL", *(f"{name} = :{name}" for name in given)])
    rows = connection.execute(f"SELECT id, model, provider, origin, private FROM spending_splits WHERE {where}", given)  # noqa: S608
    return {id: (model, provider, origin, bool(private)) for id, model, provider, origin, private in rows}


def find_days(connection: apsw.Connection, query: SpendingQuery) -> tuple[date, date] | None:
    """The first and the last day: those that are asked for, else those of the first and the last charge at all."""
    ends = "SELECT min(period), (SELECT max(period) FROM spending WHERE size = 10) FROM spending WHERE size = 10"
    rows: list[Any] = connection.execute(ends).fetchall()
    ((oldest, newest),) = rows
    if oldest is None:
        return None
    return query.first or date.fromisoformat(oldest), query.last or date.fromisoformat(newest)


@dataclass(frozen=True, slots=True)
class _Range:
    """What is asked for, and how to read it."""

    connection: apsw.Connection
    first: date
    last: date
    splits: Mapping[int, Split]
    is_narrow: bool
    """Whether only some splits are wanted; all of them are faster without being named."""

    def _list(self, query: str, spans: Sequence[Span], group: str, *, more: int = 0) -> Iterator[Any]:
        which, ids = self._which()
        for size, low, high in spans:
            yield from self.connection.execute(f"{query} AND {which} GROUP BY {group}", (size + more, low, high, *ids))

    def _which(self) -> tuple[str, tuple[str, ...]]:
        if not self.is_narrow:
            return "true", ()
        return "split IN (SELECT value FROM json_each(?))", (text_of(list(self.splits)),)

    @property
    def _more(self) -> int:
        """All of each model is added up already, where all is wanted."""
        return 0 if self.is_narrow else WHOLE

    def sum_by_split(self) -> dict[int, list[int]]:
        """The columns of `spending`, added up."""
        found: dict[int, list[int]] = {}
        for split, *sums in self._list(_BY_SPLIT, split_days(self.first, self.last), "split"):
            found[split] = [a + b for a, b in zip(found[split], sums, strict=True)] if split in found else sums
        return found

    def fold(self, sums: Mapping[int, Sequence[int]], member: int) -> dict[str, Figures]:
        """By the first, second or third member of their splits."""
        found = defaultdict(list)
        for split, each in sums.items():
            found[str(self.splits[split][member])].append(each)
        return {name: _add_up(each) for name, each in found.items()}

    def sum_by_period(self, by: int) -> dict[str, dict[str, int]]:
        """Pico-dollars by day or month, and by model."""
        periods: dict[str, dict[str, int]] = {}
        spans = split_days(self.first, self.last, widest=by)
        for period, model, high, low in self._list(_BY_PERIOD, spans, "period, model", more=self._more):
            models = periods.setdefault(period[:by], {})
            models[model] = models.get(model, 0) + (high << HALF) + low
        return periods

    def count_latencies(self) -> tuple[dict[str, dict[int, int]], dict[str, dict[int, int]]]:
        """By model and bucket: of first tokens here, and of OpenRouter's latency."""
        kinds: tuple[dict[str, dict[int, int]], dict[str, dict[int, int]]] = ({}, {})
        spans = split_days(self.first, self.last)
        for model, bucket, *counts in self._list(_BY_BUCKET, spans, "model, bucket", more=self._more):
            for models, count in zip(kinds, counts, strict=True):
                if count:
                    buckets = models.setdefault(model, {})
                    buckets[bucket] = buckets.get(bucket, 0) + count
        return kinds

    def list_dearest(self, charges: int) -> tuple[Dear, ...]:
        """The dearest first."""
        which, ids = self._which()
        if charges <= _FEW and (self.last - self.first).days < MOST_DAYS:
            found = self._find_dear("charges_by_day", which, *ids)
        elif self.is_narrow and len(self.splits) <= _FEW_SPLITS:
            found = [row for split in self.splits for row in self._find_dear("charges_by_split", "split = ?", split)]
        else:
            found = self._find_dear("charges_by_cost", which, *ids)
        seqs = [seq for seq, _ in sorted(found, key=lambda row: (-row[1], row[0]))[:DEAREST]]
        return tuple(_read_dear(row) for row in self.connection.execute(_DEAR, (text_of(seqs),)))

    def list_doubtful(self) -> tuple[Doubtful, ...]:
        """The newest first."""
        which, ids = self._which()
        days = (self.first.isoformat(), self.last.isoformat())
        rows = self.connection.execute(_DOUBTFUL.format(which=which), (*days, *ids, DOUBTFUL))
        return tuple(_read_doubtful(row) for row in rows)

    def _find_dear(self, index: str, which: str, *bindings: Any) -> list[Any]:
        days = (self.first.isoformat(), self.last.isoformat())
        query = _DEAREST.format(index=index, which=which)
        return self.connection.execute(query, (*days, *bindings, DEAREST)).fetchall()


def _read_dear(row: tuple[Any, ...]) -> Dear:
    day, model, pico, conversation, title, message, private = row
    return Dear(
        day=day,
        model=model,
        cost=from_pico(pico),
        conversation_id=conversation,
        title=title,
        message_id=message,
        private=bool(private),
    )


def _read_doubtful(row: tuple[Any, ...]) -> Doubtful:
    created_at, model, generation_id, conversation, title, message, private = row
    return Doubtful(
        created_at=created_at,
        model=model,
        generation_id=generation_id,
        conversation_id=conversation,
        title=title,
        message_id=message,
        private=bool(private),
    )


def _add_up(many: Any) -> Figures:
    sums = [sum(column) for column in zip(*many, strict=True)]
    return read_figures(sums) if sums else Figures()


def read_figures(sums: Sequence[int]) -> Figures:
    """From the columns of `spending`."""
    counts, halves = sums[: len(COUNTS)], sums[len(COUNTS) :]
    figures = [(high << HALF) + low for high, low in zip(halves[::2], halves[1::2], strict=True)]
    return Figures(**dict(zip((*COUNTS, *AMOUNTS, *TOKENS), (*counts, *figures), strict=True)))
