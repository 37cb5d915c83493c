"""Pins and the archive, as pages are told of them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for

from chit.sandbox.server import Sandbox
from chit.web import conversation_list


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


async def say(page: Page, text: str, **members: str) -> str:
    """A question, to the end of its reply; the conversation."""
    made = await page.say(text, model="sandbox/echo", **members)
    await page.hears("ended", message=made["reply"])
    return made["conversation"]


async def shown(page: Page) -> list[tuple[str, list[str]]]:
    """Each day of the list, with its titles."""
    html = (await page.ask("GET", "/view/conversations", 200))["html"]
    days = re.findall(r"<h3>(.*?)</h3>(.*?)</section>", html, re.DOTALL)
    return [(day, re.findall(r'<span class="title">(.*?)</span>', items)) for day, items in days]


async def test_pinned_ones_stand_above_the_days(page: Page) -> None:
    """They move there at once on every page, and back to where they were last used; only the first page shows them."""
    one, two = await say(page, "One"), await say(page, "Two")
    await page.ask("PATCH", f"/c/{one}", 204, pinned=True)
    told = await page.hears("conversation", id=one, day="Pinned")
    assert ">Unpin<" in told["item"]
    assert await shown(page) == [("Pinned", ["One"]), ("Today", ["Two"])]
    assert page.told("list") == []
    later = await page.ask("GET", f"/view/conversations?before={10**9}", 200)
    assert "One" not in later["html"]
    await page.ask("PATCH", f"/c/{one}", 204, pinned=False, title="First")
    await page.hears("list")
    assert await shown(page) == [("Today", ["Two", "First"])]
    await say(page, "More", conversation=two)


async def test_archived_ones_are_on_a_page_of_their_own(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of the list, pinned or not; from there they come back, and so they do with a new message."""
    made = [await say(page, name) for name in ("One", "Two", "Three")]
    await page.ask("PATCH", f"/c/{made[0]}", 204, pinned=True, archived=True)
    told = await page.hears("conversation", id=made[0], item=None)
    assert told["cost"].startswith("$")
    for id in made[1:]:
        await page.ask("PATCH", f"/c/{id}", 204, archived=True)
    assert await shown(page) == []
    monkeypatch.setattr(conversation_list, "PAGE", 2)
    view = await page.view("/archive")
    assert (view["screen"], view["title"]) == ("archive", "Archive")
    assert re.findall(r'<a href="/c/[^"]*">(.*?)</a>', view["html"]) == ["Three", "Two"]
    (older,) = re.findall(r'href="(/archive\?before=\d+)"', view["html"])
    assert "One" in (await page.view(older))["html"]
    assert "One" not in (await page.view("/archive?before=no"))["html"]
    await page.ask("PATCH", f"/c/{made[0]}", 204, archived=False)
    await page.hears("list")
    await say(page, "More", conversation=made[1])
    assert await shown(page) == [("Pinned", ["One"]), ("Today", ["Two"])]
    assert "Older ones" not in (await page.view("/archive"))["html"]


async def test_an_empty_archive_says_so(page: Page) -> None:
    """And its address is one that can be opened."""
    assert "Nothing is archived" in (await page.view("/archive"))["html"]
    assert (await page.try_raw("GET", "/archive")).status == 200


@pytest.mark.parametrize(
    "change", [{"model": "x"}, {"pinned": 1}, {"archived": "yes"}, {"title": " "}, {"title": None}, {"other": True}]
)
async def test_changes_that_are_none(page: Page, change: dict[str, Any]) -> None:
    """What cannot be meant is refused in plain words, and nothing is changed."""
    conversation = await say(page, "One")
    error = await page.refused("PATCH", f"/c/{conversation}", 400, **change)
    assert error["hint"]
    await page.refused("PATCH", "/c/nothing", 404, archived=True)
    assert await shown(page) == [("Today", ["One"])]
