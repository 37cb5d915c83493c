"""The table of routes: what is open, what is shut, and that reading changes nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from aiohttp import web
from tests.web.site import LOCAL_TOKEN, Site, opened_site

from chit.store.protocol import Store
from chit.web.routes import OPEN_EXCHANGES, Route
from chit.web.shell import PAGES
from chit.web.static_files import FOLDER, SHELL


def open_reads() -> set[str]:
    """All that anybody may read: the empty page, and the files it is made of."""
    files = (path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
    return {*PAGES, *(f"/static/{name}" for name in files if name != SHELL)}


def a_path(route: Route) -> str:
    """A path that fits the route."""
    return re.sub(r"\{[^}]*\}", "some-id", route.path)


async def nothing(_request: web.Request) -> web.StreamResponse:
    """A handler."""
    return web.Response()


def dump(run: Path) -> list[tuple[Any, ...]]:
    """Every row of every table, and every file beside the database."""
    connection = apsw.Connection(str(run.parent / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    rows = [(table, *row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    connection.close()
    return rows + [(path.name, path.read_bytes()) for path in sorted(run.iterdir())]


async def test_every_route_without_a_token(site: Site) -> None:
    """Attack 8, no token, one that was never given, or one of the wrong kind: 401 on every route but the open ones."""
    session = await site.sign_in()
    for route in site.server.routes:
        if route.method == "GET" and route.path in open_reads():
            continue
        wrong = LOCAL_TOKEN if route.needs == "session" else session
        body: dict[str, str] | None = None if route.method in ("GET", "DELETE") else {}
        for token in (None, "", "x" * 43, wrong):
            headers = {"Content-Type": "application/octet-stream"} if route.takes == "bytes" else {}
            reply = await site.ask(route.method, a_path(route), token=token, body=body, headers=headers)
            assert (reply.status, reply.header("WWW-Authenticate")) == (401, "Bearer"), route
    assert site.handled == []


async def test_what_is_open_is_what_is_listed(site: Site) -> None:
    """Attack 8, without a token there are the empty page, its files, and two exchanges that take a proof instead."""
    open_ones = {(route.method, route.path) for route in site.server.routes if route.needs == "nothing"}
    assert open_ones == {("GET", path) for path in open_reads()} | OPEN_EXCHANGES
    for route in site.server.routes:
        if route.path in open_reads():
            assert {(await site.ask(method, a_path(route))).status for method in ("GET", "HEAD")} == {200}


@pytest.mark.parametrize(
    "given",
    [
        "{token}",
        "bearer {token}",
        "Bearer  {token}",
        "Basic {token}",
        "Bearer {token}x",
        "Bearer",
        "Bearer {token}, Bearer {token}",
        "Bearer {hash}",
    ],
)
async def test_other_ways_to_carry_a_token(site: Site, given: str) -> None:
    """Attack 8, a token lets in only as `Authorization: Bearer`, whole and once; its stored hash does not."""
    token = await site.sign_in()
    [session] = await site.server.sessions.list()
    headers = {"Authorization": given.format(token=token, hash=session.hash)}
    assert (await site.ask("GET", "/read", headers=headers)).status == 401
    elsewhere = {"Cookie": f"token={token}; chit-session={token}", "x-api-key": token}
    assert (await site.ask("GET", f"/read?token={token}", headers=elsewhere)).status == 401
    assert (await site.ask("GET", "/read", token=token)).status == 200


async def test_programs_without_tokens_of_their_own(store: Store, run: Path) -> None:
    """Attack 8 for /v1: with a program's token it answers, with another one or none it does not, and where there are
    no such tokens at all it never does.
    """
    for has_programs, status in ((True, 200), (False, 401)):
        async with opened_site(store, run, has_programs=has_programs) as site:
            assert (await site.ask("POST", "/v1/chat/completions", token=LOCAL_TOKEN, body={})).status == status


async def test_reading_changes_nothing(site: Site, run: Path) -> None:
    """Attack 7, GET and HEAD with side effects: after all of them, with all rights, no row and no file differs."""
    token = await site.sign_in()
    site.server.openings.invite()
    site.raised = ValueError("x")
    told: list[object] = []
    site.notices.subscribe(told.append)
    before = dump(run)
    for route in site.server.routes:
        for method in ("GET", "HEAD"):
            if route.method == "GET" and route.kind != "stream" and route.path not in {"/begun", "/late"}:
                reply = await site.ask(method, f"{a_path(route)}?code=x&delete=1", token=token, body={"code": "x"})
                assert reply.status in (200, 405, 500), route
    await site.open_stream(token)
    assert (dump(run), told) == (before, [])


def bad_routes() -> Iterator[dict[str, Any]]:
    """What nobody may add to the table."""
    for path in ("/", "/session", "/x"):
        yield {"method": "GET", "path": path, "kind": "json", "needs": "nothing"}
        yield {"method": "POST", "path": path, "kind": "shell", "needs": "nothing"}
        yield {"method": "GET", "path": path, "kind": "static"}
    yield {"method": "POST", "path": "/x", "kind": "json", "needs": "nothing"}
    yield {"method": "PUT", "path": "/session", "kind": "json", "needs": "nothing"}
    yield {"method": "POST", "path": "/session", "kind": "json"}
    yield {"method": "GET", "path": "/x", "kind": "json", "takes": "bytes"}


@pytest.mark.parametrize("members", list(bad_routes()))
def test_a_route_that_must_not_exist(members: dict[str, Any]) -> None:
    """Attack 7 and 8, one that is open and not listed, or a page that is sent to, cannot even be written down."""
    with pytest.raises(ValueError, match=members["path"]):
        Route(handler=nothing, **members)
