"""A disk that fills while a reply streams (promise G9): on a real one, with the whole of Chit on it."""

import asyncio
from pathlib import Path

import apsw
import pytest
from tests.disks import fill_up, mount_small
from tests.upstream import DONE, Exchange, Upstream, collect, opened, shown_text, text_chunk, until

from chit import late_ends
from chit.core.events import Ended
from chit.core.messages import TextPart
from chit.errors import DiskFull

QUESTION = (TextPart("Why?"),)


async def test_a_disk_that_fills_while_a_reply_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown is kept, the error is clear, reading works, nothing more is sent, no row is half; with room again
    the end is saved and the next question is answered, without a restart.
    """
    monkeypatch.setattr(late_ends, "FIRST_SECONDS", 0.01)
    go_on = asyncio.Event()
    posted = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal posted
        posted += 1
        await exchange.open_stream()
        await exchange.chunk(text_chunk("Because", generation_id=f"gen-{posted}"))
        if posted == 1:
            await go_on.wait()
            for _ in range(40):
                await exchange.chunk(text_chunk("x" * 20_000, generation_id="gen-1"))
        await exchange.chunk(text_chunk(".", generation_id=f"gen-{posted}", finish="stop") + DONE)
        exchange.hang_up()

    with mount_small(tmp_path / "disk", "64m") as disk:
        async with Upstream(answer) as upstream, opened(upstream.base_url, disk / "home", model="a/b") as app:
            running = await app.engine.send(QUESTION, stream=True)
            async for _, event in running.watch():
                if shown_text([event]) == "Because":
                    break
            filler = fill_up(disk)
            go_on.set()
            events = await collect(running)
            error = running.error
            assert isinstance(error, DiskFull)
            assert error.hint
            assert events[-1] == Ended(running.generation.state, error)
            kept = await app.store.get_message(running.message.id)
            received = await app.store.load_received(running.generation)
            assert len(await app.store.list_messages(kept.conversation_id)) == 2
            if not kept.parts:  # the end is not saved yet: the bytes are
                assert shown_text(events).encode() in received.replace(b'"', b"") or b"Because" in received
            with pytest.raises(DiskFull, match="MiB are free"):
                await app.engine.send(QUESTION, stream=True)
            assert posted == 1
            filler.unlink()
            await until(lambda: states(disk) == [("cut", None)])
            ended = await app.store.get_message(running.message.id)
            assert ended.text.startswith(shown_text(events))
            assert await app.store.load_received(running.generation) == b""
            assert [job.generation_id for job in await app.store.list_pending()] == ["gen-1"]
            again = await app.engine.send(QUESTION, stream=True)
            assert shown_text(await collect(again)) == "Because."
            assert (await app.store.check_integrity()).problems == ()
        assert posted == 2


def states(disk: Path) -> list[object]:
    """Of the generations so far, with who still writes them."""
    connection = apsw.Connection(str(disk / "home" / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = list(connection.execute("SELECT state, owner FROM generations"))
    connection.close()
    return list(rows)
