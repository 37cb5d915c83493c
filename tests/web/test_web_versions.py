"""Versions: rewritten replies and instructions, other models, and what each version is called."""

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from tests.upstream import Upstream
from tests.web.house import Tap
from tests.web.lobby import Lobby, Page, find_article, list_messages, opened_lobby, setting_for

from chit.core.messages import TextPart
from chit.sandbox.server import Sandbox


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


def menu(html: str, message: str) -> list[str]:
    """The names in the menu of a message, the current one with a star."""
    found = re.findall(r'<li><a href="[^"]*"( aria-current="true")?>(.*?)</a>', find_article(html, message))
    return [f"{'*' if current else ''}{unescape(name)}" for current, name in found]


async def say(page: Page, text: str, **members: str) -> dict[str, str]:
    """A question, to the end of its reply."""
    made = await page.say(text, **{"model": "sandbox/echo", **members})
    await page.hears("ended", message=made["reply"])
    return made


async def test_a_rewritten_reply_stands_beside(page: Page, lobby: Lobby) -> None:
    """Every page is told, the newest branch is the new version, marked; the next question tells the model its text."""
    made = await say(page, "Hello")
    conversation, reply = made["conversation"], made["reply"]
    amended = await page.ask("POST", f"/m/{reply}/amend", 200, text="Better *words*")
    assert amended["conversation"] == conversation
    await page.hears("amended", conversation=conversation)
    view = await page.view(f"/c/{conversation}")
    assert list_messages(view["html"]) == [made["question"], amended["message"]]
    article = find_article(view["html"], amended["message"])
    assert "<em>words</em>" in article
    assert "edited by you" in article
    assert 'data-do="regenerate"' not in article
    assert menu(view["html"], amended["message"]) == ["Hello", "*edited"]
    assert (view["data"]["leaf"], view["data"]["model"]) == (amended["message"], "sandbox/echo")
    old = await page.view(f"/c/{conversation}?leaf={reply}")
    assert menu(old["html"], reply) == ["*Hello", "edited"]
    assert "edited by you" not in find_article(old["html"], reply)
    after = await say(page, "And?", conversation=conversation, parent=amended["message"])
    generation = await lobby.office.desk.app.store.find_generation(after["reply"])
    assert generation
    told = [each["content"] for each in json.loads(generation.request)["messages"]]
    assert told == ["Hello", "Better *words*", "And?"]


async def test_instructions_have_versions_too(page: Page, lobby: Lobby) -> None:
    """They can be rewritten, and the way back is there."""
    engine = lobby.office.desk.app.engine
    running = await engine.send([TextPart("Hi")], system="Be brief", parameters={"model": "sandbox/echo"}, origin="web")
    await running.wait()
    view = await page.view(f"/c/{running.message.conversation_id}")
    instructions = list_messages(view["html"])[0]
    assert 'data-do="amend"' in find_article(view["html"], instructions)
    amended = await page.ask("POST", f"/m/{instructions}/amend", 200, text="Answer at length")
    view = await page.view(f"/c/{running.message.conversation_id}")
    assert list_messages(view["html"]) == [amended["message"]]
    assert menu(view["html"], amended["message"]) == ["Be brief", "*edited"]


async def test_refusals_of_rewriting(page: Page) -> None:
    """Without a text, of a question and of nothing, each in plain words."""
    made = await say(page, "Hello")
    for id, status, members in (
        (made["reply"], 400, {"text": ""}),
        (made["reply"], 400, {"text": 7}),
        (made["question"], 400, {"text": "x"}),
        ("nothing", 404, {"text": "x"}),
    ):
        error = await page.refused("POST", f"/m/{id}/amend", status, **members)
        assert error["hint"]


async def test_again_with_another_model(page: Page, lobby: Lobby) -> None:
    """As the model field says it; versions are named by their models, and by their words where two share one."""
    made = await say(page, "Hello")
    requests = []
    for model in ("sandbox/long,sandbox/echo", "sandbox/reasoning", "", "sandbox/reasoning"):
        again = await page.ask("POST", f"/m/{made['reply']}/regenerate", 202, model=model, changes={"max_tokens": 5})
        await page.hears("ended", message=again["reply"])
        generation = await lobby.office.desk.app.store.find_generation(again["reply"])
        assert generation
        body = json.loads(generation.request)
        requests.append({name: body[name] for name in ("model", "models", "max_tokens") if name in body})
    assert requests == [
        {"models": ["sandbox/long", "sandbox/echo"], "max_tokens": 5},
        {"model": "sandbox/reasoning", "max_tokens": 5},
        {"max_tokens": 5},
        {"model": "sandbox/reasoning", "max_tokens": 5},
    ]
    view = await page.view(f"/c/{made['conversation']}")
    names = menu(view["html"], again["reply"])
    assert names[:2] == ["sandbox/echo", "sandbox/long"]
    assert len(names) == 5
    assert names[2].startswith("sandbox/reasoning · ")
    assert names[4].startswith("*sandbox/reasoning · ")


async def test_questions_are_named_by_what_differs(page: Page) -> None:
    """From the first words on that no other version has, on every version of them."""
    made = await say(page, "Tell me about red apples")
    conversation = made["conversation"]
    edited = await page.say("Tell me about red pears", conversation=conversation, parent=None, model="sandbox/echo")
    await page.hears("ended", message=edited["reply"])
    view = await page.view(f"/c/{conversation}")
    assert menu(view["html"], edited["question"]) == ["… apples", "*… pears"]
    assert 'title="… pears"' in view["html"]
    old = await page.view(f"/c/{conversation}?leaf={made['question']}")
    assert menu(old["html"], made["question"]) == ["*… apples", "… pears"]


async def test_other_versions_can_be_reached_while_one_comes_in(tmp_path: Path, tap: Tap) -> None:
    """The way back stands under a reply from its beginning, for a page that is told and for one that comes."""
    async with Upstream(tap.answer) as upstream, opened_lobby(setting_for(tmp_path / "home", upstream)) as lobby:
        page = await lobby.enter()
        await page.listen()
        made = await page.say("Hello", model="a/b")
        tap.say("One")
        tap.end()
        await page.hears("ended", message=made["reply"])
        again = await page.ask("POST", f"/m/{made['reply']}/regenerate", 202, changes=None)
        opened = await page.hears("opened", reply=again["reply"])
        assert menu(opened["html"], again["reply"]) == ["One", "*still coming in"]
        assert f"?leaf={made['reply']}" in opened["html"]
        view = await page.view(f"/c/{made['conversation']}")
        assert menu(view["html"], again["reply"]) == ["One", "*still coming in"]
        assert 'data-do="regenerate"' not in find_article(view["html"], again["reply"])
        tap.end()
        await page.hears("ended", message=again["reply"])
