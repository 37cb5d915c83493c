"""Ends that could not be saved when they came."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.store.samples import a_conversation, a_generation, a_message
from tests.upstream import until

from chit import late_ends
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.errors import DiskFull, StoreError
from chit.late_ends import LateEnds
from chit.notices import GenerationEnded, Notices
from chit.store.protocol import Store


class FullStore:
    """Keeps ends once it has room; each try is counted."""

    def __init__(self) -> None:
        self.has_room = False
        self.tries = 0
        self.calls: list[Any] = []

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """Kept."""
        self.calls.append(("start", generation.id, generation_id))

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """Kept."""
        self.calls.append(("received", generation.id, data))
        done(None)

    async def record_end(
        self, generation: Generation, message: Message, *, now: float, prefix: str | None = None
    ) -> None:
        """Kept where there is room."""
        self.tries += 1
        if not self.has_room:
            raise DiskFull("the disk is full")
        self.calls.append(("end", generation.id, now))


def an_end(number: int) -> tuple[Generation, Message]:
    """A generation and its message."""
    message = a_message(a_conversation(), id=f"m{number}")
    return a_generation(message, "me", id=f"g{number}"), message


def make_ledger(store: FullStore) -> tuple[LateEnds, list[str]]:
    """With the messages whose end was told."""
    notices = Notices()
    told: list[str] = []
    notices.subscribe(lambda notice: told.append(cast(GenerationEnded, notice).message_id))
    return LateEnds(cast(Store, store), notices), told


async def test_what_works_is_passed_on() -> None:
    """Starts, bytes and ends go to the store; closing has nothing left to do."""
    store = FullStore()
    store.has_room = True
    ledger, told = make_ledger(store)
    generation, message = an_end(1)
    outcomes: list[StoreError | None] = []
    await ledger.record_start(generation, "gen-1")
    ledger.append_received(generation, b"x", outcomes.append)
    await ledger.record_end(generation, message, now=5.0)
    await ledger.close()
    assert store.calls == [("start", "g1", "gen-1"), ("received", "g1", b"x"), ("end", "g1", 5.0)]
    assert (outcomes, told, store.tries) == ([None], [], 1)


async def test_ends_are_saved_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits hears of the failure at once; later all ends are saved in order, with the time of their end."""
    monkeypatch.setattr(late_ends, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(late_ends, "MOST_SECONDS", 0.002)
    store = FullStore()
    ledger, told = make_ledger(store)
    for number in (1, 2):
        with pytest.raises(DiskFull):
            await ledger.record_end(*an_end(number), now=float(number))
    await until(lambda: store.tries > 5)
    store.has_room = True
    await until(lambda: len(told) == 2)
    assert (store.calls, told) == ([("end", "g1", 1.0), ("end", "g2", 2.0)], ["m1", "m2"])
    store.has_room = False
    with pytest.raises(DiskFull):
        await ledger.record_end(*an_end(3), now=3.0)
    store.has_room = True
    await until(lambda: len(told) == 3)
    await ledger.close()


@pytest.mark.parametrize("has_room", [True, False])
async def test_closing_tries_once_more(has_room: bool) -> None:
    """An end that waits is saved at the last moment, or left for the next start to adopt."""
    store = FullStore()
    ledger, told = make_ledger(store)
    with pytest.raises(DiskFull):
        await ledger.record_end(*an_end(1), now=1.0)
    await asyncio.sleep(0)
    store.has_room = has_room
    await ledger.close()
    assert (told, store.tries) == (["m1"][:has_room], 2)
