"""Where one caller draws a reply's bytes."""

import asyncio

import pytest

from chit import tap as tap_module
from chit.tap import Tap


async def spin() -> None:
    """Let everything happen that can happen without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_is_given_is_drawn_once_in_order() -> None:
    """Piece by piece, or joined where the caller is behind; empty at the end."""
    tap = Tap()
    opening = asyncio.ensure_future(tap.opened())
    await spin()
    assert not opening.done()
    tap.open(200, {"a": "b"})
    assert await opening
    drawing = asyncio.ensure_future(tap.draw())
    await spin()
    assert not drawing.done()
    tap.give(b"one")
    assert await drawing == b"one"
    tap.give(b"two")
    tap.give(b"")
    tap.give(b"three")
    tap.end(is_whole=True)
    assert [await tap.draw(), await tap.draw(), tap.is_whole] == [b"twothree", b"", True]
    assert (tap.status, tap.headers) == (200, {"a": "b"})


async def test_a_reply_that_is_given_whole_never_opens() -> None:
    """Whoever waits for the opening is told so at the end."""
    tap = Tap()
    opening = asyncio.ensure_future(tap.opened())
    await spin()
    tap.end(is_whole=False)
    assert await opening is False
    assert tap.is_whole is False


async def test_who_draws_slowly_holds_up_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room again once it is drawn, and no end of room once the caller has left."""
    monkeypatch.setattr(tap_module, "MOST_WAITING", 4)
    tap = Tap()
    tap.give(b"four")
    await tap.room()
    tap.give(b"5")
    waiting = asyncio.ensure_future(tap.room())
    await spin()
    assert not waiting.done()
    assert await tap.draw() == b"four5"
    await waiting
    tap.give(b"again too much")
    waiting = asyncio.ensure_future(tap.room())
    await spin()
    tap.leave()
    await waiting
    tap.give(b"and more, which is dropped")
    await tap.room()
    tap.end(is_whole=True)
    assert await tap.draw() == b""
