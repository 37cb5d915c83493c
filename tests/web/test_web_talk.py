"""Questions and replies over real sockets: what is recorded, what pages are told, in which order, how it ends."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.upstream import Upstream, until
from tests.web.house import Tap
from tests.web.lobby import (
    Lobby,
    Page,
    find_article,
    list_blocks,
    list_messages,
    list_said,
    opened_lobby,
    replay,
    setting_for,
)

from chit.errors import StoreError
from chit.sandbox.reply import Reply
from chit.sandbox.server import Sandbox
from chit.store.sqlite import SqliteStore

MARKDOWN = "# A list\n\n- one\n- two\n\n```python\nprint('three')\n```\n\nThe *end*, and a [link](https://a.example/)."


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """OpenRouter, without any delay."""
    async with Sandbox(pace=0, settle_after=0) as box:
        yield box


@pytest.fixture
async def lobby(tmp_path: Path, box: Sandbox) -> AsyncIterator[Lobby]:
    """The pages over that."""
    async with opened_lobby(setting_for(tmp_path / "home", box)) as lobby:
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """It listens, before anything was asked."""
    page = await lobby.enter()
    await page.listen()
    return page


@pytest.fixture
async def tapped(tmp_path: Path, tap: Tap) -> AsyncIterator[Lobby]:
    """The pages over an OpenRouter that says what the test says, when it says it."""
    async with Upstream(tap.answer) as upstream, opened_lobby(setting_for(tmp_path / "home", upstream)) as lobby:
        yield lobby


async def request_of(lobby: Lobby, reply: str) -> dict[str, Any]:
    """The one that asked for this reply."""
    generation = await lobby.office.desk.app.store.find_generation(reply)
    assert generation
    body: dict[str, Any] = json.loads(generation.request)
    return body


async def test_a_reply_is_told_as_history_shows_it(page: Page) -> None:
    """First the question with the empty reply, then its blocks, then the whole; replayed they are what a view shows."""
    made = await page.say(MARKDOWN, model="sandbox/echo")
    conversation, reply = made["conversation"], made["reply"]
    ended = await page.hears("ended", message=reply)
    await page.hears("conversation", 2)
    kinds = [event["type"] for event in page.events]
    assert (kinds[:2], kinds[-2:]) == (["opened", "conversation"], ["ended", "conversation"])
    assert set(kinds[2:-2]) <= {"blocks", "status"}
    assert [event["seq"] for event in page.events] == list(range(1, len(kinds) + 1))
    opened = page.events[0]
    assert (opened["conversation"], opened["after"], opened["reply"]) == (conversation, None, reply)
    assert list_said(opened["question"]) == [MARKDOWN]
    assert list_messages(opened["question"] + opened["html"]) == [made["question"], reply]
    view = await page.view(f"/c/{conversation}")
    shown = list_blocks(view["html"], reply)
    assert shown == list_blocks(ended["html"], reply) == replay(opened["html"], page.events, reply)
    assert len(shown) == 4
    assert find_article(view["html"], reply) == ended["html"].strip()
    assert 'data-state="done"' in ended["html"]
    assert view["data"] | {"cost": "", "chips": ""} == {
        "conversation": conversation,
        "leaf": reply,
        "more": None,
        "model": "sandbox/echo",
        "cost": "",
        "chips": "",
        "running": None,
    }
    assert view["data"]["cost"] == page.events[-1]["cost"] != ""


async def test_two_pages_are_told_the_same(lobby: Lobby, page: Page) -> None:
    """Event for event, and one that comes in the middle goes on from what its view shows."""
    other = await lobby.enter()
    await other.listen()
    made = await page.say("Hello you two", model="sandbox/echo")
    for each in (page, other):
        await each.hears("ended", message=made["reply"])
        await each.hears("conversation", 2)
    assert other.events == page.events


async def test_a_view_in_the_middle_misses_nothing_and_doubles_nothing(tapped: Lobby, tap: Tap) -> None:
    """Whenever a page comes, its view and the events after it make up the reply, thoughts included."""
    first = await tapped.enter()
    await first.listen()
    made = await first.say("Go", model="a/b")
    reply, latecomers = made["reply"], []
    tap.think("Well")
    await first.hears("reasoning", message=reply)
    for number in range(4):
        late = await tapped.enter()
        latecomers.append((late, await late.listen(f"/c/{made['conversation']}")))
        tap.say(f"```\nline {number}\n" if number % 2 == 0 else f"more {number}\n```\n\n")
        await first.hears("blocks", number + 1, message=reply)
    tap.end()
    ended = await first.hears("ended", message=reply)
    for late, view in latecomers:
        await late.hears("ended", message=reply)
        assert view["data"]["running"] == reply
        assert "Well" in find_article(view["html"], reply)
        assert late.told("reasoning") == []
        assert replay(view["html"], late.events, reply) == list_blocks(ended["html"], reply)
    assert (await first.view(f"/c/{made['conversation']}"))["data"]["running"] is None


async def test_a_page_that_was_away_resumes(tapped: Lobby, tap: Tap) -> None:
    """From the last number it knows every later event comes, once."""
    page, other = await tapped.enter(), await tapped.enter()
    await page.listen()
    await other.listen()
    made = await page.say("Go", model="a/b")
    tap.say("one ")
    await page.hears("blocks")
    page.leave()
    known = list(page.events)
    tap.say("two ")
    await other.hears("blocks", 2)
    await page.resume(page.epoch, known[-1]["seq"])
    tap.end()
    await page.hears("ended", message=made["reply"])
    await other.hears("conversation", 2)
    await page.hears("conversation", 2)
    assert page.events == other.events


ENDS: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("sandbox/cut", {}, "cut", ["retry"]),
    ("sandbox/mid-error", {}, "failed", ["retry"]),
    ("sandbox/error-data-policy", {}, "failed", ["open_link"]),
    ("sandbox/error-no-models", {}, "failed", ["open_link"]),
    ("sandbox/echo", {"status": 0}, "unknown", ["retry"]),
]


@pytest.mark.parametrize(("model", "canned", "state", "actions"), ENDS, ids=[each[0] for each in ENDS])
async def test_every_end_is_told(
    page: Page, box: Sandbox, model: str, canned: dict[str, Any], state: str, actions: list[str]
) -> None:
    """With its state, the reason, the buttons that mend it; and a later view shows the same."""
    if canned:
        box.queue(Reply(**canned))
    made = await page.say("Why?", model=model)
    ended = await page.hears("ended", message=made["reply"])
    assert f'data-state="{state}"' in ended["html"]
    assert '<section class="failure"' in ended["html"]
    found = {"retry": 'data-do="retry"', "open_link": 'target="_blank"'}
    assert [kind for kind in actions if found[kind] not in ended["html"]] == []
    view = await page.view(f"/c/{made['conversation']}")
    assert find_article(view["html"], made["reply"]) == ended["html"].strip()
    record = await page.ask("GET", f"/m/{made['reply']}", 200)
    assert (record["state"], record["error"]["message"] in view["html"].replace("&#39;", "'")) == (state, True)
    has_receipt = 'class="receipt"' in ended["html"]
    assert has_receipt == (record["chit"]["generation_id"] is not None or state != "failed")


async def test_stop_keeps_what_came(tapped: Lobby, tap: Tap) -> None:
    """The upstream is left at once, the reply ends as stopped with what it had; there is nothing to stop twice."""
    page = await tapped.enter()
    await page.listen()
    made = await page.say("Count", model="a/b")
    tap.say("one, two, ")
    await page.hears("blocks")
    await page.ask("POST", f"/m/{made['reply']}/stop", 204)
    await tap.left.wait()
    ended = await page.hears("ended", message=made["reply"])
    assert 'data-state="stopped"' in ended["html"]
    assert "one, two," in list_blocks(ended["html"], made["reply"])[0]
    assert 'data-do="continue"' in ended["html"]
    again = await page.refused("POST", f"/m/{made['reply']}/stop", 404)
    assert "does not run here" in again["message"]


async def test_a_stopped_reply_goes_on(tapped: Lobby, tap: Tap) -> None:
    """In a message of its own below it, which says that it continues."""
    page = await tapped.enter()
    await page.listen()
    made = await page.say("Count", model="a/b")
    tap.say("one, two, ")
    await page.hears("blocks")
    await page.ask("POST", f"/m/{made['reply']}/stop", 204)
    await page.hears("ended", message=made["reply"])
    more = await page.ask("POST", f"/m/{made['reply']}/continue", 202, changes=None)
    opened = await page.hears("opened", reply=more["reply"])
    assert (opened["after"], opened["question"]) == (made["reply"], None)
    assert " data-continues" in opened["html"]
    tap.say("three")
    tap.end()
    await page.hears("ended", message=more["reply"])
    assert tap.bodies[1]["messages"][-1] == {"role": "assistant", "content": "one, two,"}
    view = await page.view(f"/c/{made['conversation']}")
    assert list_messages(view["html"]) == [made["question"], made["reply"], more["reply"]]
    refused = await page.refused("POST", f"/m/{more['reply']}/continue", 400, changes={})
    assert "whole" in refused["message"]


async def test_again_with_changes_stands_beside(page: Page, lobby: Lobby) -> None:
    """Another version of the reply, sent as changed; pages can go from one to the other and back."""
    made = await page.say("Hello", model="sandbox/error-no-models")
    await page.hears("ended", message=made["reply"])
    again = await page.ask("POST", f"/m/{made['reply']}/regenerate", 202, changes={"model": "sandbox/echo"})
    opened = await page.hears("opened", reply=again["reply"])
    assert (opened["after"], opened["question"]) == (made["question"], None)
    ended = await page.hears("ended", message=again["reply"])
    assert (await request_of(lobby, again["reply"]))["model"] == "sandbox/echo"
    assert ">2 / 2</button>" in ended["html"]
    before = f'href="/c/{made["conversation"]}?leaf={made["reply"]}" aria-label="Previous version"'
    assert before in ended["html"]
    older = await page.view(f"/c/{made['conversation']}?leaf={made['reply']}")
    assert list_messages(older["html"]) == [made["question"], made["reply"]]
    assert ">1 / 2</button>" in older["html"]
    assert f'href="/c/{made["conversation"]}?leaf={again["reply"]}" aria-label="Next version"' in older["html"]
    assert older["data"]["leaf"] == made["reply"]
    refused = await page.refused("POST", f"/m/{made['reply']}/regenerate", 400, changes=[])
    assert "changes must be an object" in refused["message"]


async def test_an_edited_question_stands_beside(page: Page) -> None:
    """Before everything or in the middle; the newest version is shown, and what came of each is found from it."""
    first = await page.say("First", model="sandbox/echo")
    await page.hears("ended", message=first["reply"])
    conversation = first["conversation"]
    second = await page.say("Second", conversation=conversation, model="sandbox/echo", parent=first["reply"])
    await page.hears("ended", message=second["reply"])
    edited = await page.say("First, edited", conversation=conversation, model="sandbox/echo", parent=None)
    opened = await page.hears("opened", reply=edited["reply"])
    assert opened["after"] is None
    assert ">2 / 2</button>" in opened["question"]
    await page.hears("ended", message=edited["reply"])
    view = await page.view(f"/c/{conversation}")
    assert list_said(view["html"]) == ["First, edited"]
    old = await page.view(f"/c/{conversation}?leaf={first['question']}")
    assert list_said(old["html"]) == ["First", "Second"]
    assert old["data"]["leaf"] == second["reply"]


async def test_a_question_goes_on_from_the_newest(page: Page, lobby: Lobby) -> None:
    """Without a parent it follows what came last, and the model is told all of it."""
    first = await page.say("First", model="sandbox/echo")
    await page.hears("ended", message=first["reply"])
    second = await page.say("Second", conversation=first["conversation"], model="sandbox/echo")
    opened = await page.hears("opened", reply=second["reply"])
    assert opened["after"] == first["reply"]
    await page.hears("ended", message=second["reply"])
    asked = (await request_of(lobby, second["reply"]))["messages"]
    assert [each["content"] for each in asked] == ["First", "First", "Second"]


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [
        ({"model": ""}, {"temperature": 0.5}),
        ({"model": " , "}, {"temperature": 0.5}),
        ({}, {"model": "sandbox/echo", "temperature": 0.5}),
        ({"model": None}, {"model": "sandbox/echo", "temperature": 0.5}),
        ({"model": "sandbox/long,sandbox/echo"}, {"models": ["sandbox/long", "sandbox/echo"], "temperature": 0.5}),
        ({"model": "sandbox/long", "parameters": {"temperature": 0.1}}, {"model": "sandbox/long", "temperature": 0.1}),
    ],
    ids=["emptied", "blank", "not given", "null", "several", "another"],
)
async def test_the_model_that_was_chosen_is_sent(
    tapped: Lobby, tap: Tap, chosen: dict[str, Any], sent: dict[str, Any]
) -> None:
    """A field that was emptied sends no model though a preference exists; the other preferences hold all the same."""
    page = await tapped.enter()
    await page.ask("PATCH", "/prefs", 200, model="sandbox/echo", parameters={"temperature": 0.5})
    made = await page.say("Hello", **chosen)
    await until(lambda: tap.bodies)
    assert {name: tap.bodies[0][name] for name in tap.bodies[0] if name in ("model", "models", "temperature")} == sent
    tap.end()
    await page.listen(f"/c/{made['conversation']}")


async def test_a_locked_vault_refuses_before_anything_is_recorded(tmp_path: Path, box: Sandbox) -> None:
    """423 or, without any key, 409: no conversation is left behind, and pages are told nothing."""
    setting = setting_for(tmp_path / "home", box)
    async with opened_lobby(setting, is_given=False) as lobby:
        page = await lobby.enter()
        await page.listen()
        assert (await page.view())["screen"] == "first"
        await page.refused("POST", "/c", 409, text="Hello")
    await setting.seal_plainly()
    async with opened_lobby(setting, is_given=False) as lobby:
        page = await lobby.enter()
        assert (await page.listen())["screen"] == "locked"
        for path in ("/c", "/m/x/regenerate", "/m/x/continue"):
            error = await page.refused("POST", path, 423, text="Hello")
            assert (error["kind"], "locked" in error["message"]) == ("locked", True)
        assert page.events == []
    counts = apsw.Connection(str(setting.home / "chit.db")).execute(
        "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
    )
    assert counts.fetchall() == [(0, 0)]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"text": " \n"}, "empty"),
        ({"text": 5}, "empty"),
        ({"model": "a/b"}, "empty"),
        ({"text": "x", "parameters": []}, "parameters must be an object"),
    ],
)
async def test_what_is_no_question_is_refused(page: Page, members: dict[str, Any], words: str) -> None:
    """400 with the reason."""
    assert words in (await page.refused("POST", "/c", 400, **members))["message"]


async def test_a_store_that_cannot_be_read_any_more(page: Page, lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that ended is told as it is known here; what the list shows of it is left to the next view."""

    async def fail(*_: Any) -> Any:
        raise StoreError("gone")

    monkeypatch.setattr(SqliteStore, "find_generation", fail)
    monkeypatch.setattr(SqliteStore, "find_summary", fail)
    made = await page.say("Hello", model="sandbox/echo")
    ended = await page.hears("ended", message=made["reply"])
    assert 'data-state="done"' in ended["html"]
    assert "Hello" in list_blocks(ended["html"], made["reply"])[0]
    assert page.told("conversation") == []


async def test_a_cache_that_cannot_be_written_is_no_reason(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is shown all the same, now and later."""

    async def fail(*_: Any) -> None:
        raise StoreError("full")

    monkeypatch.setattr(SqliteStore, "record_rendered", fail)
    made = await page.say("Hello", model="sandbox/echo")
    ended = await page.hears("ended", message=made["reply"])
    view = await page.view(f"/c/{made['conversation']}")
    assert list_blocks(view["html"], made["reply"]) == list_blocks(ended["html"], made["reply"])


async def test_a_text_that_was_mended_is_shown_as_it_is_kept(page: Page) -> None:
    """Half a surrogate pair, which the store replaces: the end is told as every later view shows it."""
    made = await page.say("Hello", model="sandbox/surrogates")
    ended = await page.hears("ended", message=made["reply"])
    view = await page.view(f"/c/{made['conversation']}")
    assert list_blocks(ended["html"], made["reply"]) == list_blocks(view["html"], made["reply"])
    assert "Split: \U0001f600, alone: \ufffd." in list_blocks(view["html"], made["reply"])[0]


async def test_a_reply_that_could_not_be_kept_is_told(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came after the store failed is not shown; the end says what happened."""

    def fail(_: SqliteStore, __: Any, ___: bytes, done: Callable[[StoreError | None], None]) -> None:
        done(StoreError("the disk is gone"))

    monkeypatch.setattr(SqliteStore, "append_received", fail)
    made = await page.say("Hello", model="sandbox/echo")
    ended = await page.hears("ended", message=made["reply"])
    assert page.told("blocks") == []
    assert 'data-state="cut"' in ended["html"]
    assert "the disk is gone" in ended["html"]
    view = await page.view(f"/c/{made['conversation']}")
    assert find_article(view["html"], made["reply"]) == ended["html"].strip()
