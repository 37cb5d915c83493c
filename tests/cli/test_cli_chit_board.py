"""The chits of a chat."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.upstream import opened, until

from chit.app import App
from chit.cli.chit_board import ChitBoard
from chit.core.messages import TextPart
from chit.errors import StoreError
from chit.notices import SettlementChanged
from chit.running import Running
from chit.sandbox.server import Sandbox


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """Settled only on request."""
    async with Sandbox(pace=0, settle_after=0) as box, opened(box.base_url, tmp_path, model="sandbox/echo") as app:
        yield app


async def ask(app: App, **parameters: str) -> Running:
    """A question and its answer."""
    running = await app.engine.send([TextPart("Hi")], parameters=parameters)
    await running.wait()
    return running


async def settle(app: App) -> None:
    """All that is pending."""
    await app.settler.settle_now([each.generation_id for each in await app.store.list_pending()])


async def test_the_last_one_settles_in_its_place(app: App) -> None:
    """Whoever shows it is told."""
    board, changes = ChitBoard(app), list[int]()
    board.on_change = lambda: changes.append(1)
    assert board.lines() == []
    running = await ask(app)
    await board.put(running.message.id)
    (line,) = board.lines()
    assert line.endswith(" · pending")
    await settle(app)
    await until(lambda: changes)
    assert board.lines() == [line.removesuffix(" · pending")]
    board.leave()
    assert board.lines() == []
    board.close()
    app.notices.publish(SettlementChanged("gen-1"))
    assert changes == [1]


async def test_an_earlier_one_is_told_on_a_line_of_its_own(app: App) -> None:
    """Above the last one, once."""
    board = ChitBoard(app)
    first = await ask(app)
    await board.put(first.message.id)
    board.lines()
    board.leave()
    second = await ask(app)
    await settle(app)
    await board.put(second.message.id)
    await until(lambda: len(board.lines()) == 2)
    late, last = board.lines()
    assert late.endswith(f" · settled, reply {first.message.id[-8:]}")
    assert "settled" not in last
    board.leave()
    assert board.lines() == []
    board.close()


async def test_one_that_settled_unseen_is_told_later(app: App) -> None:
    """A dumb terminal draws nothing anew."""
    board = ChitBoard(app)
    running = await ask(app)
    await board.put(running.message.id)
    board.lines()
    await settle(app)
    await board.put(running.message.id)
    board.leave()
    (line,) = board.lines()
    assert line.endswith(f" · settled, reply {running.message.id[-8:]}")
    board.close()


async def test_what_has_no_chit(app: App) -> None:
    """A request that was refused, and a settlement that nobody here waits for."""
    board = ChitBoard(app)
    await board.put((await ask(app, model="sandbox/error-credits")).message.id)
    await board.put("none")
    assert board.lines() == []
    app.notices.publish(SettlementChanged("gen-1"))
    await until(lambda: not board._tasks)
    board._waiting["gen-1"] = "gone"
    app.notices.publish(SettlementChanged("gen-1"))
    await until(lambda: not board._tasks)
    assert board.lines() == []
    board.close()


async def test_a_history_that_cannot_be_read(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to fail; the chit stays as it was."""
    board = ChitBoard(app)
    running = await ask(app)
    await board.put(running.message.id)
    board.lines()
    board.leave()
    assert running.generation.generation_id

    async def fail(_: str) -> None:
        raise StoreError("no")

    monkeypatch.setattr(app.store, "find_generation", fail)
    app.notices.publish(SettlementChanged(running.generation.generation_id))
    await until(lambda: not board._tasks)
    assert board.lines() == []
    app.notices.publish(SettlementChanged(running.generation.generation_id))
    board.close()
