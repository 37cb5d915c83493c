"""The memory of events, and the stream that brings them to a page."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstream import until
from tests.web.site import Site

from chit.web.hub import Hub
from chit.web.stream_routes import StreamRoutes


class Reader:
    """Reads a hub and takes in what it says, as a page does."""

    def __init__(self, hub: Hub, *, epoch: str | None = None, since: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self._lines = hub.read(hub.epoch if epoch is None else epoch, since)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for data in self._lines:
            assert data.endswith(b"\n")
            self.events += map(json.loads, data.splitlines())

    @property
    def types(self) -> list[str]:
        """In order."""
        return [event["type"] for event in self.events]

    @property
    def seqs(self) -> list[int]:
        """In order."""
        return [event["seq"] for event in self.events]


async def let_run() -> None:
    """Until nobody has anything to do."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_past_and_future_events_come_in_order() -> None:
    """With growing numbers and their members; a reader without anything to read waits, and the end ends it."""
    hub = Hub()
    hub.publish("a", text="\u00fc")
    hub.publish("b")
    reader, late = Reader(hub), Reader(hub, since=2)
    await let_run()
    hub.publish("c")
    await let_run()
    assert reader.events == [
        {"type": "a", "seq": 1, "text": "\u00fc"},
        {"type": "b", "seq": 2},
        {"type": "c", "seq": 3},
    ]
    assert late.types == ["c"]
    hub.close()
    await asyncio.gather(reader.task, late.task)
    assert Hub().epoch != hub.epoch


@pytest.mark.parametrize(("epoch", "since"), [("another", 0), ("another", 1), (None, 3), (None, 10**14)])
async def test_what_is_not_known_here_is_a_reset(epoch: str | None, since: int) -> None:
    """Another hub's epoch, or a number from the future: load anew, and go on from the newest."""
    hub = Hub()
    hub.publish("a")
    hub.publish("b")
    reader = Reader(hub, epoch=epoch, since=since)
    await let_run()
    hub.publish("c")
    await let_run()
    assert reader.events == [{"type": "reset", "seq": 2, "epoch": hub.epoch}, {"type": "c", "seq": 3}]
    reader.task.cancel()


async def test_the_memory_has_an_end() -> None:
    """By events and by bytes, but the newest is always kept; who asks for what is gone starts anew."""
    hub = Hub(most_events=3)
    for _ in range(5):
        hub.publish("a")
    gone, just = Reader(hub, since=1), Reader(hub, since=2)
    await let_run()
    assert (gone.types, just.seqs) == (["reset"], [3, 4, 5])
    heavy = Hub(most_bytes=100)
    heavy.publish("a")
    heavy.publish("b", text="x" * 200)
    reader, early = Reader(heavy, since=1), Reader(heavy)
    await let_run()
    assert (reader.types, early.types) == (["b"], ["reset"])
    for each in (gone, just, reader, early):
        each.task.cancel()


async def test_a_slow_reader_starts_anew() -> None:
    """One that does not come back until its events are forgotten gets a reset, and holds up nobody."""
    hub = Hub(most_events=2)
    slow = hub.read(hub.epoch, 0)
    hub.publish("a")
    assert json.loads(await anext(slow))["type"] == "a"
    for _ in range(3):
        hub.publish("b")
    assert json.loads(await anext(slow)) == {"type": "reset", "seq": 4, "epoch": hub.epoch}
    hub.publish("c")
    assert json.loads(await anext(slow))["type"] == "c"
    await slow.aclose()


async def test_a_reader_that_leaves_is_forgotten() -> None:
    """Cancelled while it waits, it does not disturb the next event."""
    hub = Hub()
    leaves, stays = Reader(hub), Reader(hub)
    await let_run()
    leaves.task.cancel()
    await let_run()
    hub.publish("a")
    await let_run()
    assert (leaves.types, stays.types) == ([], ["a"])
    stays.task.cancel()


@given(
    st.lists(st.sampled_from(["publish", "read", "leave", "come"]), max_size=60),
    st.integers(1, 6),
    st.booleans(),
)
def test_no_event_is_missed_or_doubled(steps: list[str], most: int, restarts: bool) -> None:
    """However a reader comes and goes: each event since its view comes exactly once, or a reset covers it."""

    async def play() -> None:
        hub = Hub(most_events=most)
        position, is_foreign, lines = 0, False, None
        for number, step in enumerate([*steps, "come", "read"]):
            if step == "publish":
                hub.publish("a")
            elif step == "leave" and lines is not None:
                await lines.aclose()
                lines = None
            elif step == "come" and lines is None:
                is_foreign = restarts and number % 2 == 1
                lines = hub.read("before the restart" if is_foreign else hub.epoch, position)
            elif step == "read" and lines is not None and (is_foreign or hub.seq > position):
                events = [json.loads(line) for line in (await anext(lines)).splitlines()]
                if events[0]["type"] == "reset":
                    assert is_foreign or hub.seq - position > most
                    assert events[0]["seq"] == hub.seq
                    is_foreign = False
                else:
                    assert [event["seq"] for event in events] == list(range(position + 1, hub.seq + 1))
                position = events[-1]["seq"]
        if lines is not None:
            await lines.aclose()
        assert position == hub.seq

    asyncio.run(play())


# --- the route -------------------------------------------------------------------------------------------------------


async def read_lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The pieces of a chunked body, without its head."""
    await reader.readuntil(b"\r\n\r\n")
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()


async def ask_stream(site: Site, query: str) -> tuple[AsyncIterator[bytes], asyncio.StreamWriter]:
    """A stream, and the connection to leave."""
    token = await site.sign_in()
    reader, writer = await site.connect()
    head = f"GET /hub{query} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    return read_lines(reader), writer


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Behind `/hub` of the site, with an impatient keep-alive."""
    hub = Hub()
    [route] = StreamRoutes(hub, keep_alive=0.005).routes()
    table = Site.routes

    def routes(site: Site) -> Any:
        return [*table(site), type(route)(method="GET", path="/hub", handler=route.handler, kind="stream")]

    monkeypatch.setattr(Site, "routes", routes)
    return hub


async def test_a_silent_stream_is_kept_alive(hub: Hub, site: Site) -> None:
    """A blank line at once, and one after each silence; events come between; the end of the hub ends it whole."""
    pieces, _ = await ask_stream(site, f"?epoch={hub.epoch}&since=0")
    async with asyncio.timeout(20):
        assert [await anext(pieces) for _ in range(3)] == [b"\n"] * 3
        hub.publish("a")
        while (piece := await anext(pieces)) == b"\n":
            pass
        assert json.loads(piece) == {"type": "a", "seq": 1}
        hub.close()
        assert [piece async for piece in pieces if piece != b"\n"] == []


async def test_a_page_that_leaves_is_let_go(hub: Hub, site: Site) -> None:
    """Nothing reads the hub any more once the connection is closed."""
    pieces, writer = await ask_stream(site, f"?epoch={hub.epoch}&since=0")
    assert await anext(pieces) == b"\n"
    await until(lambda: hub._waiters)
    writer.close()
    await until(lambda: all(waiter.cancelled() for waiter in hub._waiters))


@pytest.mark.parametrize("since", ["", "-1", "x", "1.5", "9" * 16, "%C2%B2"])
async def test_a_number_that_is_none_is_refused(hub: Hub, site: Site, since: str) -> None:
    """400, before anything is streamed."""
    reply = await site.ask("GET", f"/hub?epoch={hub.epoch}&since={since}", token=await site.sign_in())
    assert (reply.status, b"number of the last event" in reply.body) == (400, True)
