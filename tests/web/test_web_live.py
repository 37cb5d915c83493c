"""Running streams, and the sessions they end with."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from tests.upstream import until
from tests.web.site import Site

from chit.errors import StoreError
from chit.notices import GenerationEnded, SessionRevoked
from chit.store.protocol import Session, Store
from chit.store.sqlite import SqliteStore, open_store
from chit.web import live
from chit.web.live import LiveStreams


async def ends(reader: asyncio.StreamReader) -> None:
    """Return once the server has broken the stream off."""
    async with asyncio.timeout(20):
        with suppress(ConnectionResetError):
            assert b"0\r\n" not in await reader.read(), "it looks as if it were whole"


async def test_a_revoked_session_loses_its_streams(site: Site) -> None:
    """Attack 16, a revoked token with a running stream: all of its streams break off, those of others run on."""
    lost, kept = await site.sign_in(), await site.sign_in()
    streams = [await site.open_stream(lost), await site.open_stream(lost)]
    _, other = await site.open_stream(kept)
    sessions = (await site.ask("GET", "/sessions", token=lost)).json()["sessions"]
    [digest] = [session["hash"] for session in sessions if session["is_this"]]
    assert (await site.ask("DELETE", f"/sessions/{digest}", token=lost)).status == 204
    for reader, _ in streams:
        await ends(reader)
    await until(lambda: site.handled == ["stream ended"] * 2)
    assert not other.transport.is_closing()
    assert live.EVERY < 1.0


async def test_other_notices_end_nothing(site: Site) -> None:
    """A reply that ends, or a session that had no stream, leaves the streams alone."""
    _, writer = await site.open_stream(await site.sign_in())
    site.notices.publish(GenerationEnded("m", None))
    site.notices.publish(SessionRevoked("another"))
    assert (await site.ask("GET", "/")).status == 200
    assert not writer.transport.is_closing()
    assert site.handled == []


async def test_a_reader_that_reads_nothing_is_cut_off_too(site: Site) -> None:
    """Attack 16, a stream that is stuck: what waits to be read does not keep it open."""
    _, writer = await site.open_stream(await site.sign_in(), "?flood")
    writer.transport.pause_reading()  # type: ignore[attr-defined] # it is a whole transport
    await until(lambda: site.flooding and site.flooding.get_write_buffer_size() > 0)
    await site.server.sessions.revoke()
    await until(lambda: site.handled == ["stream ended"])


async def test_revoking_in_another_process(site: Site, run: Path) -> None:
    """Attack 16, revoked elsewhere: a session that is deleted behind our back loses its stream all the same."""
    reader, _ = await site.open_stream(await site.sign_in())
    other = open_store(run.parent)
    assert len(await other.delete_sessions()) == 1
    await other.close()
    await ends(reader)


async def test_a_store_that_cannot_tell(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream ends where nobody can say whether its session still stands; a good one runs on through many looks."""
    looked = 0
    find = SqliteStore.find_session

    async def look(store: SqliteStore, digest: str):  # type: ignore[no-untyped-def]
        nonlocal looked
        looked += 1
        if looked > 3:
            raise StoreError("damaged")
        return await find(store, digest)

    reader, _ = await site.open_stream(await site.sign_in())
    monkeypatch.setattr(SqliteStore, "find_session", look)
    await ends(reader)
    assert looked == 4


class Watched:
    """As much of a request as ending its stream takes."""

    def __init__(self) -> None:
        self.transport = self
        self.is_aborted = False

    def abort(self) -> None:
        """It breaks off."""
        self.is_aborted = True


async def test_a_notice_is_enough(store: Store) -> None:
    """Attack 16, revoked in this process: the stream ends at once, without a look at the store."""
    streams, ours, other = LiveStreams(store), Watched(), Watched()
    with streams.hold("a", ours), streams.hold("b", other):  # type: ignore[arg-type] # see `Watched`
        streams.on_notice(SessionRevoked("a"))
        assert (ours.is_aborted, other.is_aborted) == (True, False)


async def test_an_expired_session_loses_its_streams(store: Store) -> None:
    """Attack 16, a token that runs out meanwhile: its stream ends when it does, and not before."""
    moment, looks = [9.0], [0]

    def tell() -> float:
        looks[0] += 1
        return moment[0]

    await store.record_session(Session(hash="a", label="x", created_at=0, expires_at=10.0, last_used_at=0))
    streams, ours = LiveStreams(store, every=0.001, clock=tell), Watched()
    watching = asyncio.create_task(streams.watch())
    with streams.hold("a", ours):  # type: ignore[arg-type] # see `Watched`
        await until(lambda: looks[0] > 2)
        assert not ours.is_aborted
        moment[0] = 10.0
        await until(lambda: ours.is_aborted)
    watching.cancel()
