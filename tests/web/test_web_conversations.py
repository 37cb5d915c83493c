"""The list of conversations, and what is done with them: names, deletion, its undoing, its end."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.upstream import until
from tests.web.lobby import Lobby, Page, list_said, opened_lobby, setting_for

from chit.core.conversation import UNDO_SECONDS, Conversation
from chit.errors import StoreError
from chit.sandbox.server import Sandbox
from chit.store.sqlite import SqliteStore
from chit.web import conversation_list, front
from chit.web.conversation_list import show_total
from chit.web.conversation_routes import ConversationRoutes


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


async def say(page: Page, text: str) -> str:
    """A question, to the end of its reply; the conversation."""
    made = await page.say(text, model="sandbox/echo")
    await page.hears("conversation", 2, id=made["conversation"])
    return made["conversation"]


def titles(html: str) -> list[str]:
    """In order."""
    return re.findall(r'<span class="title">(.*?)</span>', html)


async def test_conversations_are_listed_by_day(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest in use first, with what they cost, in pages that say where the next begins."""
    empty = await page.ask("GET", "/view/conversations", 200)
    assert (titles(empty["html"]), empty["more"]) == ([], None)
    for name in ("One", "Two", "Three"):
        await say(page, name)
    monkeypatch.setattr(conversation_list, "PAGE", 2)
    first = await page.ask("GET", "/view/conversations", 200)
    assert titles(first["html"]) == ["Three", "Two"]
    assert first["html"].count("<h3>Today</h3>") == 1
    assert first["html"].count('title="not settled yet">$0.') == 2
    rest = await page.ask("GET", f"/view/conversations?before={first['more']}", 200)
    assert (titles(rest["html"]), rest["more"]) == (["One"], None)
    end = await page.ask("GET", "/view/conversations?before=1", 200)
    assert (end["html"].strip(), end["more"]) == ("", None)


async def test_a_new_name_is_told(page: Page) -> None:
    """To every page and every list, without white space around it, and no longer than anybody reads."""
    conversation = await say(page, "One")
    await page.ask("PATCH", f"/c/{conversation}", 204, title="  Anew <b> ")
    event = await page.hears("conversation", 3, id=conversation)
    assert titles(event["item"]) == ["Anew &lt;b&gt;"]
    assert (event["day"], event["cost"].startswith("$")) == ("Today", True)
    assert (await page.view(f"/c/{conversation}"))["title"] == "Anew <b>"
    await page.ask("PATCH", f"/c/{conversation}", 204, title="x" * 1000)
    assert (await page.view(f"/c/{conversation}"))["title"] == "x" * 300
    assert (await page.refused("PATCH", "/c/nothing", 404, title="x"))["kind"] == "not_found"


async def test_deleting_can_be_undone(page: Page) -> None:
    """Gone from the list and its page, back with all it had; neither can be done twice."""
    conversation = await say(page, "One")
    await page.ask("DELETE", f"/c/{conversation}", 204)
    event = await page.hears("conversation", 3, id=conversation)
    assert (event["item"], event["day"], event["cost"]) == (None, "", "")
    assert "was deleted" in (await page.refused("GET", f"/view?path=/c/{conversation}", 404))["message"]
    await page.refused("POST", f"/c/{conversation}", 404, text="More")
    await page.refused("DELETE", f"/c/{conversation}", 404)
    await page.ask("POST", f"/c/{conversation}/restore", 204)
    event = await page.hears("conversation", 4, id=conversation)
    assert titles(event["item"]) == ["One"]
    assert list_said((await page.view(f"/c/{conversation}"))["html"]) == ["One"]
    await page.refused("POST", f"/c/{conversation}/restore", 404)


async def test_what_was_deleted_long_ago_is_purged(page: Page, lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the background, and whatever goes wrong with it is tried again; then nothing brings it back."""
    store, failures = lobby.office.desk.app.store, [0]
    purge = SqliteStore.purge_deleted

    async def fail_once(self: SqliteStore, older_than: float) -> int:
        failures[0] += 1
        if failures[0] == 1:
            raise StoreError("busy")
        return await purge(self, older_than)

    old, fresh = await say(page, "Old"), await say(page, "Fresh")
    await store.delete_conversation(old, now=time.time() - UNDO_SECONDS - 60)
    await page.ask("DELETE", f"/c/{fresh}", 204)
    monkeypatch.setattr(front, "_PURGE_EVERY", 0.001)
    monkeypatch.setattr(SqliteStore, "purge_deleted", fail_once)
    setting = lobby.office.setting
    async with opened_lobby(setting) as second:
        await until(lambda: failures[0] > 2)
        again = await second.enter()
        await again.refused("POST", f"/c/{old}/restore", 404)
        await again.ask("POST", f"/c/{fresh}/restore", 204)


async def test_conversations_of_programs_are_not_listed(lobby: Lobby) -> None:
    """An event about one says that the list has no such item; what costs nothing known shows nothing."""
    app = lobby.office.desk.app
    running = await app.engine.send_request(b'{"messages": [], "model": "sandbox/echo"}', origin="api")
    message = await running.wait()
    told = await conversation_list.write_item(app.store, message.conversation_id)
    assert told == {"id": message.conversation_id, "item": None, "day": "", "cost": ""}
    assert show_total([]) == ""
    assert isinstance(await app.store.get_conversation(message.conversation_id), Conversation)


def test_every_route_asks_for_a_session() -> None:
    """None of them is open."""
    routes = ConversationRoutes(None, None, None).routes()  # type: ignore[arg-type] # only listed
    assert {route.needs for route in routes} == {"session"}
