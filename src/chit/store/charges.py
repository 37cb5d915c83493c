"""Counting charges: what OpenRouter bills once, and the sums of it by day, month and year.

An id that several generations carry, in one conversation or in many, is one charge: that of the first of them that
ended, with the largest cost that any of them reported until its record is settled. Each charge is taken out of the sums
as it was and put in as it is, in one transaction.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import add
from typing import Any

import apsw

from chit.core.generation import RUNNING, GenerationInfo, read_generation_info
from chit.core.jsontext import JsonInvalid, decode_json
from chit.core.percentiles import find_bucket
from chit.core.spending import DAY, MONTH, UNKNOWN, YEAR
from chit.core.usage import read_cost
from chit.store.rows import pico_of, text_of
from chit.store.schema_spending import COUNTS, HALF, HALVES, LOCAL_DAY, MASK, TOKENS, WHOLE
from chit.store.token_sums import TokenSums

AT_ONCE = 50
"""Charges that are counted beside what is being written: it must not wait long for others."""
MANY = 2_000
"""The same where somebody waits for the sums."""
_ALL = ("", "", -1)
"""Provider, origin and kind of the split that stands for all of its model."""
_SIZES = (DAY, MONTH, YEAR)
_MOST_NAME = 200
"""Characters of a model or provider: they are told apart by no more."""
_GROUPS = f"""
    WITH asked (seq) AS MATERIALIZED (SELECT value FROM json_each(:seqs))
    SELECT g.seq, g.state, g.reported_pico, coalesce(c.day, u.day, {LOCAL_DAY.format(at="g.created_at")}),
        coalesce(p.private, u.private, (SELECT private FROM conversations WHERE id = g.conversation), 0),
        (SELECT token FROM token_calls WHERE generation = g.seq), g.generation_id, s.state, s.settled_pico, s.record,
        g.requested_model, g.model, g.provider, g.origin, g.prompt_tokens, g.completion_tokens, g.reasoning_tokens,
        g.cached_tokens, g.upstream_cost, g.is_byok, g.time_to_first_token_ms
    FROM generations g LEFT JOIN uncounted u ON u.seq = g.seq
        LEFT JOIN charges c ON c.seq = g.seq LEFT JOIN spending_splits p ON p.id = c.split
        LEFT JOIN settlements s ON s.generation_id = g.generation_id
    WHERE g.seq IN (SELECT seq FROM asked UNION
        SELECT other.seq FROM asked CROSS JOIN generations one ON one.seq = asked.seq
            CROSS JOIN generations other ON other.generation_id = one.generation_id)
    ORDER BY g.seq
"""  # noqa: S608 - all of it is ours
"""Those that are asked for and all that share an id with one of them. Day and kind are as they were when it ended:
later its conversation may be gone, or the machine elsewhere."""
_COLUMNS = (
    "seq",
    "day",
    "split",
    "settlement",
    "cost_pico",
    "reported_pico",
    "settled_pico",
    "saved_pico",
    "provider_pico",
    *TOKENS,
    "first_ms",
    "latency_ms",
    "is_unknown",
    "is_failed",
    "is_byok",
    "token",
)
_FIND = f"""
    SELECT {", ".join(_COLUMNS)}, p.whole FROM charges JOIN spending_splits p ON p.id = split
    WHERE seq IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - all of it is ours
_KEEP = f"INSERT INTO charges ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608
_SUMMED = (*COUNTS, *HALVES)
_ADD = f"""
    INSERT INTO spending (size, period, split, {", ".join(_SUMMED)}) VALUES (?, ?, ?{", ?" * len(_SUMMED)})
    ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMMED)}
"""  # noqa: S608 - the columns are ours
_ADD_LATENCY = """
    INSERT INTO latencies (size, period, split, bucket, here, recorded) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET here = here + excluded.here, recorded = recorded + excluded.recorded
"""
_NAMED = """
    SELECT seq FROM uncounted WHERE seq IN (
        SELECT seq FROM generations WHERE id IN (SELECT value FROM json_each(:names))
        UNION SELECT seq FROM generations WHERE generation_id IN (SELECT value FROM json_each(:names)))
"""
_SPLIT = "SELECT id, whole FROM spending_splits WHERE model = ? AND provider = ? AND origin = ? AND private = ?"
_NEW_SPLIT = "INSERT INTO spending_splits (model, provider, origin, private, whole) VALUES (?, ?, ?, ?, ?)"
_PLACE = "size = ? AND period = ? AND split = ?"
_SWEEP = f"DELETE FROM spending WHERE {_PLACE} AND charges = 0"  # noqa: S608 - all of it is ours
_SWEEP_LATENCY = f"DELETE FROM latencies WHERE {_PLACE} AND bucket = ? AND here = 0 AND recorded = 0"  # noqa: S608

Charge = dict[str, Any]
"""A row of `charges`."""
_Place = tuple[str, int, int]
"""A day, a split, and the split that stands for all of its model."""


def has_uncounted(connection: apsw.Connection) -> bool:
    """Whether a charge may have changed since it was counted."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM uncounted)").get)


def count_changed(connection: apsw.Connection, limit: int = AT_ONCE, *, first: Sequence[str] = ()) -> int:
    """Bring the sums up to date with at most so many generations that changed; how many, 0 when none are left.

    However many wait, what changed of the generations `first` (our ids or `gen-…` ones) is counted: budgets rely on it.
    """
    changed = [row[0] for row in connection.execute("SELECT seq FROM uncounted LIMIT ?", (limit,))]
    if len(changed) == limit and first:
        changed = [*{*changed, *(row[0] for row in connection.execute(_NAMED, {"names": text_of(list(first))}))}]
    if changed:
        sums = _Sums()
        _count(connection, changed, sums)
        sums.write(connection)
        connection.execute("DELETE FROM uncounted WHERE seq IN (SELECT value FROM json_each(?))", (text_of(changed),))
    return len(changed)


class _Sums:
    """What is to be added to the sums."""

    def __init__(self) -> None:
        self._spending: dict[_Place, list[int]] = defaultdict(lambda: [0] * len(_SUMMED))
        self._latencies: dict[tuple[_Place, int], list[int]] = defaultdict(lambda: [0, 0])
        self._tokens = TokenSums()

    def add(self, charge: Charge, sign: int) -> None:
        """Put a charge in, or with a `sign` of -1 take it out."""
        self._tokens.add(charge, sign)
        place = charge["day"], charge["split"], charge["whole"]
        sums = self._spending[place]
        for number, figure in enumerate(_figures(charge)):
            sums[number] += sign * figure
        for number, name in enumerate(("first_ms", "latency_ms")):
            if charge[name] is not None:
                self._latencies[place, find_bucket(charge[name])][number] += sign

    def write(self, connection: apsw.Connection) -> None:
        """Rows of which nothing is left go."""
        self._tokens.write(connection)
        spending = {place: sums for place, sums in self._spread_spending().items() if any(sums)}
        latencies = {place: counts for place, counts in self._spread_latencies().items() if any(counts)}
        connection.executemany(_ADD, [(*place, *sums) for place, sums in spending.items()])
        connection.executemany(_ADD_LATENCY, [(*place, *counts) for place, counts in latencies.items()])
        connection.executemany(_SWEEP, [place for place, sums in spending.items() if sums[0] < 0])
        connection.executemany(_SWEEP_LATENCY, [place for place, counts in latencies.items() if min(counts) < 0])

    def _spread_spending(self) -> dict[tuple[int, str, int], list[int]]:
        spread: dict[tuple[int, str, int], list[int]] = {}
        for place, sums in self._spending.items():
            for row in _list_rows(*place):
                spread[row] = list(map(add, spread[row], sums)) if row in spread else sums
        return spread

    def _spread_latencies(self) -> dict[tuple[int, str, int, int], list[int]]:
        spread: dict[tuple[int, str, int, int], list[int]] = {}
        for (place, bucket), counts in self._latencies.items():
            for row in _list_rows(*place):
                spread[*row, bucket] = list(map(add, spread.get((*row, bucket), (0, 0)), counts))
        return spread


def _list_rows(day: str, split: int, whole: int) -> Iterator[tuple[int, str, int]]:
    """Where `spending` and `latencies` hold what happened on a day: of it, its month and year, and by model alone."""
    for size in _SIZES:
        yield size, day[:size], split
        yield size + WHOLE, day[:size], whole


def _figures(charge: Charge) -> list[int]:
    """What one charge adds to the columns of `spending`."""
    cost, reported, settled = charge["cost_pico"], charge["reported_pico"], charge["settled_pico"]
    difference = None if settled is None or reported is None else settled - reported
    is_pending = charge["settlement"] == "pending"
    counts = [1, cost is not None, is_pending, charge["is_unknown"], charge["is_failed"], charge["is_byok"]]
    amounts = [cost, reported, settled, difference, charge["saved_pico"], charge["provider_pico"]]
    halves = []
    for figure in (*amounts, *(charge[name] for name in TOKENS)):
        halves += [0, 0] if figure is None else [figure >> HALF, figure & MASK]
    return [*map(int, counts), *halves]


def _count(connection: apsw.Connection, seqs: Sequence[int], sums: _Sums) -> None:
    """Take out of the sums what was counted of generations and of those that share their ids, and count them anew."""
    groups: dict[str | int, list[Any]] = {}
    for row in connection.execute(_GROUPS, {"seqs": text_of(list(seqs))}):
        groups.setdefault(row[0] if row[6] is None else row[6], []).append(row)
    members = text_of([*{*seqs, *(row[0] for rows in groups.values() for row in rows)}])
    for row in connection.execute(_FIND, (members,)).fetchall():
        sums.add(dict(zip((*_COLUMNS, "whole"), row, strict=True)), -1)
    connection.execute("DELETE FROM charges WHERE seq IN (SELECT value FROM json_each(?))", (members,))
    splits = _Splits(connection)
    charges = [_make_charge(ended, splits) for rows in groups.values() if (ended := _ended(rows))]
    connection.executemany(_KEEP, charges)
    for charge in charges:
        sums.add(charge, 1)


def _ended(rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row[1] not in RUNNING]


def _make_charge(ended: Sequence[Any], splits: "_Splits") -> Charge:
    seq, state, _, day, private, _, generation_id, settlement, settled_pico, record, *rest = ended[0]
    requested, model, provider, origin, *tokens, upstream, is_byok, first_ms = rest
    info = _read_record(record)
    reported_pico = max((row[2] for row in ended if row[2] is not None), default=None)
    cost_pico = reported_pico if settled_pico is None else settled_pico
    if info is not None:
        recorded = (info.prompt_tokens, info.completion_tokens, info.reasoning_tokens, info.cached_tokens)
        tokens = [there if there is not None else here for there, here in zip(recorded, tokens, strict=True)]
        is_byok = is_byok or info.is_byok
    billed = info.upstream_cost if info is not None and info.upstream_cost is not None else read_cost(upstream)
    model = (info.model if info else None) or model or requested or UNKNOWN
    provider = (info.provider if info else None) or provider or UNKNOWN
    split, whole = splits.find(model[:_MOST_NAME], provider[:_MOST_NAME], origin, private)
    was_refused = state == "failed" and generation_id is None
    return {
        "seq": seq,
        "day": day,
        "split": split,
        "whole": whole,
        "settlement": settlement,
        "cost_pico": cost_pico,
        "reported_pico": reported_pico,
        "settled_pico": settled_pico,
        "saved_pico": None if info is None or info.cache_discount is None else pico_of(info.cache_discount),
        "provider_pico": pico_of(billed) if is_byok else None,
        **dict(zip(TOKENS, tokens, strict=True)),
        "first_ms": first_ms,
        "latency_ms": info.latency_ms if info else None,
        "is_unknown": cost_pico is None and settlement != "pending" and not was_refused,
        "is_failed": state in ("failed", "cut", "unknown"),
        "is_byok": bool(is_byok),
        "token": next((row[5] for row in ended if row[5] is not None), None),
    }


def _read_record(text: str | None) -> GenerationInfo | None:
    """One that cannot be read tells nothing, and keeps nothing else from being counted."""
    try:
        record = None if text is None else decode_json(text.encode())
    except JsonInvalid:
        record = None
    return read_generation_info(record) if isinstance(record, Mapping) else None


class _Splits:
    """What figures are told apart by: each is looked up once, and made where there is none."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[str, str, str, int], tuple[int, int]] = {}

    def find(self, model: str, provider: str, origin: str, private: int) -> tuple[int, int]:
        """The split, and the one that stands for all of its model."""
        names = (model, provider, origin, private)
        if names not in self._found:
            found = self._look_up(names)
            if found is None:
                whole = self._look_up((model, *_ALL)) or self._add((model, *_ALL), None)
                found = self._add(names, whole[0])
            self._found[names] = found
        return self._found[names]

    def _look_up(self, names: tuple[str, str, str, int]) -> Any:
        return self._connection.execute(_SPLIT, names).fetchone()

    def _add(self, names: tuple[str, str, str, int], whole: int | None) -> tuple[int, Any]:
        self._connection.execute(_NEW_SPLIT, (*names, whole))
        return self._connection.last_insert_rowid(), whole
