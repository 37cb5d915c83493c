"""Screens and lists over real sockets: what stands where, older pages, hostile addresses, what other faces wrote."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.upstream import until
from tests.web.lobby import Lobby, Page, find_article, list_blocks, list_messages, list_said, opened_lobby, setting_for

from chit.core.messages import Options, TextPart, ToolResultPart
from chit.errors import StoreError
from chit.render.markdown import RENDER_VERSION
from chit.sandbox.server import Sandbox
from chit.store.sqlite import SqliteStore
from chit.web import articles, views

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"q": 1}'}}
SOURCE = {"type": "url_citation", "url_citation": {"url": "https://a.example/x", "title": "A source"}}


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
    """Signed in."""
    return await lobby.enter()


async def send(lobby: Lobby, *texts: str, **members: Any) -> list[str]:
    """Questions as `chit ask` sends them, each after the one before; the ids of the replies, the conversation first."""
    made: list[str] = []
    for text in texts:
        running = await lobby.office.desk.app.engine.send(
            [TextPart(text)],
            parameters={"model": "sandbox/echo"},
            conversation_id=made[0] if made else None,
            origin="cli",
            **members,
        )
        message = await running.wait()
        made += [message.id] if made else [message.conversation_id, message.id]
    return made


async def send_raw(lobby: Lobby, *messages: Any, **members: Any) -> str:
    """A raw request, as a program sends it; the conversation."""
    body = json.dumps({"model": "sandbox/echo", "messages": messages, **members}).encode()
    running = await lobby.office.desk.app.engine.send_request(body, origin="library")
    return (await running.wait()).conversation_id


@pytest.mark.parametrize(
    ("path", "screen", "title"),
    [
        ("/", "new", ""),
        ("", "new", ""),
        ("/anything/else", "new", ""),
        ("/costs", "costs", "Costs"),
        ("/costs?range=all&model=x", "costs", "Costs"),
        ("/settings", "settings", "Settings"),
        ("/settings/keys", "settings", "Settings"),
        ("/sign-in/random?code=x", "sign-in", "Signing in"),
        ("/leave?to=https%3A%2F%2Fa.example%2F", "leave", "Leaving"),
    ],
)
async def test_each_address_has_its_screen(page: Page, path: str, screen: str, title: str) -> None:
    """With where the stream stands, so that nothing after it is missed."""
    view = await page.view(path)
    assert (view["screen"], view["title"], view["seq"]) == (screen, title, 0)
    assert len(view["epoch"]) == 16
    assert view["html"]


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("https://a.example/x?y", "a.example"),
        ("https://xn--pypal-4ve.example/", "xn--pypal-4ve.example"),
        ("mailto:a@b.example?subject=x", "a@b.example"),
        ("javascript:alert(1)", None),
        ("mailto:" + "a" * 3000, None),
        ("", None),
    ],
)
async def test_a_link_out_is_shown_first(page: Page, to: str, shown: str | None) -> None:
    """Attack 25, a link that pretends: its real host stands there, and what leads nowhere safe has no link."""
    html = (await page.view(f"/leave?to={to}"))["html"]
    assert ("<a class" in html or "<a href" in html) == (shown is not None)
    assert shown is None or shown in html


async def test_settings_tell_what_the_environment_fixes(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """And list this browser as this one."""
    monkeypatch.setenv("CHIT_THEME", "dark")
    html = (await page.view("/settings"))["html"]
    assert "CHIT_THEME" in html
    assert html.count('data-path="/sessions/') >= 1


async def test_long_conversations_come_in_pages(lobby: Lobby, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, then what was before, until there is no more; nothing twice."""
    monkeypatch.setattr(views, "PAGE", 3)
    conversation, *_ = await send(lobby, "one", "two", "three", "four")
    view = await page.view(f"/c/{conversation}")
    pages, more = [view["html"]], view["data"]["more"]
    while more:
        older = await page.ask("GET", f"/view/older?conversation={conversation}&before={more}", 200)
        pages.insert(0, older["html"])
        more = older["more"]
    whole = [id for html in pages for id in list_messages(html)]
    assert whole == [each.id for each in await lobby.office.desk.app.store.list_messages(conversation)]
    assert list_said("".join(pages)) == ["one", "two", "three", "four"]
    assert [len(list_messages(html)) for html in pages] == [2, 3, 3]


async def test_results_of_tools_stay_with_their_calls(
    lobby: Lobby, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a page would begin with a result, it is left to the page before, where the call stands."""
    conversation = await send_raw(
        lobby,
        {"role": "user", "content": "Look it up"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "forty-two"},
        {"role": "user", "content": "And now?"},
    )
    monkeypatch.setattr(views, "PAGE", 3)
    view = await page.view(f"/c/{conversation}")
    assert list_said(view["html"]) == ["And now?"]
    assert "forty-two" not in view["html"]
    older = await page.ask("GET", f"/view/older?conversation={conversation}&before={view['data']['more']}", 200)
    assert "look_up" in older["html"]
    assert "forty-two" in older["html"]
    monkeypatch.setattr(views, "PAGE", 1)
    results = await page.ask("GET", f"/view/older?conversation={conversation}&before={view['data']['more']}", 200)
    assert (results["html"], results["more"] is None) == ("", False)


async def test_what_a_program_sent_is_shown(lobby: Lobby, page: Page) -> None:
    """Instructions folded, reasoning, calls with their results, pictures and sources, each as what it is."""
    conversation = await send_raw(
        lobby,
        {"role": "system", "content": "Be <b>brief</b>."},
        {"role": "user", "content": [{"type": "text", "text": "Look: <x>"}, PICTURE]},
        {
            "role": "assistant",
            "content": "I *look*.",
            "reasoning": "Hm.",
            "tool_calls": [CALL],
            "annotations": [SOURCE],
            "images": [PICTURE],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "forty-two"},
        {"role": "user", "content": "And?"},
    )
    html = (await page.view(f"/c/{conversation}"))["html"]
    assert '<div class="thoughts">Be &lt;b&gt;brief&lt;/b&gt;.</div>' in html
    assert html.index("Instructions") < html.index("Look: &lt;x&gt;")
    for piece in ("<em>look</em>", "Hm.", "look_up", "forty-two", "A source", "/media/0"):
        assert piece in html, piece
    assert list_said(html) == ["Look: <x>", "And?"]
    assert len(list_messages(html)) == 5


async def test_a_tool_result_without_its_call_and_hidden_messages_are_left_out(lobby: Lobby, page: Page) -> None:
    """Nothing breaks, and the rest stands."""
    store = lobby.office.desk.app.store
    conversation, _ = await send(lobby, "one")
    messages = await store.list_messages(conversation)
    orphan = replace(messages[0], source="client", parts=(ToolResultPart("x", "orphaned"),))
    hidden = replace(messages[0], id="hidden", options=Options(visible_to_user=False))
    shown = await articles.write_articles([orphan, hidden, *messages], store, live={}, is_sandbox=False)
    assert len(shown) == 2


async def test_what_the_command_line_asked_is_there(lobby: Lobby, page: Page) -> None:
    """With its system prompt, its chit, and the model for the next question."""
    conversation, reply = await send(lobby, "Hello", system="Be brief.")
    view = await page.view(f"/c/{conversation}")
    assert "Be brief." in view["html"]
    assert 'class="receipt"' in find_article(view["html"], reply)
    assert (view["data"]["model"], view["title"]) == ("sandbox/echo", "Hello")


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        ({"models": ["a/b", 5, "c/d"]}, "a/b,c/d"),
        ({"model": "a/b", "models": ["c/d"]}, "a/b"),
        ({}, ""),
    ],
)
async def test_the_model_field_says_what_was_asked_last(
    lobby: Lobby, page: Page, parameters: dict[str, Any], model: str
) -> None:
    """Several with commas; empty where the account's default was asked."""
    running = await lobby.office.desk.app.engine.send([TextPart("x")], parameters=parameters)
    message = await running.wait()
    assert (await page.view(f"/c/{message.conversation_id}"))["data"]["model"] == model


async def test_a_request_that_cannot_be_read(lobby: Lobby, page: Page) -> None:
    """The model is that of the ledger; a conversation without any message is shown empty."""
    conversation, _ = await send(lobby, "x")
    database = apsw.Connection(str(lobby.office.setting.home / "chit.db"))
    database.set_busy_timeout(10_000)
    database.execute("UPDATE generations SET request = ''")
    assert (await page.view(f"/c/{conversation}"))["data"]["model"] == "sandbox/echo"
    database.execute("UPDATE generations SET message = NULL")
    database.execute("DELETE FROM messages")
    database.close()
    view = await page.view(f"/c/{conversation}")
    assert (list_messages(view["html"]), view["data"]["leaf"], view["data"]["more"]) == ([], None, None)


async def test_a_rendered_reply_is_kept(lobby: Lobby, page: Page) -> None:
    """A view shows the kept blocks, makes those that are missing, and other text drops what was kept."""
    store = lobby.office.desk.app.store
    conversation, reply = await send(lobby, "*one*")
    assert await store.find_rendered([reply], RENDER_VERSION) == {}
    blocks = list_blocks((await page.view(f"/c/{conversation}"))["html"], reply)
    assert json.loads((await store.find_rendered([reply], RENDER_VERSION))[reply]) == blocks
    await store.record_rendered(reply, RENDER_VERSION, '["<p>kept</p>"]')
    assert list_blocks((await page.view(f"/c/{conversation}"))["html"], reply) == ["<p>kept</p>"]
    database = apsw.Connection(str(lobby.office.setting.home / "chit.db"))
    database.set_busy_timeout(10_000)
    database.execute("UPDATE messages SET parts = replace(parts, 'one', 'two') WHERE id = ?", (reply,))
    database.close()
    assert "two" in list_blocks((await page.view(f"/c/{conversation}"))["html"], reply)[0]


async def test_an_empty_text_is_not_kept(lobby: Lobby) -> None:
    """It may be that of a reply that another process ends this moment."""
    store = lobby.office.desk.app.store
    _, reply = await send(lobby, "x")
    message = replace(await store.get_message(reply), parts=())
    assert await articles.find_blocks(message, store, None) == []
    assert await store.find_rendered([reply], RENDER_VERSION) == {}


async def test_a_long_text_is_rendered_elsewhere(lobby: Lobby, page: Page) -> None:
    """It stands there all the same."""
    conversation, reply = await send(lobby, "long words " * (articles.LONG_TEXT // 10))
    assert "long words long" in list_blocks((await page.view(f"/c/{conversation}"))["html"], reply)[0]


@pytest.mark.parametrize(
    "path",
    [
        "/c/nothing",
        "/c/%00",
        "/c/%ED%A0%80",
        "//[",
        "/c/{c}?leaf=nothing",
        "/c/{c}?leaf=%00%FF",
        "/c/" + "x" * 4000,
    ],
)
async def test_hostile_addresses_are_not_found(lobby: Lobby, page: Page, path: str) -> None:
    """404 in JSON, whatever stands there."""
    conversation, _ = await send(lobby, "x")
    error = await page.refused("GET", f"/view?path={path.replace('{c}', conversation)}", 404)
    assert error["kind"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/view/older", 404),
        ("GET", "/view/older?conversation=x&before=y", 404),
        ("GET", "/view/older?conversation=%ff%00&before=%ed%a0%80", 404),
        ("GET", "/view/conversations?before=x", 400),
        ("GET", "/view/conversations?before=-1", 400),
        ("GET", "/view/conversations?before=" + "9" * 16, 400),
        ("GET", "/m/nothing", 404),
        ("GET", "/m/%00", 404),
        ("POST", "/m/nothing/stop", 404),
        ("POST", "/m/nothing/regenerate", 400),
        ("POST", "/c/%ed%a0%80/restore", 404),
        ("DELETE", "/c/nothing", 404),
    ],
)
async def test_hostile_requests_are_refused(page: Page, method: str, path: str, status: int) -> None:
    """With a status of the caller's, never one of ours."""
    assert (await page.try_raw(method, path)).status == status


async def test_hostile_names_in_bodies(lobby: Lobby, page: Page) -> None:
    """A parent, a conversation or a message that is none is 404 or 400, and nothing is recorded for it."""
    conversation, reply = await send(lobby, "x")
    for parent in ("nothing", "\x00", reply + " "):
        await page.refused("POST", f"/c/{conversation}", 404, text="x", parent=parent)
    await page.refused("POST", "/c/nothing", 404, text="x")
    await page.refused("POST", "/m/nothing/regenerate", 404, changes={})
    await page.refused("PATCH", f"/c/{conversation}", 400, title="  ")
    await page.refused("PATCH", f"/c/{conversation}", 400, title=5)
    assert len(await lobby.office.desk.app.store.list_messages(conversation)) == 2


async def test_a_store_that_is_damaged_is_told(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with the reason in JSON."""

    async def fail(*_: Any) -> Any:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(SqliteStore, "list_conversations", fail)
    assert (await page.refused("GET", "/view/conversations", 503))["message"] == "the disk is gone"


async def test_a_reply_of_another_process_is_shown_as_coming(lobby: Lobby, page: Page) -> None:
    """It is not told live, but the view says that it is under way."""
    engine = lobby.office.desk.app.engine
    running = await engine.send([TextPart("x")], parameters={"model": "sandbox/stall"}, origin="cli")
    await until(lambda: running.generation.state == "streaming")
    view = await page.view(f"/c/{running.message.conversation_id}")
    article = find_article(view["html"], running.message.id)
    assert 'data-state="streaming"' in article
    assert "<footer" not in article
    assert view["data"]["running"] is None
    await running.stop()
    assert 'data-state="stopped"' in (await page.view(f"/c/{running.message.conversation_id}"))["html"]
