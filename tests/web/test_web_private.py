"""Private conversations on the pages: there while Chit runs, gone afterwards, and never on the disk."""

from pathlib import Path

from tests.test_engine_private import MARK, find_on_disk
from tests.upstream import Upstream, until
from tests.web.house import Tap
from tests.web.lobby import list_said, opened_lobby, setting_for

from chit.sandbox.server import Sandbox


async def test_a_private_conversation_lives_until_the_end(tmp_path: Path) -> None:
    """It is told apart, can be gone on with and renamed; after a restart its address says what it was and cost."""
    home = tmp_path / "home"
    async with Sandbox(pace=0, settle_after=0) as box:
        setting = setting_for(home, box)
        async with opened_lobby(setting) as lobby:
            page = await lobby.enter()
            await page.listen()
            made = await page.say(f"One {MARK}", model="sandbox/echo", private=True)
            await page.hears("ended", message=made["reply"])
            path = f"/c/{made['conversation']}"
            view = await page.view(path)
            assert view["data"]["private"] is True
            assert "In memory only, gone when Chit ends." in view["html"]
            assert view["title"] == f"One {MARK}"
            assert list_said(view["html"]) == [f"One {MARK}"]
            told = page.told("conversation", id=made["conversation"])[-1]
            assert "data-private" in told["item"]
            assert MARK in told["item"]
            assert MARK in (await page.ask("GET", "/view/conversations", 200))["html"]
            more = await page.say("Two", conversation=made["conversation"], model="sandbox/echo")
            await page.hears("ended", message=more["reply"])
            await page.ask("PATCH", path, 204, title=f"Named {MARK}")
            await page.ask("POST", f"/m/{more['reply']}/amend", 200, text=f"Rewritten {MARK}")
            assert f"Named {MARK}" == (await page.view(path))["title"]
            ordinary = await page.say("Plain", model="sandbox/echo")
            await page.hears("ended", message=ordinary["reply"])
            assert "private" not in (await page.view(f"/c/{ordinary['conversation']}"))["data"]
        assert find_on_disk(home, MARK) == []
        async with opened_lobby(setting) as lobby:
            page = await lobby.enter()
            view = await page.view(path)
            assert (view["screen"], view["title"]) == ("forgotten", "Private")
            assert "This conversation was private" in view["html"]
            assert "$0.0" in view["html"]
            html = (await page.ask("GET", "/view/conversations", 200))["html"]
            assert ("Plain" in html, made["conversation"] in html) == (True, False)
            error = await page.refused("POST", path, 404, text="And?")
            assert error["kind"] == "was_private"
            error = await page.refused("POST", f"/m/{made['reply']}/regenerate", 404, changes=None)
            assert "private" in error["message"]
            await page.refused("GET", "/view?path=/c/nothing", 404)


async def test_deleting_one_stops_it_and_is_final(tmp_path: Path, tap: Tap) -> None:
    """The upstream is closed, nothing brings it back, and no word was ever written; other replies go on."""
    home = tmp_path / "home"
    async with Upstream(tap.answer) as upstream, opened_lobby(setting_for(home, upstream)) as lobby:
        page = await lobby.enter()
        await page.listen()
        made = await page.say(MARK, model="a/b", private=True)
        tap.say(f"{MARK} reply")
        await page.hears("blocks", message=made["reply"])
        assert find_on_disk(home, MARK) == []
        await page.ask("DELETE", f"/c/{made['conversation']}", 204)
        await until(tap.left.is_set)
        await page.hears("ended", message=made["reply"])
        await page.refused("POST", f"/c/{made['conversation']}/restore", 404)
        error = await page.refused("GET", f"/view?path=/c/{made['conversation']}", 404)
        assert "deleted" in error["message"]
        kept = await page.say("Plain", model="a/b")
        await page.ask("DELETE", f"/c/{kept['conversation']}", 204)
        tap.say("goes on")
        tap.end()
        await page.hears("ended", message=kept["reply"])
        await page.ask("POST", f"/c/{kept['conversation']}/restore", 204)
    assert find_on_disk(home, MARK) == []
