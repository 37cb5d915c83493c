"""The pages as a whole: what happens elsewhere is told, homes are switched, and the end keeps what runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.upstream import Upstream
from tests.web.house import Tap
from tests.web.lobby import Lobby, Page, find_article, list_said, opened_lobby, setting_for
from tests.web.office import PASSPHRASE

from chit.core.messages import TextPart
from chit.errors import StoreError
from chit.notices import GenerationEnded, SettlementChanged
from chit.sandbox.server import Sandbox
from chit.store.sqlite import SqliteStore
from chit.web.desk import open_desk
from chit.web.front import open_front
from chit.web.listening import open_listening


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    """The pages over a sandbox without any delay."""
    async with (
        Sandbox(pace=0, settle_after=0) as box,
        opened_lobby(setting_for(tmp_path / "home", box)) as lobby,
    ):
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """It listens."""
    page = await lobby.enter()
    await page.listen()
    return page


async def settle(lobby: Lobby, reply: str) -> str:
    """Now; the generation's id."""
    app = lobby.office.desk.app
    generation = await app.store.find_generation(reply)
    assert generation
    assert generation.generation_id
    await app.settler.settle_now([generation.generation_id])
    return generation.generation_id


async def test_a_settled_chit_is_told(page: Page, lobby: Lobby) -> None:
    """In place of the pending one, after the reply, and the conversation's cost with it; a new view has the same."""
    made = await page.say("Hello", model="sandbox/echo")
    ended = await page.hears("ended", message=made["reply"])
    assert ">pending</span>" in ended["html"]
    await page.hears("conversation", 2)
    await settle(lobby, made["reply"])
    chit = await page.hears("chit", message=made["reply"])
    assert "pending" not in chit["line"]
    assert "settled" in chit["receipt"]
    assert 'class="cost"' in (await page.hears("conversation", 3))["item"]
    view = await page.view(f"/c/{made['conversation']}")
    assert chit["line"].strip() in find_article(view["html"], made["reply"])


async def test_what_is_settled_and_not_ours_is_not_told(
    page: Page, lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id that nobody knows, a store that fails, a home that was left meanwhile: the next view shows it."""
    notices = lobby.office.desk.notices
    notices.publish(SettlementChanged("gen-nobody-knows"))
    notices.publish(GenerationEnded("m", None))
    made = await page.say("Hello", model="sandbox/echo")
    await page.hears("conversation", 2)
    gate, find = asyncio.Event(), SqliteStore.find

    async def wait(store: SqliteStore, name: str) -> Any:
        await gate.wait()
        return await find(store, name)

    monkeypatch.setattr(SqliteStore, "find", wait)
    await settle(lobby, made["reply"])
    await page.ask("POST", "/sandbox", 200)
    gate.set()
    await page.hears("reset")
    await page.ask("DELETE", "/sandbox", 200)

    async def fail(*_: Any) -> Any:
        raise StoreError("gone")

    monkeypatch.setattr(SqliteStore, "find", fail)
    notices.publish(SettlementChanged("gen-1"))
    await page.hears("reset", 2)
    await page.ask("PATCH", "/prefs", 200, theme="light")
    await page.hears("prefs")
    assert page.told("chit") == []


async def test_the_sandbox_has_a_history_of_its_own(page: Page) -> None:
    """Switching resets every page; what was said on one side is not found on the other, and is there on return."""
    mine = await page.say("Mine", model="sandbox/echo")
    await page.hears("ended", message=mine["reply"])
    await page.ask("POST", "/sandbox", 200)
    reset = await page.hears("reset")
    assert reset["epoch"] == page.epoch
    await page.refused("GET", f"/view?path=/c/{mine['conversation']}", 404)
    assert "Mine" not in (await page.ask("GET", "/view/conversations", 200))["html"]
    assert (await page.view("/"))["data"]["model"] == ""
    theirs = await page.say("Theirs", model="sandbox/echo")
    ended = await page.hears("ended", message=theirs["reply"])
    assert " sandbox" in find_article(ended["html"], theirs["reply"])
    await page.ask("DELETE", "/sandbox", 200)
    await page.hears("reset", 2)
    assert list_said((await page.view(f"/c/{mine['conversation']}"))["html"]) == ["Mine"]
    await page.refused("GET", f"/view?path=/c/{theirs['conversation']}", 404)


async def test_leaving_the_sandbox_ends_what_runs_there(page: Page) -> None:
    """Its reply is told as stopped, of the list it is told nothing, and it is kept over there."""
    await page.ask("POST", "/sandbox", 200)
    made = await page.say("Go", model="sandbox/stall")
    await page.hears("blocks", message=made["reply"])
    await page.ask("DELETE", "/sandbox", 200)
    ended = await page.hears("ended", message=made["reply"])
    assert 'data-state="stopped"' in ended["html"]
    assert len(page.told("conversation")) == 1
    await page.ask("POST", "/sandbox", 200)
    view = await page.view(f"/c/{made['conversation']}")
    assert 'data-state="stopped"' in find_article(view["html"], made["reply"])


async def test_locks_are_told(tmp_path: Path) -> None:
    """Unlocked and locked, on every page; keys too."""
    async with Sandbox(pace=0) as box:
        setting = setting_for(tmp_path / "home", box)
        await setting.seal_plainly()
        async with opened_lobby(setting, is_given=False) as lobby:
            page, other = await lobby.enter(), await lobby.enter()
            await other.listen()
            await page.ask("POST", "/unlock", 200, passphrase=PASSPHRASE)
            await other.hears("unlocked")
            assert (await page.view())["screen"] == "new"
            await page.ask("POST", "/lock", 200)
            await other.hears("locked")
            assert (await page.view())["screen"] == "locked"
            await page.ask("POST", "/unlock", 200, passphrase=PASSPHRASE)
            await page.ask("DELETE", "/key/inference", 200, passphrase=PASSPHRASE)
            await other.hears("unlocked", 3)
            assert (await page.view())["screen"] == "first"


async def test_a_page_from_before_a_restart_starts_anew(tmp_path: Path) -> None:
    """Its epoch means nothing to the new server: a reset, and then what happens from there."""
    async with Sandbox(pace=0) as box:
        setting = setting_for(tmp_path / "home", box)
        async with opened_lobby(setting) as lobby:
            page = await lobby.enter()
            view = await page.listen()
            await page.say("One", model="sandbox/echo")
            await page.hears("conversation", 2)
            known = page.seq
        async with opened_lobby(setting) as lobby:
            page = await lobby.enter()
            await page.resume(view["epoch"], known)
            reset = await page.hears("reset")
            assert (reset["seq"], reset["epoch"] == view["epoch"]) == (0, False)
            made = await page.say("Two", model="sandbox/echo")
            await page.hears("ended", message=made["reply"])
            assert page.told("opened")[0]["seq"] == 1


async def test_the_end_of_the_pages_keeps_what_runs(tmp_path: Path, tap: Tap) -> None:
    """A reply goes on after the front was closed, and is kept to its end; its streams end with the front."""
    async with Upstream(tap.answer) as upstream, AsyncExitStack() as closing:
        setting = setting_for(tmp_path / "home", upstream)
        async with opened_lobby(setting) as outer:
            desk = outer.office.desk
            inner = open_front(open_listening(0), desk, setting.handed, run=setting.home / "second")
            outer.office.server = await closing.enter_async_context(inner)
            page = await outer.enter()
            await page.listen()
            made = await page.say("Go", model="a/b")
            tap.say("one ")
            await page.hears("blocks", message=made["reply"])
            await closing.aclose()
            await page.ends()
            assert page.told("ended") == []
            tap.say("two")
            tap.end()
            store = desk.own.store

            async def text() -> str:
                return (await store.get_message(made["reply"])).text

            async with asyncio.timeout(20):
                while await text() != "one two":  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.001)


async def test_the_end_does_not_wait_for_what_was_to_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settlement that is being read when the pages end is let go."""
    reading = asyncio.Event()

    async def never(*_: Any) -> None:
        reading.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(SqliteStore, "find", never)
    async with Sandbox(pace=0) as box:
        setting = setting_for(tmp_path / "home", box)
        async with opened_lobby(setting) as lobby:
            lobby.office.desk.notices.publish(SettlementChanged("gen-1"))
            await reading.wait()


async def test_replies_of_a_desk_outlive_its_pages(tmp_path: Path) -> None:
    """The desk's own end stops them, and they are kept as stopped."""
    async with Sandbox(pace=0) as box:
        setting = setting_for(tmp_path / "home", box)
        async with opened_lobby(setting) as lobby:
            page = await lobby.enter()
            await page.listen()
            made = await page.say("Go", model="sandbox/stall")
            await page.hears("blocks", message=made["reply"])
        async with open_desk(setting.prefs, setting.handed, open_sandbox=setting.open_sandbox) as desk:
            generation = await desk.own.store.find_generation(made["reply"])
            assert generation
            assert generation.state == "stopped"


async def test_what_else_sends_is_not_told(page: Page, lobby: Lobby) -> None:
    """A question that another face of this process asks does not disturb the pages."""
    running = await lobby.office.desk.app.engine.send([TextPart("x")], parameters={"model": "sandbox/echo"})
    await running.wait()
    await page.ask("PATCH", "/prefs", 200, theme="light")
    await page.hears("prefs")
    assert page.told("opened") == []
