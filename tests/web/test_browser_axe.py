"""axe-core finds nothing that keeps people out: on every screen, light and dark, wide and narrow."""

from base64 import b64decode
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser
from tests.dossiers import a_dossier, same
from tests.transfer.zips import make_zip
from tests.web.browser import PHONE, Tab, opened_tab
from tests.web.house import House, Tap, opened_house

from chit.core.dossier_json import encode_dossier
from chit.sandbox.picture import draw_png
from chit.sandbox.server import Sandbox
from chit.transfer.import_report import Report

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"""axe.run(document, {{resultTypes: ["violations"], runOnly: {RULES}}}).then(found => found.violations.map(
    each => `${{each.id}}: ${{each.nodes.map(node => `${{node.target}} ${{node.failureSummary}}`).join(" | ")}}`))"""
LOOKS: list[Any] = [
    pytest.param({"color_scheme": scheme, **size}, id=f"{scheme} {name}", marks=marks)
    for scheme, name, size, marks in (
        ("light", "wide", {}, ()),
        ("dark", "wide", {}, pytest.mark.long),
        ("light", "phone", PHONE, pytest.mark.long),
        ("dark", "phone", PHONE, ()),
    )
]
QUESTION = "Show me code, a table and math."
FILES: Any = [
    {"name": "cat.png", "mimeType": "image/png", "buffer": b64decode(draw_png().partition(",")[2])},
    {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
    {"name": "program.exe", "mimeType": "", "buffer": b"MZ\x90\0"},
]


async def find_violations(tab: Tab, where: str) -> list[str]:
    """By all rules, once nothing moves any more."""
    await tab.until("document.getAnimations().filter(each => each.playState == 'running').length", 0)
    if not await tab.ask("'axe' in window"):
        await tab.page.evaluate(AXE)
    return [f"{where}: {each}" for each in await tab.ask(RUN)]


@pytest.mark.parametrize("look", LOOKS)
async def test_screens_with_a_key(house: House, look: dict[str, Any]) -> None:
    """New, conversation, open receipt, parameters, failure, settings, leave, the sheet, the drawer."""
    found = []
    async with house.visit(reduced_motion="reduce", **look) as tab:
        await tab.screen("new")
        found += await find_violations(tab, "new")
        await send(tab, QUESTION)
        await tab.stands(".from-actor[data-state=done] table")
        await tab.go(".from-actor .chit-line")
        await tab.go(".context summary")
        found += await find_violations(tab, "conversation with its receipt and context")
        await tab.ask("document.querySelector('.help').showModal()")
        found += await find_violations(tab, "help")
        await tab.ask("document.querySelector('.help').close()")
        await tab.go(".open-parameters")
        await tab.stands(".sheet[open] [name=raw]")
        await tab.ask("document.querySelectorAll('.sheet details').forEach(each => { each.open = true; })")
        found += await find_violations(tab, "parameters")
        await tab.page.fill(".sheet [name=raw]", '{"top_p": 1')
        await tab.page.fill(".sheet [name=seed]", "1")
        await tab.go(".sheet .primary")
        await tab.stands(".sheet [aria-invalid]")
        found += await find_violations(tab, "parameters with an error")
        await tab.page.fill(".sheet [name=raw]", '{"top_p": 1, "x_own": 2}')
        await tab.page.fill(".sheet [name=temperature]", "3")
        await tab.go(".sheet .primary")
        await tab.stands(".difference")
        found += await find_violations(tab, "differences")
        await tab.go(".open-parameters")
        await tab.stands(".sheet[open] .remark")
        found += await find_violations(tab, "parameters with a remark")
        await tab.page.fill(".sheet [name=temperature]", "")
        await tab.go(".sheet .primary")
        await tab.stands(".sheet[open]", 0)
        if look.get("is_mobile"):
            await tab.go(".menu")
            found += await find_violations(tab, "drawer")
            await tab.page.keyboard.press("Escape")
        await tab.page.set_input_files(".composer input[type=file]", FILES)
        await tab.stands(".composer .parts li", 2)
        await tab.stands(".coming .problem:not([hidden])", 1)
        found += await find_violations(tab, "attaching")
        await tab.go(".coming [data-do=detach]")
        await tab.page.fill(".model-field .model-input", "sandbox/image")
        await send(tab, "Draw.")
        await tab.stands(".from-actor[data-state=done]", 2)
        await tab.until("[...document.images].every(each => each.src.startsWith('blob:'))")
        found += await find_violations(tab, "attached, and a picture by a model")
        await tab.page.fill(".model-field .model-input", "sandbox/error-data-policy")
        await send(tab, "And now?")
        await tab.stands(".failure")
        await tab.go(".failure summary")
        found += await find_violations(tab, "failure")
        await tab.page.fill(".model-field .model-input", "sandbox/error-empty-500")
        await send(tab, "And then?")
        await tab.stands(".from-actor[data-state=unknown]")
        for path, screen in (
            ("/costs", "costs"),
            ("/settings", "settings"),
            ("/leave?to=https://xn--pypal-4ve.example/", "leave"),
            ("/search", "search"),
            ("/search?q=code&model=a&has=", "search"),
            ("/search?has=error", "search"),
        ):
            await tab.page.goto(f"{house.address}{path}")
            await tab.screen(screen)
            if screen == "costs":
                await tab.go(".chart summary")
                await tab.stands("#costs-doubtful")
            found += await find_violations(tab, screen)
    assert found == []


@pytest.mark.parametrize("look", LOOKS)
async def test_versions_shelves_and_private_ones(house: House, look: dict[str, Any]) -> None:
    """Rewriting, asking another model, the menu of versions, pins, the archive, private ones and what is left."""
    found = []
    async with house.visit(reduced_motion="reduce", **look) as tab:
        await tab.screen("new")
        await send(tab, QUESTION)
        await tab.stands(".from-actor[data-state=done] table")
        await tab.go(".from-actor [data-do=amend]")
        found += await find_violations(tab, "rewriting")
        await tab.page.fill(".amend textarea", "Mine")
        await tab.go(".amend .primary")
        await tab.go(".from-actor .branch button")
        await tab.stands(".versions:popover-open")
        found += await find_violations(tab, "versions")
        await tab.page.keyboard.press("Escape")
        await tab.go("[aria-label='Previous version']")
        await tab.go(".from-actor [data-do=again-with]")
        await tab.stands(".again-model .model-input")
        found += await find_violations(tab, "again with")
        await tab.page.keyboard.press("Escape")
        if look.get("is_mobile"):
            await tab.go(".menu")
        await tab.page.hover(".list li")
        await tab.go(".list .more")
        await tab.go(".list [data-name=pinned]")
        await tab.stands("[data-day=Pinned]")
        found += await find_violations(tab, "pinned")
        await tab.page.hover(".list li")
        await tab.go(".list .more")
        await tab.go(".list [data-name=archived]")
        await tab.stands(".list li", 0)
        await tab.go(".archive-link")
        await tab.stands(".archive .rows")
        found += await find_violations(tab, "archive")
        await tab.page.goto(f"{house.address}/")
        await tab.screen("new")
        await tab.page.check("[name=private]")
        found += await find_violations(tab, "private, new")
        await send(tab, QUESTION)
        await tab.stands(".from-actor[data-state=done] table")
        await tab.stands("[data-private]")
        found += await find_violations(tab, "private")
        house.desk.app.store._rooms.clear()  # type: ignore[attr-defined] # as a restart does
        await tab.page.reload()
        await tab.screen("forgotten")
        found += await find_violations(tab, "forgotten")
    assert found == []


@pytest.mark.parametrize("look", LOOKS)
async def test_exports_and_imports(house: House, tmp_path: Path, look: dict[str, Any]) -> None:
    """The menu beside a conversation, and what is told of an import: done, with problems, under way."""
    good, bad = encode_dossier(a_dossier(), same), b"{}"
    (tmp_path / "a.zip").write_bytes(make_zip([("a.json", good), ("b.json", bad)]))
    found = []
    async with house.visit("/settings", reduced_motion="reduce", **look) as tab:
        await tab.screen("settings")
        await tab.page.set_input_files("#import", tmp_path / "a.zip")
        await tab.go("form[data-form=import] button")
        await tab.stands(".import-problems li")
        found += await find_violations(tab, "imported")
        for report in (None, Report(total=3, done=1)):
            house.desk.imports.begin(house.desk.app, report)
            await tab.page.reload()
            await tab.stands(".imported progress")
            found += await find_violations(tab, "importing")
        [made] = await house.desk.app.store.list_dossiers()
        await tab.page.goto(f"{house.address}/c/{made}")
        await tab.screen("conversation")
        if look.get("is_mobile"):
            await tab.go(".menu")
        await tab.page.hover(".list li")
        await tab.go(".list [popovertarget]")
        await tab.stands(":popover-open")
        found += await find_violations(tab, "export menu")
    assert found == []


@pytest.mark.parametrize("look", LOOKS)
async def test_a_reply_that_comes_in(tapped: House, tap: Tap, look: dict[str, Any]) -> None:
    """With reasoning, and the suggestions of the model field open; then stopped."""
    found = []
    async with tapped.visit(reduced_motion="reduce", **look) as tab:
        await tab.screen("new")
        await send(tab, QUESTION)
        tap.think("Hm.")
        tap.say("It begins\n\n```python\nx = 1\n")
        await tab.stands(".from-actor .code")
        await tab.go(".reasoning summary")
        found += await find_violations(tab, "streaming")
        await tab.page.fill(".model-field .model-input", "x")
        await tab.stands(".suggestions:not([hidden])")
        found += await find_violations(tab, "suggestions")
        await tab.page.press(".model-field .model-input", "Escape")
        await tab.go(".stop")
        await tab.stands(".from-actor[data-state=stopped]")
        found += await find_violations(tab, "stopped")
    assert found == []


@pytest.mark.parametrize("look", LOOKS)
async def test_screens_without_a_key(browser: Browser, tmp_path: Path, upstream: Sandbox, look: dict[str, Any]) -> None:
    """First, with its form open; locked, with a wrong passphrase; signed out."""
    found = []
    profile = {"reduced_motion": "reduce", **look}
    async with opened_house(browser, tmp_path / "a", upstream, keys="none") as house, house.visit(**profile) as tab:
        await tab.screen("first")
        await tab.go("main summary")
        found += await find_violations(tab, "first")
    async with opened_house(browser, tmp_path / "b", upstream, keys="sealed") as house, house.visit(**profile) as tab:
        await tab.screen("locked")
        await tab.page.fill("[name=passphrase]", "wrong")
        await tab.go("form[data-form=unlock] button")
        await tab.stands("form .problem:not([hidden])")
        found += await find_violations(tab, "locked")
        async with opened_tab(browser, f"{house.address}/", **profile) as out:
            await out.screen("out")
            found += await find_violations(out, "signed out")
    assert found == []


async def send(tab: Tab, question: str) -> None:
    """As any device can."""
    await tab.page.fill(".composer textarea", question)
    await tab.go(".send")


async def test_axe_works_here(house: House) -> None:
    """Under the policy of the pages it finds what is wrong: a picture without words, a button without a name."""
    async with house.visit() as tab:
        await tab.screen("new")
        await tab.ask("document.querySelector('main').append(new Image(), document.createElement('button'))")
        found = await find_violations(tab, "spoilt")
        assert [each.split(":")[1].strip() for each in found] == ["button-name", "image-alt"]
