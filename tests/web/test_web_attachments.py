"""Attachments through the server: sent, listed, warned of, asked with, shown and saved."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from tests.upstream import Upstream, until
from tests.web.house import Tap
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for
from tests.web.office import Reply, Setting

from chit.core.attachment_limits import MIB
from chit.errors import UpstreamError
from chit.sandbox.picture import draw_png
from chit.sandbox.server import Sandbox
from chit.web.attachment_routes import AttachmentRoutes
from chit.web.headers import SANDBOXED_POLICY
from chit.web.refusal import Refused

PNG = b64decode(draw_png().partition(",")[2])
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
DRAFT = "tab new"


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    """The pages over a sandbox."""
    async with (
        Sandbox(pace=0, settle_after=0) as sandbox,
        opened_lobby(setting_for(tmp_path / "home", sandbox)) as lobby,
    ):
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """One that listens."""
    page = await lobby.enter()
    await page.listen()
    return page


async def send(page: Page, data: Any, *, name: str = "x", draft: str = DRAFT, **headers: str) -> Reply:
    """A file, as a page sends it."""
    address = f"{page.browser.office.server.address}/attachments?{urlencode({'draft': draft, 'name': name})}"
    given = {"Authorization": f"Bearer {page.browser.token}", "Content-Type": "application/octet-stream", **headers}
    async with aiohttp.ClientSession() as web, web.post(address, data=data, headers=given) as response:
        return Reply(status=response.status, headers=dict(response.headers), body=await response.read())


async def attach(page: Page, data: bytes, name: str = "x", draft: str = DRAFT) -> str:
    """Its id."""
    reply = await send(page, data, name=name, draft=draft)
    assert reply.status == 201, reply.body
    id: str = reply.json()["id"]
    return id


async def chips(page: Page, model: str = "", draft: str = DRAFT) -> str:
    """What stands in the composer."""
    found = await page.ask("GET", f"/attachments?{urlencode({'draft': draft, 'model': model})}", 200)
    return str(found["html"])


def staged(lobby: Lobby) -> list[Path]:
    """The files that wait."""
    return list((lobby.office.setting.home / "staged").iterdir())


async def parts_of(lobby: Lobby, page: Page, made: Mapping[str, str]) -> Any:
    """The question's content, as OpenRouter got it."""
    await page.hears("ended", message=made["reply"])
    generation = await lobby.office.desk.app.store.find_generation(made["reply"])
    assert generation
    return json.loads(generation.request)["messages"][-1]["content"]


async def test_files_go_along_with_a_question(lobby: Lobby, page: Page) -> None:
    """Words first, then text, then the rest; on the wire, in the page and in the history, and no longer staged."""
    await attach(page, PNG, "cat.png")
    await attach(page, b"# Notes", "../notes.md")
    await attach(page, b"%PDF-1.7", "paper.pdf")
    await attach(page, b"RIFF0000WAVE", "voice.wav")
    made = await page.say("Look", attachments=DRAFT)
    parts = await parts_of(lobby, page, made)
    assert [part["type"] for part in parts] == ["text", "text", "image_url", "file", "input_audio"]
    assert parts[0] == {"type": "text", "text": "Look"}
    assert parts[1]["text"] == '<file name="notes.md">\n# Notes\n</file>'
    assert b64decode(parts[2]["image_url"]["url"].partition(",")[2]) == PNG
    assert staged(lobby) == []
    html = page.events[0]["question"]
    assert ('<div class="said">Look</div>' in html, "base64" in html, "# Notes" in html) == (True, False, False)
    for name in ("cat.png", "notes.md", "paper.pdf", "voice.wav"):
        assert f"<bdi>{name}</bdi>" in html
    view = await page.view(f"/c/{made['conversation']}")
    assert (html.strip() in view["html"], view["title"]) == (True, "Look")
    assert "base64" not in view["html"]


async def test_a_message_of_files_alone(lobby: Lobby, page: Page) -> None:
    """Is called by the first of them, and holds no words; without any files there is nothing to send."""
    await attach(page, PNG, "cat.png")
    made = await page.say("  ", attachments=DRAFT)
    parts = await parts_of(lobby, page, made)
    assert [part["type"] for part in parts] == ["image_url"]
    assert (await page.view(f"/c/{made['conversation']}"))["title"] == "cat.png"
    assert (await page.refused("POST", "/c", 400, text=" ", attachments=DRAFT))["kind"] == "input_invalid"
    assert (await page.refused("POST", "/c", 400, text=" ", attachments=7))["kind"] == "input_invalid"


async def test_a_draft_is_one_page_s_in_one_conversation(lobby: Lobby, page: Page) -> None:
    """Files of another one stay there."""
    await attach(page, PNG, "cat.png", draft="other")
    made = await page.say("Hello", attachments=DRAFT)
    assert await parts_of(lobby, page, made) == "Hello"
    assert ("cat.png" in await chips(page, draft="other"), "cat.png" in await chips(page)) == (True, False)


async def test_what_could_not_be_sent_is_kept(tmp_path: Path) -> None:
    """Without a key nothing goes out, and the files wait on."""
    async with Sandbox(pace=0) as sandbox:
        setting = Setting(home=tmp_path / "home", upstream=sandbox)
        async with opened_lobby(setting, is_given=False) as lobby:
            page = await lobby.enter()
            await attach(page, PNG)
            assert (await page.refused("POST", "/c", 409, text="x", attachments=DRAFT))["kind"] == "key_missing"
            assert len(staged(lobby)) == 1


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [(b"", 400, "input_invalid"), (b"MZ\x90\0", 415, "kind_not_taken"), (PNG + bytes(20 * MIB), 413, "too_large")],
)
async def test_what_is_refused_says_why(lobby: Lobby, page: Page, data: bytes, status: int, kind: str) -> None:
    """In one line, with the right status, and nothing is left of it."""
    reply = await send(page, BytesIO(data))
    assert (reply.status, reply.json()["error"]["kind"]) == (status, kind)
    assert staged(lobby) == []


async def test_a_body_that_is_announced_too_large(lobby: Lobby, page: Page) -> None:
    """Attack 31, huge bodies: 413 before a byte is read; one that is not announced, as soon as it is too much."""
    body = bytes(33 * MIB)

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(33):
            yield body[:MIB]

    for data in (BytesIO(body), in_pieces()):
        reply = await send(page, data)
        assert (reply.status, reply.json()["error"]["message"]) == (413, "too large: at most 32 MiB can be attached")
    assert not (lobby.office.setting.home / "staged").exists() or staged(lobby) == []


async def test_multipart_is_not_read(page: Page, lobby: Lobby) -> None:
    """Attacks 3 and 31: no form of another site can send files here, and there is no reader of multipart to fool."""
    for kind in ("multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded"):
        assert (await send(page, b"--x", **{"Content-Type": kind})).status == 403
    for kind in ("application/json", "image/png"):
        assert (await send(page, b"{}", **{"Content-Type": kind})).status == 415
    assert not (lobby.office.setting.home / "staged").exists()


async def test_an_upload_that_stalls(lobby: Lobby) -> None:
    """408, and its file is gone."""
    desk, gone = lobby.office.desk, asyncio.Event()
    routes = AttachmentRoutes(desk, None, patience=0.05)  # type: ignore[arg-type] # it is not asked for

    class Silent:
        """A request whose body never comes."""

        content_length = None
        query: Mapping[str, str] = {}

        @property
        def content(self) -> "Silent":
            """Itself."""
            return self

        async def readany(self) -> bytes:
            """Never."""
            await gone.wait()
            return b""

    with pytest.raises(Refused) as caught:
        await routes.add(Silent())  # type: ignore[arg-type] # as much of it as is asked
    assert caught.value.status == 408
    assert staged(lobby) == []


async def test_chips_tell_what_the_models_take(page: Page) -> None:
    """By the catalogue; nothing of a model that is not in it, and always that a PDF may cost."""
    await attach(page, b"RIFF0000WAVE", "voice.wav")
    html = await chips(page, "openai/gpt-5-mini, x/unknown")
    assert "openai/gpt-5-mini takes no sound: it will refuse this." in html
    assert "<p>" not in await chips(page, "x/unknown")
    assert "<p>" not in await chips(page)
    await attach(page, b"%PDF-1.7", "p.pdf")
    assert "$2 per 1,000 pages" in await chips(page)


async def test_chips_without_a_catalogue(lobby: Lobby, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the models are not to be had, nothing is said of them."""

    async def fail() -> None:
        raise UpstreamError("no", kind="x", hint="")

    monkeypatch.setattr(lobby.office.desk.app.catalogue, "list_models", fail)
    await attach(page, PNG, "cat.png")
    html = await chips(page, "openai/gpt-5-mini")
    assert ("cat.png" in html, "<p>" in html) == (True, False)


async def test_one_is_removed(lobby: Lobby, page: Page) -> None:
    """By its id, once."""
    id = await attach(page, PNG)
    assert id in await chips(page)
    await page.ask("DELETE", f"/attachments/{id}", 204)
    assert (await chips(page), staged(lobby)) == ("", [])
    await page.refused("DELETE", f"/attachments/{id}", 404)


async def fetch(page: Page, path: str) -> Reply:
    """As a page does."""
    return await page.browser.ask("GET", path)


@pytest.mark.parametrize(
    ("data", "type", "place"),
    [
        (PNG, "image/png", "inline"),
        (b"RIFF0000WAVE", "audio/wav", "inline"),
        (SVG, "application/octet-stream", "attachment"),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (b"%PDF-1.7\n<script>alert(1)</script>", "application/octet-stream", "attachment"),
        (b"GIF89a<script>alert(1)</script>", "image/gif", "inline"),
    ],
)
async def test_media_are_served_for_what_they_are(page: Page, data: bytes, type: str, place: str) -> None:
    """Attack 19, SVG, HTML and polyglots: shown only as a picture or a sound, else saved; sandboxed, never sniffed."""
    id = await attach(page, data, 'evil\r\n.html"; x=é')
    waiting = await fetch(page, f"/attachments/{id}")
    made = await page.say("Look", attachments=DRAFT)
    await page.hears("ended", message=made["reply"])
    for reply in (waiting, await fetch(page, f"/m/{made['question']}/media/0")):
        assert (reply.status, reply.body) == (200, data)
        assert (reply.headers["Content-Type"], reply.headers["X-Content-Type-Options"]) == (type, "nosniff")
        assert reply.headers["Content-Security-Policy"] == SANDBOXED_POLICY
        assert reply.headers["Content-Disposition"] == f"{place}; filename*=UTF-8''evil.html%22%3B%20x%3D%C3%A9"


async def test_media_that_are_not_there(page: Page) -> None:
    """A number that no attachment has, a message without any, none at all: 404."""
    await attach(page, PNG)
    made = await page.say("Look", attachments=DRAFT)
    await page.hears("ended", message=made["reply"])
    for path in ("1", "-1", "x", "00000", "%C2%B2"):
        await page.refused("GET", f"/m/{made['question']}/media/{path}", 404)
    await page.refused("GET", f"/m/{made['reply']}/media/0", 404)
    await page.refused("GET", "/m/x/media/0", 404)


async def test_a_picture_by_a_model(lobby: Lobby, page: Page) -> None:
    """In the page only by its path and size, served as it came, and counted on the receipt."""
    made = await page.say("Draw", model="sandbox/image")
    ended = await page.hears("ended", message=made["reply"])
    path = f"/m/{made['reply']}/media/0"
    assert f'data-media="{path}"' in ended["html"]
    assert ("picture-1.png" in ended["html"], "base64" in ended["html"]) == (True, False)
    assert "images 1" in " ".join(ended["html"].split())
    reply = await fetch(page, path)
    assert (reply.body, reply.headers["Content-Type"]) == (PNG, "image/png")
    record = await page.ask("GET", f"/m/{made['reply']}", 200)
    assert (record["chit"]["images"], record["chit"]["image_tokens"]) == (1, 64)


async def test_a_picture_that_stands_elsewhere(tmp_path: Path) -> None:
    """Attack 23: it is named, and neither a page nor the server asks for it."""
    tap = Tap()
    async with Upstream(tap.answer) as upstream, opened_lobby(setting_for(tmp_path / "home", upstream)) as lobby:
        page = await lobby.enter()
        await page.listen()
        made = await page.say("Draw", model="a/b")
        await until(lambda: len(tap.bodies) == 1)
        image = {"type": "image_url", "image_url": {"url": "https://evil.example/x.png"}}
        tap.show(image, {"type": "image_url", "image_url": {"url": draw_png()}})
        part = await page.hears("part", message=made["reply"])
        assert ("evil.example" in part["html"], "not kept here" in part["html"]) == (False, True)
        await page.refused("GET", f"/m/{made['reply']}/media/0", 404)
        assert (await fetch(page, f"/m/{made['reply']}/media/1")).body == PNG, "while the reply is still coming in"
        tap.end()
        await page.hears("ended", message=made["reply"])
        assert (await fetch(page, f"/m/{made['reply']}/media/1")).body == PNG


async def test_a_message_that_is_written_anew_keeps_its_files(lobby: Lobby, page: Page) -> None:
    """They take the place of the draft's, byte for byte and by name, and go along with the new one."""
    await attach(page, PNG, "cat.png")
    await attach(page, b"# Notes", "notes.md")
    made = await page.say("Look", attachments=DRAFT)
    before = await parts_of(lobby, page, made)
    draft = f"tab {made['conversation']}"
    await attach(page, b"stale", "stale.txt", draft=draft)
    await page.ask("POST", f"/m/{made['question']}/attach", 204, draft=draft)
    html = await chips(page, draft=draft)
    assert ("cat.png" in html, "notes.md" in html, "stale.txt" in html) == (True, True, False)
    again = await page.say(
        "Look closer", conversation=made["conversation"], model="sandbox/echo", parent=None, attachments=draft
    )
    after = await parts_of(lobby, page, again)
    assert after == [{"type": "text", "text": "Look closer"}, *before[1:]]
    await page.refused("POST", "/m/x/attach", 404, draft=draft)


async def test_what_stands_elsewhere_is_not_taken_again(lobby: Lobby, page: Page) -> None:
    """What a program sent by address only cannot be sent from here; what it sent whole can."""
    picture = f"data:image/png;base64,{b64encode(PNG).decode()}"
    content = [
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": content}]}
    running = await lobby.office.desk.app.engine.send_request(json.dumps(body).encode())
    await running.wait()
    message = await lobby.office.desk.app.store.get_message(running.message.parent_id or "")
    await page.ask("POST", f"/m/{message.id}/attach", 204, draft=DRAFT)
    html = await chips(page)
    assert (html.count("<li"), "picture-2.png" in html) == (1, True)
