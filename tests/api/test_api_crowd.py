"""How many calls run and wait at once."""

import asyncio
from contextlib import suppress

import pytest

from chit.api.crowd import Crowd, Place
from chit.api.refusal import ApiRefusal


class Caller:
    """Waits in a crowd for its turn, and keeps it until it ends."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._place = Place(crowd)
        self.runs = False
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self._crowd.begin(self._place)
            self.runs = True
        finally:
            self._place.leave()

    def end(self) -> None:
        """It has its answer."""
        self._crowd.end()


async def settle(*callers: Caller) -> list[bool]:
    """Who runs, once everybody has done what can be done."""
    for _ in range(5):
        await asyncio.sleep(0)
    return [caller.runs for caller in callers]


async def test_those_who_came_first_begin_first() -> None:
    """So many run, the others wait in the order in which they came."""
    crowd = Crowd(running=2, waiting=3)
    callers = [Caller(crowd) for _ in range(5)]
    assert await settle(*callers) == [True, True, False, False, False]
    callers[0].end()
    assert await settle(*callers) == [True, True, True, False, False]
    callers[1].end()
    callers[2].end()
    assert await settle(*callers) == [True] * 5


async def test_beyond_the_queue_it_is_told_at_once() -> None:
    """503, when to come again, and that nothing was sent; who waits already is not disturbed."""
    crowd = Crowd(running=1, waiting=1)
    callers = [Caller(crowd) for _ in range(3)]
    await settle()
    with pytest.raises(ApiRefusal) as caught:
        await callers[2].task
    assert (caught.value.status, caught.value.code, caught.value.headers) == (503, "busy", {"Retry-After": "2"})
    assert "1 calls run and 1 wait" in caught.value.message
    assert "Nothing was sent" in caught.value.hint
    callers[0].end()
    assert await settle(*callers) == [True, True, False]
    assert await settle(late := Caller(crowd)) == [False]
    callers[1].end()
    assert await settle(late) == [True]


async def test_who_leaves_frees_its_place() -> None:
    """A waiting caller that goes away makes room for another, and its turn passes to the next."""
    crowd = Crowd(running=1, waiting=2)
    first, leaving, staying = (Caller(crowd) for _ in range(3))
    await settle()
    leaving.task.cancel()
    await settle()
    late = Caller(crowd)
    assert await settle(first, late) == [True, False]
    first.end()
    assert await settle(staying, late) == [True, False]
    staying.end()
    assert await settle(late) == [True]


async def test_a_turn_that_comes_as_its_caller_leaves_is_passed_on() -> None:
    """Neither lost nor given twice."""
    crowd = Crowd(running=1, waiting=2)
    first, leaving, staying = (Caller(crowd) for _ in range(3))
    await settle()
    first.end()
    leaving.task.cancel()
    with suppress(asyncio.CancelledError):
        await leaving.task
    assert await settle(staying, late := Caller(crowd)) == [True, False]
    staying.end()
    assert await settle(late) == [True]


async def test_a_turn_skips_those_who_are_leaving() -> None:
    """One that was cancelled but has not run yet is not given it."""
    crowd = Crowd(running=1, waiting=2)
    first, leaving, staying = (Caller(crowd) for _ in range(3))
    await settle()
    leaving.task.cancel()
    first.end()
    assert await settle(staying) == [True]


async def test_nobody_overtakes() -> None:
    """Who comes while others wait waits behind them, even if there is room at that moment."""
    crowd = Crowd(running=1, waiting=2)
    first, second = Caller(crowd), Caller(crowd)
    await settle()
    first.end()
    third = Caller(crowd)
    assert await settle(second, third) == [True, False]


def test_a_place_is_taken_once() -> None:
    """However often it is asked for or left."""
    crowd = Crowd(running=1, waiting=1)
    place = Place(crowd)
    place.leave()
    place.take()
    place.take()
    with pytest.raises(ApiRefusal):
        Place(crowd).take()
    place.leave()
    place.leave()
    Place(crowd).take()
    with pytest.raises(ApiRefusal):
        Place(crowd).take()
