"""Sessions: tokens that are given out once, kept as hashes, and end."""

from pathlib import Path

import pytest
from tests.web.site import Site, opened_site

from chit.errors import DiskFull
from chit.notices import Notices, SessionRevoked
from chit.store.protocol import Session, Store
from chit.store.sqlite import SqliteStore
from chit.web.sessions import SESSION_SECONDS, Sessions

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


class Carrier:
    """As much of a request as finding a session takes."""

    def __init__(self, token: str) -> None:
        from multidict import CIMultiDict

        self.headers = CIMultiDict({"Authorization": f"Bearer {token}"})


async def find(sessions: Sessions, token: str) -> Session | None:
    """By its token."""
    return await sessions.find(Carrier(token))  # type: ignore[arg-type] # it only reads headers


async def test_the_token_is_nowhere_but_in_the_answer(site: Site, run: Path) -> None:
    """256 bits, not twice the same; no file of the home holds it."""
    tokens = {await site.sign_in(), await site.sign_in()}
    assert {len(token) for token in tokens} == {43}
    kept = b"".join(path.read_bytes() for path in run.parent.rglob("*") if path.is_file())
    assert [token for token in tokens if token.encode() in kept] == []
    assert len(await site.store.list_sessions()) == len(tokens) == 2


async def test_the_list_of_browsers(site: Site) -> None:
    """A person sees which browsers are signed in, and which of them is this one; never a token."""
    code = site.server.openings.invite().address.partition("#code=")[2]
    first = await site.ask("POST", "/session", body={"code": code}, headers={"User-Agent": FIREFOX})
    token = await site.sign_in()
    reply = await site.ask("GET", "/sessions", token=token)
    shown = [(session["label"], session["is_this"]) for session in reply.json()["sessions"]]
    assert shown == [("Firefox on Linux", False), ("a browser", True)]
    assert not {first.json()["token"].encode(), token.encode()} & set(reply.body.split(b'"'))


async def test_revoking_one(site: Site) -> None:
    """That browser is out at once, the others are not, and what is gone cannot be revoked again."""
    kept, lost = await site.sign_in(), await site.sign_in()
    mine = {session["hash"]: session["is_this"] for session in await listed(site, lost)}
    [digest] = [digest for digest, is_this in mine.items() if is_this]
    assert (await site.ask("DELETE", f"/sessions/{digest}", token=kept)).status == 204
    assert (await site.ask("GET", "/read", token=lost)).status == 401
    assert (await site.ask("GET", "/read", token=kept)).status == 200
    assert (await site.ask("DELETE", f"/sessions/{digest}", token=kept)).status == 404


async def listed(site: Site, token: str) -> list[dict[str, str]]:
    """The sessions, as a page gets them."""
    sessions: list[dict[str, str]] = (await site.ask("GET", "/sessions", token=token)).json()["sessions"]
    return sessions


async def test_revoking_all(site: Site) -> None:
    """Every browser is out, this one too."""
    tokens = [await site.sign_in() for _ in range(3)]
    assert (await site.ask("DELETE", "/sessions", token=tokens[1])).status == 204
    assert [(await site.ask("GET", "/read", token=token)).status for token in tokens] == [401] * 3


async def test_a_session_outlives_the_server(store: Store, run: Path) -> None:
    """The same token is good after a restart."""
    async with opened_site(store, run) as site:
        token = await site.sign_in()
    async with opened_site(store, run) as site:
        assert (await site.ask("GET", "/read", token=token)).status == 200


async def test_thirty_days(store: Store) -> None:
    """Good until then, neither found nor listed afterwards; a clock that jumped back brings no error."""
    moment = [1000.0]
    sessions = Sessions(store, Notices(), clock=lambda: moment[0])
    token, session = await sessions.open("x")
    assert session.expires_at == 1000.0 + SESSION_SECONDS == 1000.0 + 30 * 86400
    for at, good in ((session.expires_at - 1, True), (session.expires_at, False), (0.0, True)):
        moment[0] = at
        assert (await find(sessions, token) is not None, len(await sessions.list())) == (good, good)


async def test_the_last_use_is_of_the_hour(store: Store) -> None:
    """Within the hour nothing is written; after it the time of this use is."""
    moment = [0.0]
    sessions = Sessions(store, Notices(), clock=lambda: moment[0])
    token, _ = await sessions.open("x")
    for at, recorded in ((3600.0, 0.0), (3601.0, 3601.0), (5000.0, 3601.0)):
        moment[0] = at
        await find(sessions, token)
        assert [session.last_used_at for session in await store.list_sessions()] == [recorded]


async def test_a_full_disk_keeps_nobody_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the last use cannot be recorded does not matter to who reads."""

    async def fail(*_: object) -> None:
        raise DiskFull("full")

    moment = [0.0]
    sessions = Sessions(store, Notices(), clock=lambda: moment[0])
    token, _ = await sessions.open("x")
    monkeypatch.setattr(SqliteStore, "record_session_use", fail)
    moment[0] = 9999.0
    assert await find(sessions, token) is not None


async def test_revoking_is_told(store: Store) -> None:
    """One notice for each that is gone, and none for what never was."""
    notices, told = Notices(), list[object]()
    notices.subscribe(told.append)
    sessions = Sessions(store, notices)
    hashes = [(await sessions.open("x"))[1].hash for _ in range(3)]
    assert await sessions.revoke(hashes[0])
    assert not await sessions.revoke(hashes[0])
    assert await sessions.revoke()
    assert sorted(map(repr, told)) == sorted(repr(SessionRevoked(each)) for each in hashes)
