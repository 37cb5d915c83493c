"""Coroutines that never wait, without an event loop."""

import asyncio

import pytest

from chit.cli.blocking import finish


def test_a_coroutine_that_never_waits_gives_its_result() -> None:
    """The result comes back although no event loop runs."""

    async def read() -> int:
        return 7

    assert finish(read()) == 7


def test_a_coroutine_that_waits_is_a_mistake() -> None:
    """Waiting without a loop would hang, so it is refused as a programmer's mistake."""
    with pytest.raises(RuntimeError, match="event loop"):
        finish(asyncio.sleep(0))
