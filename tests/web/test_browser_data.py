"""Exports and imports in a real browser: files that are saved, files that come back, and what is told of them."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.dossiers import a_dossier, same
from tests.web.browser import PATIENCE, PHONE, Tab
from tests.web.house import House

from chit.core.dossier_json import encode_dossier

pytestmark = pytest.mark.asyncio(loop_scope="module")

FITS = "document.documentElement.scrollWidth <= innerWidth"
NO_PICKER = "window.showSaveFilePicker = undefined"
PICKER = """window.showSaveFilePicker = async ({ suggestedName }) => {
  const folder = await navigator.storage.getDirectory();
  return folder.getFileHandle(suggestedName, { create: true });
}"""
"""As the browser's own dialog answers, with a file that a test can reach."""
PICKED = """navigator.storage.getDirectory().then((folder) => folder.getFileHandle("chit-json.zip"))
  .then((file) => file.getFile()).then((file) => file.size).catch(() => null)"""
TITLES = "[...document.querySelectorAll('.list .title')].map(each => each.textContent)"
EXPORT = ".list [popovertarget]"


async def keep(house: House, *titles: str) -> None:
    """Conversations with these titles."""
    for title in titles:
        await house.desk.app.store.add_dossier(a_dossier(title), scrub=same, now=1.0)


async def save(tab: Tab, selector: str, folder: Path) -> Path:
    """Press it, and save what comes under the name that the browser would give it."""
    async with tab.page.expect_download(timeout=PATIENCE * 1000) as waiting:
        await tab.go(selector)
    download = await waiting.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


async def bring(tab: Tab, path: Path) -> None:
    """Choose a file and import it."""
    await tab.page.set_input_files("#import", path)
    await tab.go("form[data-form=import] button")


async def test_one_conversation(house: House, tmp_path: Path) -> None:
    """From its menu, by mouse and by keyboard: JSON and Markdown, under names that tell what they are."""
    await keep(house, "Why is it?")
    async with house.visit() as tab:
        await tab.until(TITLES, ["Why is it?"])
        await tab.page.hover(".list li")
        await tab.go(EXPORT)
        path = await save(tab, "[data-path$='as=json']", tmp_path)
        assert path.name.startswith("why-is-it-")
        assert json.loads(path.read_bytes())["conversation"]["title"] == "Why is it?"
        await tab.until("document.querySelectorAll(':popover-open').length", 0)
        await tab.page.focus(EXPORT)
        await tab.page.keyboard.press("Enter")
        await tab.until("document.querySelectorAll(':popover-open').length", 1)
        await tab.page.focus("[data-path$='as=markdown']")
        async with tab.page.expect_download() as waiting:
            await tab.page.keyboard.press("Enter")
        await (await waiting.value).save_as(tmp_path / "a.md")
        text = (tmp_path / "a.md").read_text()
        assert text.startswith('---\ntitle: "Why is it?"\n')
        assert "Because." in text
        await tab.page.focus(EXPORT)
        await tab.page.keyboard.press("Enter")
        await tab.page.keyboard.press("Escape")
        await tab.until("document.querySelectorAll(':popover-open').length", 0)


async def test_everything(house: House, tmp_path: Path) -> None:
    """Saved as a whole; or, where the browser can, written to the file that the person chose; or not at all."""
    await keep(house, "One", "Two")
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        await tab.ask(NO_PICKER)
        for form in ("markdown", "json"):
            path = await save(tab, f"[data-path='/export?as={form}']", tmp_path)
            assert path.name == f"chit-{form}.zip"
            assert len(zipfile.ZipFile(path).namelist()) == 2
        await tab.ask(f"{{ {PICKER}; null }}")
        await tab.go("[data-path='/export?as=json']")
        await tab.see(PICKED, lambda size: size == path.stat().st_size)
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))
        await tab.ask("{ window.showSaveFilePicker = () => Promise.reject(new DOMException('', 'AbortError')); null }")
        await tab.go("[data-path='/export?as=json']")
        await tab.until("document.querySelector(\"[data-path='/export?as=json']\").ariaDisabled", None)
        assert asked == []
        assert await tab.ask("document.querySelector('[data-section=data] .problem').hidden")


async def test_bringing_it_back(house: House, tmp_path: Path) -> None:
    """A file is imported, by choosing it: the list shows it everywhere at once; a second time nothing changes."""
    path = tmp_path / "a.json"
    path.write_bytes(encode_dossier(a_dossier("From elsewhere"), same))
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        other = await tab.beside(f"{house.address}/")
        await other.screen("new")
        await tab.page.bring_to_front()
        await bring(tab, path)
        await tab.reads(".imported", "1 conversation added, 2 messages in all.")
        await tab.until(TITLES, ["From elsewhere"])
        await other.until(TITLES, ["From elsewhere"])
        await tab.until("document.querySelector('#import').value", "")
        await bring(tab, path)
        await tab.reads(".imported", "1 was here already.")
        await tab.page.reload()
        await tab.reads(".imported", "1 was here already.")
        await tab.go(".list a")
        await tab.reads(".from-actor .reply", "Because.")


async def test_a_dropped_file(house: House, tmp_path: Path) -> None:
    """It lands in the field."""
    path = tmp_path / "a.json"
    path.write_bytes(encode_dossier(a_dossier("Dropped"), same))
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        await tab.ask("document.querySelector('#import').scrollIntoView({ block: 'center' })")
        box = await tab.page.locator("#import").bounding_box()
        assert box is not None
        session = await tab.page.context.new_cdp_session(tab.page)
        for kind in ("dragEnter", "dragOver", "drop"):
            event: dict[str, Any] = {"type": kind, "x": box["x"] + 60, "y": box["y"] + 15}
            event["data"] = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
            await session.send("Input.dispatchDragEvent", event)
        await tab.until("document.querySelector('#import').files.length", 1)
        await tab.go("form[data-form=import] button")
        await tab.until(TITLES, ["Dropped"])


async def test_a_broken_file(house: House, tmp_path: Path) -> None:
    """Told beside the field, as text; the page goes on working, and no field at all asks for a file."""
    path = tmp_path / "evil.json"
    evil = json.loads(encode_dossier(a_dossier("<img src=x onerror=alert(1)>"), same)) | {"messages": [1]}
    path.write_text(json.dumps(evil))
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        await tab.go("form[data-form=import] button")
        assert not await tab.ask("document.querySelector('#import').validity.valid")
        await bring(tab, path)
        await tab.reads("form[data-form=import] .problem:not([hidden])", "This file cannot be imported: “<img src=x")
        await tab.reads("form[data-form=import] .problem:not([hidden])", "message 1 is not an object.")
        assert await tab.ask("document.querySelectorAll('[data-section=data] img').length") == 0
        path.write_bytes(encode_dossier(a_dossier("Fine"), same))
        await bring(tab, path)
        await tab.until(TITLES, ["Fine"])
        await tab.stands("[data-section=data] .problem:not([hidden])", 0)


@pytest.mark.parametrize("width", [400, 320])
async def test_on_a_phone(house: House, tmp_path: Path, width: int) -> None:
    """Everything fits, can be touched, and works."""
    path = tmp_path / "a.json"
    path.write_bytes(encode_dossier(a_dossier("A" * 60), same))
    profile = PHONE | {"viewport": {"width": width, "height": 800}}
    async with house.visit("/settings", **profile) as tab:
        await tab.screen("settings")
        await bring(tab, path)
        await tab.reads(".imported", "1 conversation added")
        assert await tab.ask(FITS)
        heights = await tab.ask(
            "[...document.querySelectorAll('[data-section=data] :is(button, input)')].map(each => each.offsetHeight)"
        )
        assert min(heights) >= 40
        [made] = await house.desk.app.store.list_dossiers()
        await tab.page.goto(f"{house.address}/c/{made}")
        await tab.screen("conversation")
        await tab.go(".menu")
        await tab.until("document.querySelectorAll('.list li').length", 1)
        await tab.page.tap(EXPORT)
        await tab.until("document.querySelectorAll(':popover-open').length", 1)
        box = await tab.page.locator(".item-menu:popover-open").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        async with tab.page.expect_download() as waiting:
            await tab.page.tap(".item-menu:popover-open [data-path$='as=markdown']")
        assert (await waiting.value).suggested_filename.endswith(".md")
