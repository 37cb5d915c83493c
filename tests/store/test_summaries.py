"""Sums of costs against fractions, and what a list has to read."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, get_args

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.conversation import Conversation
from chit.core.generation import Settlement
from chit.core.usage import Usage
from chit.store import summaries, writes
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.protocol import Shelf

COSTS = st.none() | st.decimals(min_value=-10, max_value=9_000_000, allow_nan=False, places=19)
RUNS = st.lists(st.tuples(st.integers(0, 1), st.none() | st.integers(0, 4), COSTS), max_size=12)
"""Of each generation: its conversation, its id if it has one, and the cost it reports."""
SETTLED = st.dictionaries(st.integers(0, 4), COSTS)
"""The ids whose records came, with their costs."""


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    """A connection to a database that all examples share; each writes conversations of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.create()
        connection = open_connection(home.database)
        connection.execute("PRAGMA synchronous = OFF")
        yield connection
        connection.close()


def record_run(connection: apsw.Connection, conversation: Conversation, new_id: str | None, usage: Usage) -> None:
    """One generation in a message of its own, to its end."""
    blobs = Blobs(Path("unused"))
    message = a_message(conversation)
    generation = a_generation(message, None, generation_id=new_id, usage=usage)
    writes.record_send(connection, blobs, None, [message], generation)
    writes.record_end(connection, blobs, replace(generation, state="done"), message, completion=None, now=1, due=3)


def pico(cost: Decimal) -> int:
    """Pico-dollars by another way than the one under test."""
    return round(Fraction(cost) * 10**12)


def total(runs: list[tuple[str | None, Decimal | None]], records: dict[str, Decimal | None]) -> Fraction | None:
    """What a conversation of these runs costs; None where nothing is known."""
    charges: list[int] = [pico(cost) for name, cost in runs if name is None and cost is not None]
    for name in {name for name, _ in runs if name is not None}:
        reported = [pico(cost) for each, cost in runs if each == name and cost is not None]
        known = records.get(name)
        if known is not None:
            charges.append(pico(known))
        elif reported:
            charges.append(max(reported))
    return Fraction(sum(charges), 10**12) if charges else None


_EXAMPLES = count()


@given(RUNS, SETTLED)
def test_sums_are_exact(
    connection: apsw.Connection,
    runs: list[tuple[int, int | None, Decimal | None]],
    records: dict[int, Decimal | None],
) -> None:
    """Each conversation's cost, alone and in a list, is the sum of fractions of its charges, to the pico-dollar."""
    prefix = f"gen-{next(_EXAMPLES)}"
    settled = {f"{prefix}-{number}": cost for number, cost in records.items()}
    both = a_conversation(), a_conversation()
    for conversation in both:
        message = a_message(conversation)
        generation = a_generation(message, None, state="unknown")
        writes.record_send(connection, Blobs(Path("unused")), conversation, [message], generation)
    of: dict[str, list[tuple[str | None, Decimal | None]]] = {conversation.id: [] for conversation in both}
    for place, number, cost in runs:
        name = None if number is None else f"{prefix}-{number}"
        record_run(connection, both[place], name, Usage(cost=cost))
        of[both[place].id].append((name, cost))
    for name, cost in settled.items():
        record = {"id": name, "total_cost": None if cost is None else str(cost)}
        writes.record_settlement(connection, Settlement(generation_id=name, state="settled", record=record))
    listed = {summary.id: summary for summary in summaries.list_conversations(connection, None, 2)}
    for conversation_id, run in of.items():
        expected = total(run, settled)
        cost = summaries.sum_conversation(connection, conversation_id)
        assert (None if cost is None else Fraction(cost)) == expected
        assert listed[conversation_id].cost == cost
        assert summaries.find_summary(connection, conversation_id) == listed[conversation_id]
        assert listed[conversation_id].pending == len({name for name, _ in run if name and name not in settled})


def test_lists_use_indexes(connection: apsw.Connection) -> None:
    """No page of the list, and no sum, reads a whole table, and costs come from their index alone."""
    asked: list[tuple[str, Any]] = []

    def note(cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        asked.append((sql, bindings))
        return True

    connection.exec_trace = note
    for shelf in get_args(Shelf):
        summaries.list_conversations(connection, None, 60, shelf)
    summaries.sum_conversation(connection, "x")
    summaries.find_summary(connection, "x")
    connection.exec_trace = None
    plans = [[str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)] for sql, args in asked]
    for plan, name in zip(plans, ("listed", "open", "pinned", "archived"), strict=False):
        assert f"SEARCH conversations USING INDEX conversations_{name} (last_seq<?)" in plan
    for plan in plans:
        assert "SEARCH g USING COVERING INDEX generations_costs (conversation=?)" in plan
        assert not [step for step in plan if step.startswith(("SCAN conversations", "SCAN g", "SCAN s"))]
