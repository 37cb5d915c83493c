"""The screen that searches, without a browser: what stands on it, and that nothing typed is an error."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tests.store.said import ask
from tests.store.samples import a_conversation, a_generation, a_message
from tests.upstream import until
from tests.web.lobby import Lobby, Page, list_messages, opened_lobby, setting_for

from chit.core.excerpt import Piece
from chit.core.messages import TextPart
from chit.core.search import SearchQuery, read_query
from chit.core.search_page import SearchPage
from chit.core.search_words import describe_state
from chit.sandbox.server import Sandbox
from chit.store.protocol import SEARCH_LIMIT, Store
from chit.web import search_view
from chit.web.search_view import SearchView, mark
from chit.web.views import PAGE

HOSTILE = [
    *("'", '"', "' OR 1=1 --", "'; DROP TABLE messages; --", '"a" OR "b', "NEAR(a b, 2)", "words:a", "{words}:a"),
    *("a*", "^a", "a AND", "NOT", "(((", ")", "\0", "%00", "*", "-", '-"', "a+b", "col:", "_", "\\", "\ud800"),
    *("\U000f0001", "x" * 4_000, "message_text:a", '" "', "model:'", "cost:>'", "after:'--", "-- a", "/* a", "a;b"),
    *("$1", "?1", ":id", "@a", "MATCH 'a'"),
]


@pytest.fixture
async def lobby(tmp_path: Path, upstream: Sandbox) -> AsyncIterator[Lobby]:
    """Open."""
    async with opened_lobby(setting_for(tmp_path / "home", upstream)) as lobby:
        yield lobby


@pytest.fixture
def store(lobby: Lobby) -> Store:
    """Of the person's own home."""
    return lobby.office.desk.app.store


async def look(page: Page, **members: str) -> str:
    """The html of a search."""
    view = await page.view(f"/search?{urlencode(members, errors='surrogatepass')}")
    assert (view["screen"], view["title"], view["data"]["q"]) == ("search", "Search", members.get("q", "")[:300])
    return str(view["html"])


def state(html: str) -> str:
    """What is said of it."""
    found = re.search(r'<p class="state" role="status">(.*?)</p>', html, re.DOTALL)
    assert found
    return unescape(found[1]).strip()


def hits(html: str) -> list[str]:
    """Where the results lead to."""
    return re.findall(r'<li><a href="([^"]*)">', html)


async def test_what_is_found(lobby: Lobby, store: Store) -> None:
    """Conversation, source, date, model, cost and excerpt of each, with what was searched for marked."""
    page = await lobby.enter()
    asked, reply = await ask(
        store, "why is the sky blue", "the <b>sky</b> & all", cost="0.25", model="a/b", created_at=1.78e9
    )
    html = await look(page, q="sky")
    place = f"/c/{asked.conversation.id}?at="
    assert hits(html) == [place + reply.message.id, place + asked.message.id]
    assert state(html) == "2 found."
    for words in (
        "why is the sky blue</span>",
        "<code>a/b</code>",
        "2026",
        "$0.25",
        "you <span",
        "<mark>sky</mark> blue",
    ):
        assert words in html
    assert "the &lt;b&gt;<mark>sky</mark>&lt;/b&gt; &amp; all" in html


async def test_fields_and_text_are_one_query(lobby: Lobby, store: Store) -> None:
    """The fields of the page filter as what is typed does, and come back filled in; one that says nothing is named."""
    page = await lobby.enter()
    _, reply = await ask(store, "sky", "sky", cost="0.25", model="a/claude", state="failed", created_at=1.78e9)
    fields = {
        "model": "claude",
        "from": "model",
        "after": "2026-01-01",
        "before": "2027-01-01",
        "cost": "0.2",
        "has": "error",
    }
    html = await look(page, q="sky", **fields)
    assert [each.partition("at=")[2] for each in hits(html)] == [reply.message.id]
    for words in (
        'value="claude"',
        '<option value="model" selected',
        'value="2026-01-01"',
        'value="0.2"',
        'value="error" checked',
    ):
        assert words in html, words
    assert '<details class="filters" open>' in html
    assert state(await look(page, q="sky", cost="much")) == "What stands under “cost” was not understood. 2 found."
    titled = await look(page, q="sky", **{"in": "title"})
    assert (hits(titled), 'value="title" checked' in titled) == ([f"/c/{reply.conversation.id}"], True)


async def test_pages_have_addresses(lobby: Lobby, store: Store) -> None:
    """The next page and the first one are links with all that was asked for."""
    page = await lobby.enter()
    first, _ = await ask(store, "sky 0", created_at=1.0)
    for number in range(1, SEARCH_LIMIT + 2):
        await ask(store, f"sky {number}", conversation=first.conversation)
    html = await look(page, q="sky", **{"from": "me"})
    assert (len(hits(html)), state(html)) == (SEARCH_LIMIT, "The newest first.")
    (older,) = re.findall(r'href="([^"]*older=\d+)"', html)
    view = await page.view(unescape(older))
    assert (len(hits(view["html"])), state(view["html"])) == (2, "The last 2.")
    assert 'href="/search?q=sky&amp;from=me"' in view["html"]
    assert state(await look(page, q="sky", older="1")) == "Nothing older."
    assert len(hits(await look(page, q="sky", older="x"))) == SEARCH_LIMIT
    assert len(hits(await look(page, q="sky", older="9" * 40))) == SEARCH_LIMIT


async def test_what_nothing_is_found_by(lobby: Lobby, store: Store) -> None:
    """An empty query explains the language; no words and no results are said in words."""
    page = await lobby.enter()
    await ask(store, "sky", "sky")
    html = await look(page)
    assert "in:title" in html
    assert state(html) == "Searches the words of all conversations."
    assert state(await look(page, q="s")) == "Nothing found."
    assert state(await look(page, q="🎉")) == "“🎉” was left out: only letters and digits can be searched for."
    assert state(await look(page, q="unheard")) == "Nothing found."


async def test_titles_stand_above(lobby: Lobby, store: Store) -> None:
    """Conversations that have the words only in their title, archived ones marked."""
    page = await lobby.enter()
    old = a_conversation(title="zebra & co", archived_at=1.0)
    message = a_message(old, parts=(TextPart("quagga"),))
    await store.record_send(conversation=old, messages=[message], generation=a_generation(message, store.owner))
    html = await look(page, q="zebra")
    assert hits(html) == [f"/c/{old.id}"]
    assert "<mark>zebra</mark> &amp; co" in html
    assert "archived" in html
    assert "archived" in await look(page, q="quagga")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].encode("unicode_escape").decode())
async def test_syntax_is_words(lobby: Lobby, store: Store, text: str) -> None:
    """Attack case 40: SQL and the index's own syntax, in the box and in every field, is never an error page."""
    page = await lobby.enter()
    await ask(store, "a b", "a b")
    for name in ("q", "model", "from", "after", "before", "cost", "has", "in", "older", "x"):
        await page.view(f"/search?{urlencode({'q': 'a', name: text}, errors='surrogatepass')}")
    await page.view(f"/search?{text[:500].encode('utf-8', 'replace').decode()}")
    assert len(hits(await look(page, q="a b"))) == 2


async def test_an_address_with_very_many_members(lobby: Lobby) -> None:
    """It asks for nothing."""
    page = await lobby.enter()
    view = await page.view("/search?" + "&".join(["q=a"] * 60))
    assert view["data"]["q"] == ""


class Slow:
    """A store in which each search waits to be let go, and tells whether it was."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.let = asyncio.Event()

    async def search(self, query: SearchQuery, **_: Any) -> SearchPage:
        """When it is let."""
        self.asked.append(query.words[0])
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled.append(query.words[0])
            raise
        return SearchPage()


async def test_typing_on_ends_the_search_before() -> None:
    """The newest search of a browser ends its earlier one, not another browser's; who goes away ends it too."""
    slow, view = Slow(), SearchView()
    store: Any = slow

    def write(text: str, session: str) -> asyncio.Task[Any]:
        return asyncio.create_task(view.write(store, f"q={text}", session))

    first, other = write("ab", "one"), write("ot", "two")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = write("abc", "one")
    assert "takes too long" in (await first)["html"]
    left = write("left", "three")
    await until(lambda: "left" in slow.asked)
    left.cancel()
    await asyncio.wait([left])
    await until(lambda: "left" in slow.cancelled)
    slow.let.set()
    assert "Nothing found." in (await second)["html"]
    assert "Nothing found." in (await other)["html"]
    assert slow.cancelled == ["ab", "left"]


def test_what_is_said_of_a_page() -> None:
    """In words, for each state that there is."""
    query = read_query("sky")

    def say(page: SearchPage, *, is_older: bool = False) -> str:
        return " ".join(describe_state(query, page, seconds=search_view.SECONDS, is_older=is_older))

    late = f"This takes too long: found in {search_view.SECONDS:.0f} seconds: "
    assert say(SearchPage(is_complete=False)) == f"{late}nothing so far. Another word or filter may help."
    assert say(SearchPage(more=5), is_older=True) == "Nothing older."
    hit: Any = object()
    assert "the 1 newest of what there is" in say(SearchPage(messages=(hit,), is_complete=False))
    assert say(SearchPage(messages=(hit,))) == "1 found."
    assert say(SearchPage(messages=(hit,)), is_older=True) == "The last one."
    assert say(SearchPage(messages=(hit,), more=3), is_older=True) == "Older ones."


def test_marks_are_the_only_markup() -> None:
    """What was found is marked, and all of it is escaped."""
    pieces = (Piece("<i>", False), Piece("a<b", True), Piece("&", False))
    assert mark(pieces) == "&lt;i&gt;<mark>a&lt;b</mark>&amp;"


async def grow(store: Store, exchanges: int) -> list[str]:
    """One long conversation; the ids of its messages."""
    asked, reply = await ask(store, "question 0", "so")
    ids = [asked.message.id, reply.message.id]
    for number in range(1, exchanges):
        made = await ask(store, f"question {number}", "so", conversation=asked.conversation, parent=ids[-1])
        ids += [each.message.id for each in made]
    return ids


async def test_a_message_that_was_looked_for(lobby: Lobby, store: Store) -> None:
    """The conversation opens on its branch with it among what is shown, and reading begins there."""
    page = await lobby.enter()
    ids = await grow(store, 40)
    place = (await store.get_message(ids[0])).conversation_id
    near = await page.view(f"/c/{place}?at={ids[-5]}")
    assert (near["screen"], near["data"]["leaf"]) == ("conversation", ids[-1])
    assert list_messages(near["html"]) == ids[-PAGE:]
    assert re.search(rf'data-message="{ids[-5]}"[^>]*>\s*<h2 class="unseen" id="here" tabindex="-1">', near["html"])
    assert near["html"].count('id="here"') == 1
    far = await page.view(f"/c/{place}?at={ids[10]}")
    assert far["screen"] == "reading"
    assert list_messages(far["html"]) == ids[: 10 + PAGE // 3 + 1]
    rest = len(ids) - 11 - PAGE // 3
    assert f'<a class="button" href="/c/{place}?leaf={ids[10]}">{rest} later messages</a>' in far["html"]
    assert 'id="here"' not in (await page.view(f"/c/{place}?leaf={ids[10]}"))["html"]
    for wrong in (f"/c/{place}?at=x", f"/c/x?at={ids[0]}"):
        await page.refused("GET", f"/view?path={quote(wrong, safe='')}", 404)


async def test_a_message_of_another_branch(lobby: Lobby, store: Store) -> None:
    """Its own branch is shown, not the newest."""
    page = await lobby.enter()
    ids = await grow(store, 2)
    first = await store.get_message(ids[0])
    newer = a_message(first, parts=(TextPart("other"),), parent_id=ids[1], conversation_id=first.conversation_id)  # type: ignore[arg-type]
    await store.record_send(conversation=None, messages=[newer], generation=a_generation(newer, store.owner))
    shown = await page.view(f"/c/{first.conversation_id}?at={ids[2]}")
    assert list_messages(shown["html"]) == ids
