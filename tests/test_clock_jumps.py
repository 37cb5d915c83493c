"""A wall clock that jumps between any two steps (promise G12): nothing gets lost, out of order, or stuck."""

import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upstream import collect, opened

from chit.app import App
from chit.core.messages import TextPart
from chit.core.usage import sum_costs
from chit.sandbox.server import Sandbox

YEAR = 366 * 86_400.0
JUMPS = st.lists(st.floats(-20 * YEAR, 20 * YEAR), min_size=12, max_size=12)
"""Seconds, one before each step."""
_ROUNDS = 40


class Clock:
    """Gives unix seconds: those of a list of jumps, one after the other, then an hour more at each look."""

    def __init__(self, jumps: list[float]) -> None:
        self._jumps = iter(jumps)
        self._now = time.time()

    def __call__(self) -> float:
        """Never before 1970."""
        self._now = max(0.0, self._now + next(self._jumps, 3600.0))
        return self._now


def put_clock(app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the app reads the time of day."""
    monkeypatch.setattr(app.engine, "_clock", clock)
    monkeypatch.setattr(app.settler, "_clock", clock)
    monkeypatch.setattr("chit.running.time", SimpleNamespace(time=clock, monotonic=time.monotonic))


@settings(max_examples=10, deadline=None)
@given(jumps=JUMPS)
async def test_nothing_hangs_on_the_time_of_day(jumps: list[float]) -> None:
    """Turns stand in the order in which they were asked, every cost is settled once, durations are none below zero."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, Path(folder)) as app:
            put_clock(app, Clock(jumps), monkeypatch)
            conversation: str | None = None
            for number in range(4):
                running = await app.engine.send(
                    [TextPart(f"turn {number}")], conversation_id=conversation, parameters={"model": "sandbox/echo"}
                )
                await collect(running)
                message = await running.wait()
                conversation = message.conversation_id
            assert conversation is not None
            for _ in range(_ROUNDS):
                if not await app.store.list_pending():
                    break
                await app.settler.work_off(30.0)
            messages = await app.store.list_messages(conversation)
            generations = await app.store.list_generations(conversation)
            truth = [each.billed.cost for each in sandbox.ledger.generations if each.billed]
            total = await app.store.sum_conversation(conversation)
    asked = [message.text for message in messages if message.source == "user"]
    assert asked == [f"turn {number}" for number in range(4)]
    assert [each.settlement and each.settlement.state for each in generations] == ["settled"] * 4
    assert (total, len(truth)) == (sum_costs(truth), 4)
    assert isinstance(total, Decimal)
    for each in generations:
        assert each.time_to_first_token_ms is not None
        assert each.duration_ms is not None
        assert 0 <= each.time_to_first_token_ms <= each.duration_ms
