"""Other pages against ours, in a browser in which a person is signed in (attacks 1 to 6, 9, 11, 12, 14 and 16)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Frame, Page, async_playwright
from tests.upstream import Exchange, Upstream, until
from tests.web.browser import CHROMIUM, FLAGS, Tab
from tests.web.fortress import Fortress, opened_fortress

pytestmark = pytest.mark.asyncio(loop_scope="module")
HTML = {"Content-Type": "text/html"}
TRY = """async ([address, token]) => {
    const found = {};
    const attempt = async (name, options) => {
        try {
            const reply = await fetch(address + (options.path ?? "/view?path=/"), options);
            found[name] = reply.type === "opaque" ? "opaque" : await reply.text();
        } catch (error) {
            found[name] = error.name;
        }
    };
    const body = JSON.stringify({ text: "stolen", model: "a/b" });
    const headers = { Authorization: `Bearer ${token}` };
    await attempt("read", {});
    await attempt("read with a token", { headers });
    await attempt("read with cookies", { credentials: "include" });
    await attempt("read blindly", { mode: "no-cors", credentials: "include" });
    await attempt("stream", { path: "/stream?epoch=x&since=0", headers });
    await attempt("stream blindly", { path: "/stream?epoch=x&since=0", mode: "no-cors" });
    await attempt("ask", { path: "/c", method: "POST", body, headers });
    await attempt("ask as JSON", { path: "/c", method: "POST", body, headers: { "Content-Type": "application/json" } });
    await attempt("ask blindly", { path: "/c", method: "POST", body, mode: "no-cors" });
    await attempt("delete", { path: "/sessions", method: "DELETE", headers });
    found.beacon = navigator.sendBeacon(address + "/c", body);
    const socket = new WebSocket(address.replace("http", "ws") + "/stream");
    const outcome = (it) => new Promise((done) => {
        it.onopen = () => done("open");
        it.onerror = () => done("error");
    });
    found.socket = await outcome(socket);
    const source = new EventSource(address + "/stream?epoch=x&since=0");
    found.source = await outcome(source);
    source.close();
    const script = document.createElement("script");
    script.src = address + "/static/app.js";
    found.script = await new Promise((done) => {
        script.onload = () => done("loaded");
        script.onerror = () => done("error");
        document.body.append(script);
    });
    return found;
}"""
"""What a page can try, and what it got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Our app, an enemy's server, and a browser that takes any name in `.example` for this machine."""

    fortress: Fortress
    enemy: Upstream
    browser: Browser

    @property
    def address(self) -> str:
        """Ours."""
        return self.fortress.server.address

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[Tab]:
        """A profile in which a person is signed in."""
        context = await self.browser.new_context()
        try:
            tab = Tab(page=await context.new_page())
            await tab.page.goto(self.fortress.invite())
            await tab.screen("new")
            yield tab
        finally:
            await context.close()

    async def lure(self, tab: Tab, host: str) -> Page:
        """The same person, on a page of the enemy's server."""
        page = await tab.page.context.new_page()
        await page.goto(f"http://{host}:{self.enemy.port}/")
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """One for all tests here."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine; scripts/system-tools installs it")

    async def welcome(exchange: Exchange) -> None:
        await exchange.reply(200, b"<!doctype html><body><iframe name=hidden></iframe></body>", HTML)

    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    home: Path = tmp_path_factory.mktemp("street") / "home"
    async with opened_fortress(home) as fortress, Upstream(welcome) as enemy, async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=[*flags, "--host-resolver-rules=MAP *.example 127.0.0.1"]
        )
        try:
            yield Street(fortress=fortress, enemy=enemy, browser=browser)
        finally:
            await browser.close()


async def test_a_name_that_is_turned_to_this_machine(street: Street) -> None:
    """Attack 1, DNS rebinding: a page under a foreign name, on our very port, gets 421 and nothing, token or not."""
    async with street.signed_in() as tab:
        token = await tab.ask("localStorage.getItem('chit-session')")
        page = await tab.page.context.new_page()
        reply = await page.goto(f"http://evil.example:{street.fortress.port}/")
        assert reply is not None
        assert reply.status == 421
        assert await page.evaluate("Object.keys(localStorage).length") == 0
        for path in ("/view?path=/", "/stream?epoch=x&since=0", "/static/app.js", "/sessions"):
            got = await page.evaluate(
                "([path, token]) => fetch(path, { headers: { Authorization: `Bearer ${token}` } }).then(r => r.status)",
                [path, token],
            )
            assert got == 421


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost"])
async def test_what_another_page_can_reach(street: Street, host: str) -> None:
    """Attacks 3, 4, 6 and 9: from another site, or another port of this host, even with a stolen token: no data, no
    stream, no row, no question, nobody signed out; and its own server gets nothing of ours.
    """
    fortress = street.fortress
    async with street.signed_in() as tab:
        token = await tab.ask("localStorage.getItem('chit-session')")
        page = await street.lure(tab, host)
        before, asked = fortress.rows(), len(fortress.hostile.asked)
        found = await page.evaluate(TRY, [street.address, token])
        tries = {name: got for name, got in found.items() if name.startswith(("read", "stream", "ask", "delete"))}
        assert (len(tries), set(tries.values())) == (10, {"TypeError"})
        assert (found["socket"], found["source"], found["script"]) == ("error", "error", "error")
        assert await page.evaluate("[document.cookie, Object.keys(localStorage).length]") == ["", 0]
        assert (fortress.rows(), len(fortress.hostile.asked)) == (before, asked)
        told = [request.headers.keys() & {"cookie", "authorization"} for request in street.enemy.requests]
        assert not any(told)
        assert await tab.ask("fetch('/session').then(reply => reply.status)") == 405
        await tab.page.reload()
        await tab.screen("new")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_of_another_page(street: Street, kind: str) -> None:
    """Attack 3: a form that is sent to us from elsewhere is refused; no row, no question."""
    fortress = street.fortress
    async with street.signed_in() as tab:
        page = await street.lure(tab, "evil.example")
        before, asked = fortress.rows(), len(fortress.hostile.asked)
        async with page.expect_response(lambda reply: reply.url.endswith("/c")) as coming:
            await page.evaluate(
                """([action, kind]) => {
                    const form = document.createElement("form");
                    Object.assign(form, { action, method: "post", enctype: kind });
                    const field = document.createElement("input");
                    Object.assign(field, { name: '{"text": "stolen", "x": "', value: '"}' });
                    form.append(field);
                    document.body.append(form);
                    form.submit();
                }""",
                [f"{street.address}/c", kind],
            )
        assert (await coming.value).status == 403
        assert (fortress.rows(), len(fortress.hostile.asked)) == (before, asked)


async def test_a_frame_without_an_origin(street: Street) -> None:
    """Attack 5: a sandboxed frame, whose Origin is null, gets nothing, whoever embeds it."""
    async with street.signed_in() as tab:
        token = await tab.ask("localStorage.getItem('chit-session')")
        page = await street.lure(tab, "127.0.0.1")
        got = await page.evaluate(
            """([address, token]) => new Promise((done) => {
                addEventListener("message", (event) => done([event.origin, event.data]));
                const frame = document.createElement("iframe");
                frame.sandbox = "allow-scripts";
                frame.srcdoc = `<script>fetch("${address}/sessions", { headers: { Authorization: "Bearer ${token}" } })
                    .then((r) => r.text()).catch((e) => e.name).then((t) => parent.postMessage(t, "*"))</` + "script>";
                document.body.append(frame);
            })""",
            [street.address, token],
        )
        assert got == ["null", "TypeError"]


async def arrived(page: Page) -> Frame:
    """The last frame, once there is something in it."""
    await until(lambda: page.frames[-1].url)
    return page.frames[-1]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1"])
async def test_our_page_in_a_frame(street: Street, host: str) -> None:
    """Attack 14: no page of ours stands in a frame; what a window of ours is opened from has no hold on it."""
    async with street.signed_in() as tab:
        page = await street.lure(tab, host)
        for path in ("/", "/settings", "/static/app.js", "/leave?to=https://a.example"):
            await page.evaluate(
                """address => new Promise((done) => {
                    const frame = document.createElement("iframe");
                    frame.onload = done;
                    frame.src = address;
                    document.body.append(frame);
                })""",
                f"{street.address}{path}",
            )
            frame = await arrived(page)
            assert frame.url.startswith("chrome-error:")
            assert await frame.evaluate("document.querySelector('#main, .composer')") is None
        async with page.context.expect_page() as opening:
            await page.evaluate("address => { window.opened = window.open(address); }", f"{street.address}/settings")
        other = Tab(page=await opening.value)
        await other.page.wait_for_load_state()
        await other.screen("settings")
        assert await other.ask("window.opener") is None
        assert await page.evaluate("window.opened.closed") is True


async def test_where_the_code_is_left(street: Street) -> None:
    """Attack 11: after the sign-in it stands in no address, no history and no Referer, and works no more."""
    context = await street.browser.new_context()
    address = street.fortress.invite()
    code = address.partition("#code=")[2]
    tab = Tab(page=await context.new_page())
    asked: list[tuple[str, str]] = []
    tab.page.on("request", lambda request: asked.append((request.url, str(request.headers))))
    await tab.page.goto(address)
    await tab.screen("new")
    assert code not in await tab.ask("location.href + JSON.stringify(history.state) + document.referrer")
    assert code not in await tab.ask("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    chrome = await context.new_cdp_session(tab.page)
    history = await chrome.send("Page.getNavigationHistory")
    assert not [entry for entry in history["entries"] if code in entry["url"]]
    assert not [text for url, headers in asked for text in (url.partition("#")[0], headers) if code in text]
    before = len(street.enemy.requests)
    await tab.page.evaluate("address => { location.href = address; }", f"http://evil.example:{street.enemy.port}/r")
    await tab.page.wait_for_url("**/r")
    assert [request.headers.get("referer") for request in street.enemy.requests[before:][:1]] == [None]
    await context.close()


async def test_fifty_tries_of_one_code(street: Street) -> None:
    """Attack 12: of 50 exchanges at once in a browser, exactly one wins."""
    code = street.fortress.invite().partition("#code=")[2]
    async with street.signed_in() as tab:
        statuses = await tab.page.evaluate(
            """code => Promise.all(Array.from({ length: 50 }, () => fetch("/session", {
                method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }),
            }).then((reply) => reply.status)))""",
            code,
        )
    assert sorted(statuses) == [200] + [401] * 49


async def test_a_session_that_is_revoked_elsewhere(street: Street) -> None:
    """Attack 16: a page whose session is revoked while it listens knows it at once, and shows nothing any more."""
    async with street.signed_in() as tab:
        await tab.until("document.querySelector('.connection').hidden")
        kept = {session.hash for session in await street.fortress.server.sessions.list()}
        token = await tab.ask("localStorage.getItem('chit-session')")
        listed = (await street.fortress.ask("GET", "/sessions", token=token)).json()["sessions"]
        [mine] = [session["hash"] for session in listed if session["is_this"]]
        assert mine in kept
        await street.fortress.server.sessions.revoke(mine)
        await tab.until("document.body.dataset.screen", "out")
        assert await tab.ask("localStorage.getItem('chit-session')") is None
