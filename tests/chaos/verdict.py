"""Ground truth against what Chit kept and what its clients saw. Every count but the first three must be zero."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import apsw
from tests.chaos.questions import find_number

from chit.core.usage import sum_costs, to_pico
from chit.sandbox.ledger import Generation, Ledger


@dataclass(slots=True, kw_only=True)
class Verdict:
    """One run."""

    billed: int = 0
    """Generations that the upstream billed."""
    kills: int = 0
    """Processes that were killed with SIGKILL while they worked."""
    asked: int = 0
    lost_characters: int = 0
    """Characters that a client was shown and that the history does not hold (G1)."""
    unrecorded: int = 0
    """Billed generations that are neither recorded with their id nor listed "may have been billed" (G3)."""
    invented: int = 0
    """Generation ids in the history that the upstream does not know (G3)."""
    billed_twice: int = 0
    """Questions for which the upstream billed more than once (G5)."""
    unsettled: int = 0
    """Generations whose record the upstream has, and that are not settled all the same (G4)."""
    settled_twice: int = 0
    """Generation ids with more than one settlement (G4)."""
    wrong_cost: int = 0
    """Settled costs that differ from what was billed, in any digit (G17)."""
    total_difference: int = 0
    """Between the sum of all settled costs and what was billed for them, in pico-dollars (G17)."""
    unfinished: int = 0
    """Rows that are still `sent` or `streaming` when nobody runs any more."""
    damage: int = 0
    """Findings of SQLite's integrity check (G8, G10)."""
    notes: list[str] = field(default_factory=list)
    """The first of what was wrong, a line each."""

    @property
    def faults(self) -> dict[str, int]:
        """What must be zero, where it is not."""
        counted = {name: getattr(self, name) for name in FAULTS}
        return {name: count for name, count in counted.items() if count}


FAULTS = (
    "lost_characters",
    "unrecorded",
    "invented",
    "billed_twice",
    "unsettled",
    "settled_twice",
    "wrong_cost",
    "total_difference",
    "unfinished",
    "damage",
)
_ROWS = """
    SELECT g.id, g.generation_id, g.state, g.request, m.parts
    FROM generations g LEFT JOIN messages m ON m.id = g.message
"""


def judge(
    ledger: Ledger,
    database: apsw.Connection,
    sightings: Mapping[int, Sequence[str]],
    *,
    has_record: Any = lambda generation: True,
) -> Verdict:
    """`has_record` says of a generation whether the upstream has, by now, a record of it."""
    verdict = Verdict()
    rows: list[Any] = database.execute(_ROWS).fetchall()
    billed = [generation for generation in ledger.generations if generation.billed is not None]
    verdict.billed = len(billed)
    _judge_texts(verdict, rows, sightings)
    _judge_records(verdict, rows, ledger, billed)
    _judge_costs(verdict, database, billed, has_record)
    verdict.unfinished = sum(row[2] in ("sent", "streaming") for row in rows)
    found = [row[0] for row in database.execute("PRAGMA integrity_check")]
    verdict.damage = 0 if found == ["ok"] else len(found)
    return verdict


def _judge_texts(verdict: Verdict, rows: Sequence[Any], sightings: Mapping[int, Sequence[str]]) -> None:
    kept = {find_number(request): _read_text(parts) for _, _, _, request, parts in rows}
    for number, texts in sightings.items():
        text = " ".join(kept.get(number, "").split())
        for seen in (" ".join(each.split()) for each in texts):
            if lost := len(seen) - _common(seen, text):
                verdict.lost_characters += lost
                _note(verdict, f"question {number}: {lost} of {len(seen)} characters shown are not kept")


def _judge_records(verdict: Verdict, rows: Sequence[Any], ledger: Ledger, billed: Sequence[Generation]) -> None:
    ids = {row[1] for row in rows if row[1] is not None}
    doubtful = {find_number(request) for _, id, state, request, _ in rows if state == "unknown" and id is None}
    asked = {received.generation_id: find_number(received.raw.decode()) for received in ledger.requests}
    for generation in billed:
        if generation.id not in ids and asked.get(generation.id) not in doubtful:
            verdict.unrecorded += 1
            states = [row[2] for row in rows if find_number(row[3]) == asked.get(generation.id)]
            _note(verdict, f"{generation.id} ({generation.state}) was billed, and is not listed; states: {states}")
    known = {generation.id for generation in ledger.generations}
    for id in sorted(ids - known):
        verdict.invented += 1
        _note(verdict, f"{id} is unknown to the upstream")
    times = Counter(asked.get(generation.id) for generation in billed)
    for number, count in times.items():
        if count > 1:
            verdict.billed_twice += 1
            _note(verdict, f"question {number} was billed {count} times")


def _judge_costs(verdict: Verdict, database: apsw.Connection, billed: Sequence[Generation], has_record: Any) -> None:
    truth = {generation.id: generation for generation in billed}
    settled: dict[str, list[Decimal]] = defaultdict(list)
    query = "SELECT generation_id, settled_cost FROM settlements WHERE state = 'settled'"
    for id, cost in database.execute(query):
        settled[str(id)].append(Decimal(str(cost)))
    for id, costs in settled.items():
        if len(costs) > 1:
            verdict.settled_twice += 1
            _note(verdict, f"{id} is settled {len(costs)} times")
        if id in truth and costs[0] != _cost_of(truth[id]):
            verdict.wrong_cost += 1
            _note(verdict, f"{id} cost {_cost_of(truth[id])}, settled as {costs[0]}")
    pending = [row[0] for row in database.execute("SELECT generation_id FROM settlements WHERE state <> 'settled'")]
    for id in pending:
        if id in truth and has_record(truth[id]):
            verdict.unsettled += 1
            _note(verdict, f"{id} is not settled")
    ours = sum_costs(cost for costs in settled.values() for cost in costs)
    theirs = sum_costs(_cost_of(truth[id]) for id in settled if id in truth)
    verdict.total_difference = abs(to_pico(ours) - to_pico(theirs))


def _cost_of(generation: Generation) -> Decimal:
    assert generation.billed is not None
    return generation.billed.cost


def _read_text(parts: str | None) -> str:
    return "".join(part.get("text", "") for part in _each(parts) if part.get("type") == "text")


def _each(parts: str | None) -> Iterator[dict[str, Any]]:
    yield from json.loads(parts or "[]")


def _common(seen: str, kept: str) -> int:
    """How much of `seen` the kept text begins with."""
    pairs = zip(seen, kept, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(seen), len(kept)))


def _note(verdict: Verdict, text: str) -> None:
    if len(verdict.notes) < 20:
        verdict.notes.append(text)
