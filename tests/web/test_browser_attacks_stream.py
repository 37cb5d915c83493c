"""A reply that is cut anywhere looks as history shows it (18); where links lead (25), and what cannot be seen (26)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.render.xss_corpus import VECTORS
from tests.upstream import DONE
from tests.web.fortress import opened_fortress, say
from tests.web.watched import FIND_FAULTS, Watched, lead, opened_watched

from chit.render.blocks import BlockRenderer
from chit.render.markdown import render_all
from chit.web.live_reply import LiveReply, _write_change

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLE = VECTORS[::12]
WRITTEN = """(selector) => {
    const write = (node) => {
        if (node.nodeType !== Node.ELEMENT_NODE) {
            return node.data;
        }
        const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`).sort();
        return `<${node.localName} ${attributes.join("|")}>${[...node.childNodes].map(write).join("")}</>`;
    };
    return [...document.querySelectorAll(selector)].map(write);
}"""
"""Elements as text, with attributes in one order and texts as long as they are."""
REPLAY = """async (cases) => {
    const { change } = await import("/static/reply.js");
    const { parse } = await import("/static/fragments.js");
    const wrong = [];
    for (const [text, told, blocks] of cases) {
        const article = document.createElement("article");
        article.append(document.createElement("div"));
        article.firstChild.className = "reply";
        document.querySelector("main").replaceChildren(article);
        told.forEach((changes) => change(article, changes));
        const wanted = document.createElement("div");
        for (const html of blocks) {
            const block = document.createElement("div");
            block.append(parse(html));
            wanted.append(block);
        }
        wanted.normalize();
        article.normalize();
        article.querySelectorAll("[tabindex]").forEach((each) => each.removeAttribute("tabindex"));
        const same = [...wanted.children].every((block, at) => {
            const shown = article.firstChild.children[at]?.cloneNode(true);
            return shown !== undefined && shown.innerHTML === block.innerHTML;
        });
        if (!same || article.firstChild.children.length !== wanted.children.length) {
            wrong.push([text, article.firstChild.innerHTML, wanted.innerHTML]);
        }
    }
    return wrong;
}"""
"""Feeds the page's own scripts with what the stream would tell; what then differs from history."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """One for all tests here; what comes is told at once, in as many steps as it comes."""
    home: Path = tmp_path_factory.mktemp("streamed") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LiveReply.__init__.__kwdefaults__ or {}, "pace", 0.0)
        async with opened_fortress(home) as fortress, opened_watched(fortress) as watched:
            yield watched


async def compare(watched: Watched, texts: list[str], pieces: Any) -> None:
    """Stream each into a page that watches, then read the whole conversation anew: nothing may differ."""
    fortress = watched.fortress
    conversation = (await fortress.say("begin"))["conversation"]
    streamed = {}
    async with watched.visit(f"/c/{conversation}") as tab:
        await tab.screen("conversation")
        for number, text in enumerate(texts):
            fortress.hostile.scripts[f"number {number}"] = pieces(text)
            made = await fortress.say(f"number {number}", conversation)
            article = f".message[data-message='{made['reply']}']"
            await tab.stands(f"{article}[data-state=done]")
            assert await tab.page.evaluate(FIND_FAULTS, article) == []
            streamed[article] = text, await tab.page.evaluate(WRITTEN, f"{article} .block")
        await lead(tab, "/")
        await tab.screen("new")
        await lead(tab, f"/c/{conversation}")
        await tab.screen("conversation")
        for article, (text, blocks) in streamed.items():
            assert blocks == await tab.page.evaluate(WRITTEN, f"{article} .block"), text
            assert len(blocks) == len(render_all(text))


def by_character(text: str) -> list[bytes]:
    """Each in an event of its own."""
    return say(*text)


def by_byte(text: str) -> list[bytes]:
    """One event, whose bytes come one by one."""
    whole = b"".join(say(text)) + DONE
    return [whole[at : at + 1] for at in range(len(whole))]


async def test_a_reply_that_comes_in_characters(watched: Watched) -> None:
    """Attack 18: some of the corpus, told character by character through the whole app."""
    await compare(watched, SAMPLE[::4], by_character)


async def test_a_reply_whose_bytes_come_alone(watched: Watched) -> None:
    """Attack 18: cut within characters, escapes and lines of the stream."""
    await compare(watched, ["\u00e4\U0001f600<b>\u202e", "[x](javascript:alert(1)) <script>"], by_byte)


@pytest.mark.long
@pytest.mark.parametrize("at", range(0, len(VECTORS), 12))
async def test_the_whole_corpus_in_characters(watched: Watched, at: int) -> None:
    """Attack 18: all of it, a conversation at a time."""
    await compare(watched, VECTORS[at : at + 12], by_character)


def cut_everywhere(text: str) -> list[Any]:
    """For the replay: the text cut in two at each place, and once into characters."""
    return [replay(text, [text[:cut], text[cut:]]) for cut in range(1, len(text))] + [replay(text, list(text))]


def replay(text: str, pieces: list[str]) -> list[Any]:
    """The text, what the stream tells of the pieces, and what history shows."""
    renderer = BlockRenderer()
    told = [renderer.add(piece) for piece in pieces] + [renderer.end()]
    changes = [[shown for change in each if (shown := _write_change(change)) is not None] for each in told]
    return [clean(text), changes, render_all(text)]


def clean(text: str) -> str:
    """As it can be sent to a browser."""
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("texts", [SAMPLE, pytest.param(VECTORS, marks=pytest.mark.long)], ids=["sample", "all"])
async def test_the_page_puts_pieces_together(watched: Watched, texts: list[str]) -> None:
    """Attack 18, cut in two at every place, and into characters: the page's own scripts end at what history shows."""
    async with watched.visit() as tab:
        await tab.screen("new")
        for text in texts:
            assert await tab.page.evaluate(REPLAY, cut_everywhere(text)) == []


LURES = {
    "[sign in again](https://\u043epenrouter.ai/auth)": "xn--penrouter-z2h.ai",
    "[https://openrouter.ai/auth](https://openrouter.ai.evil.example/auth)": "openrouter.ai.evil.example",
    "[Your session is over: sign in](https://evil.example/#@openrouter.ai)": "evil.example",
}


@pytest.mark.parametrize("lure", LURES)
async def test_a_link_that_asks_to_sign_in(watched: Watched, lure: str) -> None:
    """Attack 25: it opens our page, which names the real host in its plain form and goes nowhere by itself."""
    host = LURES[lure]
    watched.fortress.hostile.scripts["lure"] = say(lure)
    conversation = (await watched.fortress.say("lure"))["conversation"]
    async with watched.visit(f"/c/{conversation}") as tab:
        await tab.screen("conversation")
        link = await tab.ask("document.querySelector('.reply a').getAttribute('href')")
        assert link.startswith("/leave?to=https%3A%2F%2F")
        assert await tab.ask("document.querySelector('.reply a').target") == "_blank"
        async with tab.page.context.expect_page() as opening:
            await tab.go(".reply a")
        page = await opening.value
        await page.wait_for_load_state()
        await tab.beside(f"{watched.fortress.server.address}{link}")
        other = tab.page.context.pages[-1]
        await other.wait_for_selector("main .leave")
        assert host in str(await other.text_content("main h1"))
        assert host in str(await other.text_content("main .address code"))
        assert "openrouter.ai" in str(await other.text_content("main .lead"))
        for each in (page, other):
            assert each.url.startswith(f"{watched.fortress.server.address}/leave?to=")


@pytest.mark.parametrize("to", ["javascript:alert(1)", "data:text/html,x", "https://[::1", "//evil.example", ""])
async def test_a_page_that_leads_nowhere(watched: Watched, to: str) -> None:
    """Attacks 21 and 25: our own page for links offers no way to what is no place on the web."""
    async with watched.visit(f"/leave?to={to}") as tab:
        await tab.screen("leave")
        assert await tab.ask("document.querySelectorAll('main a').length") == 0


async def test_what_cannot_be_seen(watched: Watched) -> None:
    """Attack 26: direction controls and invisible characters in code and links are marked and named on the page, and
    a source's host stands in its plain form.
    """
    sources = [("https://\u043epenrouter.ai/x", "\u202eia.x"), ("https://a\ud800.example", "half a pair")]
    cited = [{"type": "url_citation", "url_citation": {"url": url, "title": title}} for url, title in sources]
    text = "`a\u202eb\u200bc` [x\u200b](https://a.example)\n\n```\nif a\u2066b\n```\n"
    watched.fortress.hostile.scripts["hidden"] = say(text, annotations=cited, content="")
    conversation = (await watched.fortress.say("hidden"))["conversation"]
    async with watched.visit(f"/c/{conversation}") as tab:
        await tab.screen("conversation")
        titles = await tab.ask("[...document.querySelectorAll('.reply .hidden-char')].map(each => each.title)")
        assert [title.split(" ")[0] for title in titles] == ["U+202E", "U+200B", "U+200B", "U+2066"]
        style = "getComputedStyle(document.querySelector('.hidden-char'), '::before').content + " + (
            "getComputedStyle(document.querySelector('.hidden-char'), '::after').content"
        )
        assert "U+202E" in await tab.ask(style)
        assert await tab.text(".citations .host") == "xn--penrouter-z2h.ai"
        assert await tab.ask("document.querySelector('.citations a').firstChild.localName") == "bdi"
