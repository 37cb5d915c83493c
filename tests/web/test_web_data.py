"""Exports and imports as a page asks for them."""

import asyncio
import io
import itertools
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.dossiers import a_dossier, same
from tests.transfer.chatgpt_exports import conversation, write_export
from tests.transfer.zips import make_zip
from tests.upstream import until
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for
from tests.web.office import Reply

from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.messages import TextPart
from chit.errors import DiskFull, InputError
from chit.sandbox.server import Sandbox
from chit.store.dossier_protocol import Added
from chit.store.sqlite import SqliteStore
from chit.web import data_routes
from chit.web.hub import Hub
from chit.web.imports import Imports


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    """The pages over the sandbox."""
    async with (
        Sandbox(pace=0, settle_after=0) as sandbox,
        opened_lobby(setting_for(tmp_path / "home", sandbox)) as lobby,
    ):
        yield lobby


async def send(page: Page, body: Any, kind: str = "application/octet-stream") -> Reply:
    """A file, as a page sends it."""
    headers = {"Authorization": f"Bearer {page.browser.token}", "Content-Type": kind}
    address = f"{page.browser.office.server.address}/import"
    async with aiohttp.ClientSession() as web, web.post(address, data=body, headers=headers) as response:
        return Reply(status=response.status, headers=dict(response.headers), body=await response.read())


def pack(*dossiers: Dossier) -> bytes:
    """A zip of these."""
    return make_zip([(f"{place}.json", encode_dossier(each, same)) for place, each in enumerate(dossiers)])


def shown(view: Any) -> str:
    """What the settings say of the last import."""
    found: str = view["html"].partition('<div class="imported" role="status">')[2].partition("</div>")[0]
    return " ".join(found.split())


async def test_a_conversation_as_a_file(lobby: Lobby) -> None:
    """As JSON and as Markdown: attachments with a type that no browser runs, named by us."""
    page = await lobby.enter()
    made = await page.say("Why is the sky blue?")
    await lobby.office.desk.app.engine.close()
    for form, kind, ending in (("json", "application/json", "json"), ("markdown", "text/markdown", "md")):
        reply = await page.try_raw("GET", f"/c/{made['conversation']}/export?as={form}")
        assert (reply.status, reply.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        name = reply.headers["Content-Disposition"]
        assert name == f'attachment; filename="why-is-the-sky-blue-{made["conversation"][-8:]}.{ending}"'
        assert b"Why is the sky blue?" in reply.body


async def test_everything_there_and_back(lobby: Lobby, tmp_path: Path) -> None:
    """A zip of all; another home imports it, its pages are told, and its own export is the same."""
    page = await lobby.enter()
    await lobby.office.desk.own.store.add_dossier(a_dossier("One"), scrub=same, now=1.0)
    await lobby.office.desk.own.store.add_dossier(a_dossier("Two"), scrub=same, now=1.0)
    reply = await page.try_raw("GET", "/export?as=json")
    assert reply.headers["Content-Type"] == "application/zip"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="chit-json.zip"'
    assert len(zipfile.ZipFile(io.BytesIO(reply.body)).namelist()) == 2
    async with (
        Sandbox(pace=0, settle_after=0) as sandbox,
        opened_lobby(setting_for(tmp_path / "other", sandbox)) as other,
    ):
        away = await other.enter()
        await away.listen("/settings")
        assert (await send(away, reply.body)).status == 204
        told = await away.hears("imported")
        assert "Looking into the file" in told["html"]
        await away.hears("reset")
        told = away.told("imported")[-1]
        assert shown(await away.view("/settings")) == " ".join(told["html"].split())
        assert "<b>2</b> conversations added, <b>4</b> messages in all." in shown(await away.view("/settings"))
        assert (await away.try_raw("GET", "/export?as=json")).body == reply.body
        resets = len(away.told("reset"))
        assert (await send(away, reply.body)).status == 204
        assert "<b>0</b> conversations added, <b>0</b> messages in all. 2 were here already." in shown(
            await away.view("/settings")
        )
        assert len(away.told("reset")) == resets
        await other.office.desk.enter_sandbox()
        assert shown(await away.view("/settings")) == ""
        await other.office.desk.leave_sandbox()
        away.leave()


async def test_what_is_wrong_is_listed(lobby: Lobby) -> None:
    """Of a zip with bad ones the good ones are imported, and each bad one is told; of one bad file it is an error."""
    page = await lobby.enter()
    good, bad = a_dossier("Good"), a_dossier("<b>Bad</b>")
    evil = json.loads(encode_dossier(bad, same)) | {"messages": [1]}
    data = make_zip([("a.json", json.dumps(evil).encode()), ("b.json", encode_dossier(good, same))])
    assert (await send(page, data)).status == 204
    told = shown(await page.view("/settings"))
    assert "<b>1</b> conversation added" in told
    assert "<li>a.json: “&lt;b&gt;Bad&lt;/b&gt;”: message 1 is not an object</li>" in told
    reply = await send(page, b"[" * 100_000)
    assert (reply.status, reply.json()["error"]["kind"]) == (400, "input_invalid")
    assert shown(await page.view("/settings")) == ""
    assert await lobby.office.desk.own.store.list_dossiers() == [good.id]


@pytest.mark.parametrize("path", ["/export", "/export?as=csv", "/c/x/export?as=html", "/c/x/export?as=json"])
async def test_what_there_is_not(lobby: Lobby, path: str) -> None:
    """Another form, another conversation: 404."""
    await (await lobby.enter()).refused("GET", path, 404)


async def test_what_may_be_sent(lobby: Lobby) -> None:
    """Attack 3: bytes, as no form of another page can send them; nothing else gets to the handler."""
    page = await lobby.enter()
    line = encode_dossier(a_dossier(), same)
    for kind, status in (
        ("application/octet-stream", 204),
        ("application/octet-stream; charset=x", 204),
        ("application/json", 415),
        ("application/zip", 415),
        ("text/plain", 403),
        ("multipart/form-data; boundary=x", 403),
        ("application/x-www-form-urlencoded", 403),
    ):
        assert (await send(page, line, kind)).status == status, kind
    headers = {"Content-Type": "application/octet-stream"}
    assert (await page.browser.ask("PATCH", "/prefs", headers=headers)).status == 415


async def test_attack_31_a_file_without_end(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 31: 413, told beforehand by its length or found on the way; nothing of it stays."""
    monkeypatch.setattr(data_routes, "MOST_FILE", 100_000)
    page = await lobby.enter()

    async def flow() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(10_000)

    for body in (bytes(100_001), flow()):
        assert (await send(page, body)).status == 413
    assert (await send(page, bytes(1000))).status == 400
    assert list((lobby.office.setting.home / "run").glob("tmp*")) == []


async def test_a_file_that_stops_coming(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """408 after a while without a byte."""
    monkeypatch.setattr(data_routes, "IDLE_SECONDS", 0.01)
    page = await lobby.enter()
    never = asyncio.Event()

    async def flow() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    asking = asyncio.ensure_future(send(page, flow()))
    await asyncio.wait([asking], timeout=20)
    never.set()
    assert asking.done()
    assert isinstance(asking.exception(), aiohttp.ClientError) or asking.result().status == 408


async def test_a_page_that_leaves_while_it_sends(lobby: Lobby) -> None:
    """Nothing is imported, and the next one can."""
    page = await lobby.enter()
    began, never = asyncio.Event(), asyncio.Event()

    async def flow() -> AsyncIterator[bytes]:
        yield b"{"
        began.set()
        await never.wait()

    asking = asyncio.ensure_future(send(page, flow()))
    await began.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert (await send(page, encode_dossier(a_dossier(), same))).status == 204


async def test_no_room_for_a_file(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is gone, a disk that is full: told as such, whatever it was that could not be written."""
    page = await lobby.enter()

    def is_full() -> None:
        raise DiskFull("only 1 MiB is free", hint="Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(lobby.office.desk.own.store, "check_room", is_full)
        assert (await send(page, b"{}")).status == 507

    def fail(*_: object, **__: object) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.TemporaryFile", fail)
        assert (await send(page, b"{}")).status == 507

    class Full(io.BytesIO):
        """Takes nothing."""

        def write(self, data: object) -> int:
            """It is full."""
            return int(fail())

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.TemporaryFile", lambda dir: Full())
        assert (await send(page, b"{}")).status == 507


class Gated(SqliteStore):
    """An import waits at each conversation."""

    gate: asyncio.Event
    waiting = 0

    async def add_dossier(self, dossier: Dossier, **given: Any) -> Added:
        """Once the gate is open."""
        self.waiting += 1
        await self.gate.wait()
        return await super().add_dossier(dossier, **given)


async def test_one_at_a_time_and_on_without_its_page(lobby: Lobby) -> None:
    """While one is under way another is refused; it goes on though its page leaves, and pages see how far it is."""
    store = lobby.office.desk.own.store
    store.__class__ = Gated
    assert isinstance(store, Gated)
    store.gate = asyncio.Event()
    lobby.office.desk.imports.__init__(beat=lambda: 0.0)  # type: ignore[misc] # a clock that stands: not each step is told
    first, second = await lobby.enter(), await lobby.enter()
    made = [a_dossier(), a_dossier()]
    leaving = asyncio.ensure_future(send(first, pack(*made)))
    await until(lambda: store.waiting == 1)
    assert "Importing 0 of 2" in shown(await second.view("/settings"))
    error = await send(second, pack(a_dossier()))
    assert (error.status, error.json()["error"]["message"]) == (400, "an import is under way")
    leaving.cancel()
    await asyncio.wait([leaving])
    store.gate.set()
    await until(lambda: not lobby.office.desk.imports.is_running)
    assert "<b>2</b> conversations added" in shown(await second.view("/settings"))
    assert await store.list_dossiers() == [each.id for each in made]


async def test_a_race_for_one(lobby: Lobby) -> None:
    """Of two that were both let in, the second is refused when its turn comes; its file is closed."""
    imports, file = Imports(), io.BytesIO(b"{}")
    imports.is_running = True
    with pytest.raises(InputError):
        await imports.run(lobby.office.desk.own, file, scrub=same, hub=None)  # type: ignore[arg-type] # never used
    assert file.closed


async def test_how_often_steps_are_told(lobby: Lobby) -> None:
    """Each one when they take their time, and only the beginning and the end when they do not."""
    app, data = lobby.office.desk.own, pack(a_dossier(), a_dossier(), a_dossier())
    for seconds, told in ((1.0, 6), (0.0, 2)):
        moments = itertools.count(1.0, seconds) if seconds else itertools.repeat(1.0)
        hub, imports = Hub(), Imports(beat=moments.__next__)
        await imports.run(app, io.BytesIO(data), scrub=same, hub=hub)
        assert hub.seq - told in (0, 1)  # the first time all pages are told to look again


async def test_an_import_tells_other_pages_of_conflicts(lobby: Lobby) -> None:
    """The same id with another content is a line in the report, and what is here stays."""
    page, dossier = await lobby.enter(), a_dossier("Mine")
    await lobby.office.desk.own.store.add_dossier(dossier, scrub=same, now=1.0)
    other = replace(dossier, messages=(replace(dossier.messages[0], parts=(TextPart("x"),)), dossier.messages[1]))
    assert (await send(page, pack(other))).status == 204
    assert "<li>0.json: a message in it is another one here (parts)</li>" in shown(await page.view("/settings"))


async def test_chatgpt(lobby: Lobby) -> None:
    """Its export can be imported as well; replies name their model, and are not asked for again. A database cannot."""
    page = await lobby.enter()
    assert (await send(page, write_export([conversation()]))).status == 204
    (summary,) = await lobby.office.desk.app.store.list_conversations(None, 9)
    html = (await page.view(f"/c/{summary.id}"))["html"]
    assert "gpt-4o, imported" in html
    assert 'data-do="amend"' in html
    assert 'data-do="regenerate"' not in html
    refused = await send(page, b"SQLite format 3\0" + bytes(100))
    assert refused.status == 400
    assert b"cannot be imported here" in refused.body
