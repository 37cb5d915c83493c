"""Attaching in a real browser: picked, pasted, dropped; on its way, refused, removed; sent, shown, saved, edited."""

import asyncio
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, Request
from tests.web.browser import PHONE, Tab
from tests.web.house import House, Tap

from chit.core.attachment_limits import MIB
from chit.sandbox.picture import draw_png

pytestmark = pytest.mark.asyncio(loop_scope="module")

PNG = b64decode(draw_png().partition(",")[2])
PICKER = ".composer input[type=file]"
CHIPS = ".composer .parts li"
PASTE = """(words) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(["# Notes"], "notes.md", { type: "text/markdown" }));
  if (words) {
    clipboardData.setData("text/plain", words);
  }
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
  document.querySelector("main").dispatchEvent(event);
  return event.defaultPrevented;
}"""
DRAWN = "[...document.querySelectorAll('figure img')].map(each => [each.src.slice(0, 5), each.naturalWidth])"
LOOK_AT = """(url) => new Promise((done) => {
  const image = new Image();
  image.onload = () => done("there");
  image.onerror = () => done("gone");
  image.src = url;
})"""
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.hacked = 1</script></svg>"


async def pick(tab: Tab, *files: tuple[str, bytes]) -> None:
    """As the system's own dialog does; what it thinks of their types is wrong."""
    given: Any = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    await tab.page.set_input_files(PICKER, given)


async def drag(session: CDPSession, file: Path, *kinds: str) -> None:
    """A file from the desktop over the page: `dragEnter`, `dragOver`, `drop`."""
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in kinds:
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})


async def ask(tab: Tab, words: str, count: int = 1) -> None:
    """And wait for the end of the reply."""
    await tab.page.fill(".composer textarea", words)
    await tab.go(".send")
    await tab.stands(".from-actor[data-state=done]", count)


async def test_files_are_picked_and_sent(house: House) -> None:
    """Each a chip with name and size, a picture drawn; sent together, shown under the question, and no longer there."""
    async with house.visit() as tab:
        await tab.screen("new")
        await pick(tab, ("cat.png", PNG), ("notes.md", b"# Notes"), ("paper.pdf", b"%PDF-1.7"))
        await tab.stands(CHIPS, 3)
        await tab.stands(".coming li", 0)
        await tab.until(f"document.querySelector('{CHIPS} img').naturalWidth", 64)
        chips = await tab.ask(f"[...document.querySelectorAll('{CHIPS}')].map(each => each.innerText)")
        assert any("notes.md" in chip and "7 bytes" in chip for chip in chips)
        await ask(tab, "What is this?")
        await tab.stands(".composer li", 0)
        assert await tab.text(".from-user .said") == "What is this?"
        assert await tab.ask("document.querySelectorAll('.attached figure').length") == 3
        await tab.until(DRAWN, [["blob:", 64]])
        await tab.page.reload()
        await tab.until(DRAWN, [["blob:", 64]])


async def test_files_are_pasted_and_dropped(house: House, tmp_path: Path) -> None:
    """Anywhere on the page, with a sign where they fall; text that is pasted stays text, and is not swallowed."""
    sign = "getComputedStyle(document.querySelector('.composer'), '::after').content"
    file = tmp_path / "dropped.md"
    await asyncio.to_thread(file.write_text, "# Notes")
    async with house.visit() as tab:
        await tab.screen("new")
        session = await tab.page.context.new_cdp_session(tab.page)
        assert await tab.page.evaluate(PASTE)
        await tab.stands(CHIPS, 1)
        assert not await tab.page.evaluate(PASTE, "words")
        await drag(session, file, "dragEnter", "dragOver")
        await tab.until(sign, '"Drop to attach"')
        await drag(session, file, "drop")
        await tab.stands(CHIPS, 2)
        await tab.until(sign, "none")
        await tab.page.goto(f"{house.address}/settings")
        await tab.screen("settings")
        await drag(session, file, "dragEnter", "dragOver", "drop")
        await tab.go(".start")
        await tab.screen("new")  # else the browser had opened the file in the page's place
        await tab.stands(CHIPS, 2)


async def test_a_refusal_stands_with_its_file(house: House, tmp_path: Path) -> None:
    """Of no kind, empty, too large: a line each. While one stands there, nothing is sent, and it says why."""
    files = {"evil.exe": b"MZ\x90\0", "nothing.txt": b"", "big.png": PNG + bytes(20 * MIB)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.set_input_files(PICKER, [tmp_path / name for name in files])  # 20 MiB would take Playwright long
        await tab.stands(".coming .problem:not([hidden])", 3)
        told = await tab.ask("[...document.querySelectorAll('.coming li')].map(each => each.innerText).join()")
        for words in ("Models do not read files of this kind", "This file is empty", "Too large: at most 20 MiB"):
            assert words in told
        assert "Try again" not in told
        await tab.page.fill(".composer textarea", "Hello?")
        await tab.go(".send")
        await tab.reads("#composer-problem", "A file is missing.")
        for left in (2, 1, 0):
            await tab.go(".coming [data-do=detach]")
            await tab.stands(".coming li", left)
        await ask(tab, "Hello?")


async def test_a_lost_connection_is_tried_again(house: House) -> None:
    """The file stays where it is, with a way to send it once more."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.route("**/attachments?*name=*", lambda route: route.abort())
        await pick(tab, ("cat.png", PNG))
        await tab.reads(".coming .problem", "It got lost.")
        await tab.go(".coming [data-do=resend]")
        await tab.reads(".coming .problem", "It got lost.")
        await tab.page.unroute_all()
        await tab.go(".coming [data-do=resend]")
        await tab.stands(CHIPS, 1)
        await tab.stands(".coming li", 0)


async def test_progress_and_a_change_of_mind(house: House) -> None:
    """While a file is on its way there is a bar, and sending waits to be asked again; removed, it never arrives."""
    async with house.visit() as tab:
        await tab.screen("new")
        begun: asyncio.Future[Request] = asyncio.get_running_loop().create_future()
        await tab.page.route(
            "**/attachments?*name=*", lambda route: begun.set_result(route.request)
        )  # and never goes on
        await pick(tab, ("cat.png", PNG))
        await begun
        assert await tab.ask("document.querySelector('.coming progress').checkVisibility()")
        await tab.go(".send")
        await tab.reads("#composer-problem", "A file is missing.")
        await tab.go(".coming [data-do=detach]")
        await tab.stands(".composer li", 0)
        assert await tab.ask("document.activeElement.matches('input[type=file]')")


async def test_a_chip_is_removed(house: House) -> None:
    """From the page and from the disk."""
    async with house.visit() as tab:
        await tab.screen("new")
        await pick(tab, ("cat.png", PNG), ("notes.md", b"# Notes"))
        await tab.stands(CHIPS, 2)
        await tab.stands(".coming li", 0)
        async with tab.page.expect_response(lambda reply: reply.request.method == "DELETE") as removed:
            await tab.go(f"{CHIPS}:first-child [data-do=detach]")
        assert (await removed.value).status == 204
        await tab.stands(CHIPS, 1)
        assert len(list((house.home / "staged").iterdir())) == 1


async def test_files_of_a_draft_outlive_a_reload_and_a_change_of_conversation(house: House) -> None:
    """They are of one conversation in one tab; what a model makes of them is said, and said anew."""
    async with house.visit() as tab:
        await tab.screen("new")
        await ask(tab, "First")
        await tab.page.fill(".model-field .model-input", "openai/gpt-5-mini")
        await pick(tab, ("voice.wav", b"RIFF0000WAVE"))
        await tab.reads(CHIPS, "openai/gpt-5-mini takes no sound")
        await tab.go(".start")
        await tab.screen("new")
        await tab.stands(CHIPS, 0)
        await tab.page.go_back()
        await tab.stands(CHIPS, 1)
        await tab.page.reload()
        await tab.stands(CHIPS, 1)
        await tab.page.fill(".model-field .model-input", "somebody/unheard-of")
        await tab.page.focus(".composer textarea")
        await tab.stands(f"{CHIPS} p", 0)
        other = await tab.beside(tab.page.url)
        await other.screen("conversation")
        await other.stands(CHIPS, 0)


async def test_a_message_of_files_alone(house: House) -> None:
    """Is sent with Enter like any other, and called by its file."""
    async with house.visit() as tab:
        await tab.screen("new")
        await pick(tab, ("cat.png", PNG))
        await tab.stands(CHIPS, 1)
        await tab.stands(".coming li", 0)
        await tab.page.press(".composer textarea", "Enter")
        await tab.stands(".from-actor[data-state=done]")
        assert await tab.ask("document.querySelector('.from-user .said').checkVisibility()") is False
        await tab.reads(".list .title", "cat.png")


async def test_editing_keeps_the_files(house: House) -> None:
    """They stand in the composer with the words, can be taken out there, and go along again."""
    async with house.visit() as tab:
        await tab.screen("new")
        await pick(tab, ("cat.png", PNG), ("notes.md", b"# Notes"))
        await tab.stands(CHIPS, 2)
        await tab.stands(".coming li", 0)
        await ask(tab, "Look")
        await tab.page.hover(".from-user")
        await tab.go("[data-do=edit]")
        await tab.stands(CHIPS, 2)
        await tab.until(f"document.querySelector('{CHIPS} img').naturalWidth", 64)
        await tab.go(f"{CHIPS}:has(img) [data-do=detach]")
        await tab.stands(CHIPS, 1)
        await tab.page.fill(".composer textarea", "Look again")
        await tab.go(".send")
        await tab.reads(".from-user .said", "Look again")
        await tab.stands(".from-actor[data-state=done]", 1)
        assert await tab.text(".attached") != ""
        assert await tab.ask("[...document.querySelectorAll('.attached bdi')].map(each => each.textContent)") == [
            "notes.md"
        ]


async def test_a_picture_by_a_model_is_shown_and_saved(house: House, tmp_path: Path) -> None:
    """Also while the reply comes in; room is kept for it, its bytes are those that came, and the receipt counts it."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(".model-field .model-input", "sandbox/image")
        await ask(tab, "Draw")
        await tab.until(DRAWN, [["blob:", 64]])
        async with tab.page.expect_download() as saving:
            await tab.go("[data-path*='/media/']")
        saved = await saving.value
        await saved.save_as(tmp_path / "saved.png")
        assert saved.suggested_filename == "picture-1.png"
        assert await asyncio.to_thread((tmp_path / "saved.png").read_bytes) == PNG
        await tab.go(".chit-line")
        await tab.reads(".receipt", "images 1")


async def test_a_picture_shows_while_the_reply_comes_in(tapped: House, tap: Tap) -> None:
    """It is not fetched again at the end, and the words below it do not move when it comes."""
    async with tapped.visit() as tab:
        fetched: list[str] = []
        tab.page.on("request", lambda request: fetched.append(request.url) if "/media/" in request.url else None)
        await tab.screen("new")
        await tab.say("Draw")
        tap.say("Here.")
        tap.show({"type": "image_url", "image_url": {"url": draw_png()}})
        await tab.stands("figure img")
        height = await tab.ask("document.querySelector('figure img').getBoundingClientRect().height")
        await tab.until(DRAWN, [["blob:", 64]])
        assert (await tab.ask("document.querySelector('figure img').getBoundingClientRect().height"), height) == (
            64,
            64,
        )
        tap.end()
        await tab.stands(".from-actor[data-state=done]")
        await tab.until(DRAWN, [["blob:", 64]])
        assert len(fetched) == 1


async def test_pictures_are_fetched_when_the_reader_comes_near(tapped: House, tap: Tap) -> None:
    """One far above is left alone until then; those of a screen that is left are let go of."""
    async with tapped.visit() as tab:
        fetched: list[str] = []
        tab.page.on("request", lambda request: fetched.append(request.url) if "/media/" in request.url else None)
        await tab.screen("new")
        await tab.say("Draw")
        tap.show({"type": "image_url", "image_url": {"url": draw_png()}})
        tap.end()
        await tab.stands(".from-actor[data-state=done]")
        await tab.say("And now at length")
        tap.say(*(f"Paragraph {number}.\n\n" for number in range(150)))
        tap.end()
        await tab.stands(".from-actor[data-state=done]", 2)
        fetched.clear()
        await tab.page.reload()
        await tab.stands(".block:nth-child(149)")
        await tab.until("document.getElementById('main').scrollTop > 3000")
        await tab.stands(".list li")
        assert fetched == []
        await tab.ask("document.getElementById('main').scrollTop = 0")
        await tab.until(DRAWN, [["blob:", 64]])
        url = await tab.ask("document.querySelector('figure img').src")
        await tab.go(".start")
        await tab.screen("new")
        found = await tab.page.evaluate(LOOK_AT, url)
        assert found == "gone"


async def test_what_is_no_picture_is_never_drawn(house: House) -> None:
    """Attack 19: SVG, HTML and polyglots, whatever they are called: only saved, and as a frame they come to nothing."""
    async with house.visit() as tab:
        await tab.screen("new")
        html = b"<!doctype html><script>parent.hacked = 1</script>"
        await pick(tab, ("a.png", SVG), ("b.html", html), ("c.pdf", b"%PDF-1.7" + html), ("d.gif", b"GIF89a" + html))
        await tab.stands(CHIPS, 4)
        await tab.stands(".coming li", 0)
        await ask(tab, "Look")
        await tab.stands(".attached figure", 4)
        assert await tab.ask("[...document.querySelectorAll('figure img')].map(each => each.alt)") == ["d.gif"]
        for number in range(4):
            code = f"""import("/static/session.js").then(async ({{ call }}) => {{
              const path = document.querySelectorAll("[data-path*='/media/']")[{number}].dataset.path;
              const reply = await call(path);
              return [reply.headers.get("content-type"), reply.headers.get("content-disposition").split(";")[0]];
            }})"""
            type, place = await tab.ask(code)
            assert (type, place) in (("application/octet-stream", "attachment"), ("image/gif", "inline"))
        assert await tab.ask("window.hacked") is None


async def test_attaching_on_a_phone(house: House) -> None:
    """Everything is within the screen, also on a narrow one, and large enough to be hit."""
    async with house.visit(**PHONE) as tab:
        await tab.page.set_viewport_size({"width": 320, "height": 640})
        await tab.screen("new")
        await pick(tab, ("a very long name of a holiday picture in the mountains.png", PNG), ("x.exe", b"MZ\0"))
        await tab.stands(CHIPS, 1)
        await tab.stands(".coming .problem:not([hidden])", 1)
        wide = "document.documentElement.scrollWidth <= 320 && document.querySelector('.composer').scrollWidth <= 300"
        assert await tab.ask(wide)
        small = (
            "[...document.querySelectorAll('.clip, .drop')].every(each => each.getBoundingClientRect().height >= 40)"
        )
        assert await tab.ask(small)
        await tab.go(".coming [data-do=detach]")
        await ask(tab, "Look")
        assert await tab.ask("document.querySelector('main').scrollWidth <= 320")
