"""Rows to values and back."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.contract import settled
from tests.store.samples import send

from chit.core.usage import PICO, Usage, sum_costs, to_pico
from chit.store.rows import mend_texts, pico_of
from chit.store.sqlite import open_store

costs = st.decimals(min_value=0, max_value=1000, places=19) | st.decimals(
    min_value=-1, max_value=1_000_000, allow_nan=False, allow_infinity=False, places=12
)


@settings(max_examples=15, deadline=None)
@given(st.lists(costs, min_size=1, max_size=8))
def test_costs_are_exact_and_sum_exactly(amounts: list[Decimal]) -> None:
    """Reported, upstream and settled costs return to the last digit; the sums in SQL are exact to the pico-dollar."""
    with tempfile.TemporaryDirectory() as folder:
        stored, reported, recorded = asyncio.run(store_costs(Path(folder), amounts))
    assert [format(cost, "f") for cost in stored] == [format(cost, "f") for cost in amounts]
    assert Decimal(reported) / PICO == Decimal(recorded) / PICO == sum_costs(amounts)


async def store_costs(folder: Path, amounts: Sequence[Decimal]) -> tuple[list[Decimal], int, int]:
    """Each amount as the reported and the settled cost of a generation of its own; what is read back, and the sums."""
    store = open_store(folder)
    costs = []
    for number, cost in enumerate(amounts):
        _, answer, generation = await send(store)
        usage = Usage(cost=cost, upstream_cost=cost)
        ended = replace(generation, generation_id=f"gen-{number}", state="done", usage=usage)
        await store.record_end(ended, answer, now=100.0)
        await store.record_settlement(settled(f"gen-{number}", total_cost=format(cost, "f")))
        stored = await store.get_generation(generation.id)
        assert stored.usage == usage
        assert stored.settlement is not None
        assert stored.settlement.info is not None
        assert stored.settlement.info.total_cost == cost
        assert stored.usage.cost is not None
        costs.append(stored.usage.cost)
    await store.close()
    connection = apsw.Connection(str(folder / "chit.db"))
    reported = connection.execute("SELECT sum(reported_pico) FROM generations").get
    recorded = connection.execute("SELECT sum(settled_pico) FROM settlements").get
    texts = connection.execute("SELECT settled_cost FROM settlements ORDER BY generation_id").fetchall()
    assert [row[0] for row in texts] == [format(cost, "f") for cost in amounts]
    connection.close()
    return costs, reported, recorded


@pytest.mark.parametrize(
    ("cost", "pico"),
    [
        (None, None),
        (Decimal(0), 0),
        (Decimal("0.0000198"), 19_800_000),
        (Decimal("9223372.036854775807"), 2**63 - 1),
        (Decimal("9223372.036854775808"), None),
        (Decimal("-9223372.036854775808"), -(2**63)),
        (Decimal("-9223372.036854775809"), None),
    ],
)
def test_pico_dollars_fit_their_column(cost: Decimal | None, pico: int | None) -> None:
    """Unknown stays unknown, and so does what 64 bits cannot hold; everything else is the exact integer."""
    assert pico_of(cost) == pico
    assert cost is None or pico is None or to_pico(cost) == pico


def test_texts_are_mended_and_nothing_else() -> None:
    """Lone surrogates become U+FFFD, pairs are joined, and values that are no text pass."""
    values = {"a": "x\ud83d", "b": "\ud83d\ude00", "c": 2**70, "d": None, "e": "plain"}
    assert mend_texts(values) == {"a": "x\ufffd", "b": "😀", "c": 2**70, "d": None, "e": "plain"}
