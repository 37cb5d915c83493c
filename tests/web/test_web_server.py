"""The server from start to end, and what one caller may take of it."""

import asyncio
import gzip
from contextlib import suppress
from pathlib import Path

import pytest
from tests.upstream import until
from tests.web.site import Site, hang_up, opened_site

from chit.errors import InputError
from chit.notices import Notices
from chit.store.protocol import Store
from chit.web import server as server_module
from chit.web.body import read_object
from chit.web.connection import Limits
from chit.web.listening import open_listening
from chit.web.refusal import Refused


def head_of(site: Site, method: str = "GET", path: str = "/", *more: str) -> bytes:
    """A head by our name."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{site.port}", *more, "", ""]).encode()


async def test_a_head_that_never_ends(store: Store, run: Path) -> None:
    """Who sends a head byte by byte, or nothing at all, is cut off although bytes still come."""
    async with opened_site(store, run, limits=Limits(head_seconds=0.2)) as site:
        reader, writer = await site.connect()
        idle, _ = await site.connect()
        ended = asyncio.ensure_future(_last_of(reader))
        for byte in head_of(site)[:-1] + b"x" * 10**6:
            if ended.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)
        assert await ended == await _last_of(idle) == b""


async def _last_of(reader: asyncio.StreamReader) -> bytes:
    """All until the end. A connection that is closed while bytes still come is reset, as TCP has it."""
    with suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def test_a_body_that_never_ends() -> None:
    """It is given up with 408."""
    with pytest.raises(Refused) as refused:
        await read_object(Never(), most=10, within=0.01)  # type: ignore[arg-type] # it only reads
    assert refused.value.status == 408


class Never:
    """A request whose body does not come."""

    @property
    def content(self) -> "Never":
        """Of itself."""
        return self

    async def readany(self) -> bytes:
        """For ever."""
        await asyncio.Event().wait()
        return b""


@pytest.mark.parametrize(
    ("line", "status"),
    [("X: " + "x" * 9000, 400), ("\r\n".join(f"X{number}: y" for number in range(80)), 400), ("X: y", 200)],
)
async def test_a_head_that_is_too_large(site: Site, line: str, status: int) -> None:
    """Long lines and many headers are refused."""
    assert (await site.send(head_of(site, "GET", "/", line, "Connection: close"))).status == status
    assert (await site.send(head_of(site, "GET", "/" + "x" * 9000))).status == 400


async def test_a_body_that_is_too_large(site: Site) -> None:
    """More than the handler takes is 413, whether its length is told or it comes in chunks, and nothing is written."""
    token = await site.sign_in()
    large = b'"' + b"x" * 200 + b'"'
    assert (await site.ask("POST", "/write", token=token, body=large)).status == 413
    more = ("Content-Type: application/json", f"Authorization: Bearer {token}", "Transfer-Encoding: chunked")
    chunks = b"".join(b"10\r\n" + b"x" * 16 + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
    assert (await site.send(head_of(site, "POST", "/write", *more) + chunks)).status == 413
    assert await site.store.find_setting("written") is None


async def test_a_packed_body(site: Site) -> None:
    """It is not unpacked, so it is no JSON: a bomb stays as small as it came."""
    token = await site.sign_in()
    packed = gzip.compress(b'{"a": 1}')
    reply = await site.ask("POST", "/write", token=token, body=packed, headers={"Content-Encoding": "gzip"})
    assert reply.status == 400


async def test_too_many_connections(store: Store, run: Path) -> None:
    """One more than there may be is closed at once; when one goes, there is room again."""
    async with opened_site(store, run, limits=Limits(connections=2)) as site:
        held = [await site.connect() for _ in range(2)]
        for _, writer in held:
            writer.write(head_of(site))
        for reader, _ in held:
            await reader.readuntil(b"</html>")
        reader, _ = await site.connect()
        assert await _read_all(reader) == b""
        held[0][1].close()

        async def answers() -> bool:
            reader, writer = await site.connect()
            writer.write(head_of(site, "GET", "/", "Connection: close"))
            return b"200 OK" in await _read_all(reader)

        async with asyncio.timeout(20):
            while not await answers():  # noqa: ASYNC110 - by looking from outside
                await asyncio.sleep(0.01)


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_several_requests_on_a_connection(site: Site) -> None:
    """Each is checked by itself: a good one does not vouch for the next."""
    reader, writer = await site.connect()
    writer.write(head_of(site) + b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n" + head_of(site, "GET", "/read"))
    statuses = []
    for _ in range(3):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        statuses.append(int(head.split(" ")[1]))
        length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("Content-Length"))
        await reader.readexactly(length)
    assert statuses == [200, 421, 401]


async def test_the_end_waits_for_nobody(store: Store, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise G15: streams, half requests and idle connections are cut off, and the port is free again."""
    monkeypatch.setattr(server_module, "_LAST_WORDS", 0.05)
    async with opened_site(store, run) as site:
        await site.open_stream(await site.sign_in())
        _, half = await site.connect()
        half.write(b"GET / HTTP/1.1\r\nHo")
        _, body = await site.connect()
        more = (f"Authorization: Bearer {await site.sign_in()}", "Content-Type: application/json", "Content-Length: 9")
        body.write(head_of(site, "POST", "/write", *more) + b"{")
        await until(lambda: "write" in site.handled)
        writers, site.writers = site.writers, []
    assert site.handled == ["write", "stream ended"]
    open_listening(site.port).close()
    for writer in writers:
        await hang_up(writer)


async def test_a_server_that_cannot_open_gives_its_port_back(store: Store, run: Path) -> None:
    """A mistake among the allowed hosts leaves nothing behind."""
    listening = open_listening(0)
    with pytest.raises(InputError, match="allowed host"):
        async with server_module.open_server(listening, store=store, notices=Notices(), run=run, allowed_hosts=("*",)):
            raise AssertionError("it must not open")
    open_listening(listening.port).close()
