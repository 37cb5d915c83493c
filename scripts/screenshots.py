"""Pictures of every screen, desktop and phone, light and dark: `make screenshots` puts them into .build/screens.

The real app is driven by Chromium, with its own sandbox behind it. The three that the README shows are copied to
docs/images.
"""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).parent.parent
SCREENS = ROOT / ".build" / "screens"
IMAGES = ROOT / "docs" / "images"
SHOWN = ("conversation-desktop-light", "failure-desktop-dark", "conversation-phone-light")
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
SIZES = {"desktop": (1280, 900), "phone": (400, 860)}
QUESTION = "How do I retry a flaky HTTP call without billing myself twice?"
PATIENCE = 30.0
_FILES: Any = [
    {"name": "receipt-design.png", "mimeType": "image/png", "buffer": (IMAGES / f"{SHOWN[0]}.png").read_bytes()},
    {"name": "minutes.md", "mimeType": "text/markdown", "buffer": b"# Minutes\n" * 90},
    {"name": "terms.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7" + bytes(340_000)},
    {"name": "setup.exe", "mimeType": "", "buffer": b"MZ\x90\0"},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One screen: how to get there, and its name."""

    name: str
    go: Callable[[Page, str], Awaitable[None]]


async def main() -> None:
    """Take them all."""
    shutil.rmtree(SCREENS, ignore_errors=True)
    SCREENS.mkdir(parents=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size in SIZES:
            for theme in ("light", "dark"):
                await _take(browser, size, theme)
        await browser.close()
    for name in SHOWN:
        shutil.copyfile(SCREENS / f"{name}.png", IMAGES / f"{name}.png")
    print(f"{len(list(SCREENS.iterdir()))} pictures in {SCREENS}")


async def _take(browser: Browser, size: str, theme: Literal["light", "dark"]) -> None:
    """All screens of one size and theme, in a home of their own."""
    width, height = SIZES[size]
    with tempfile.TemporaryDirectory() as home:
        async with _serve(Path(home)) as address:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                has_touch=size == "phone",
                reduced_motion="reduce",
            )
            page = await context.new_page()
            await page.goto(address)
            origin = address.partition("#")[0].rstrip("/")
            for shot in SHOTS:
                await shot.go(page, origin)
                await page.screenshot(path=SCREENS / f"{shot.name}-{size}-{theme}.png")
            await context.close()


@asynccontextmanager
async def _serve(home: Path) -> AsyncIterator[str]:
    """`chit serve`; the address that signs in."""
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment |= {
        "CHIT_HOME": str(home),
        "HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chit",
        "serve",
        "--no-browser",
        "--port",
        "0",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    told = ""
    while "--no-browser" not in told:
        told += (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+#code=\S+", told)
    assert found is not None  # noqa: S101 - it is always printed
    try:
        yield found[0]
    finally:
        process.terminate()
        await process.wait()


async def _until(page: Page, script: str) -> None:
    """Until the script is true. The page's policy forbids what Playwright's own waiting does."""
    async with asyncio.timeout(PATIENCE):
        while not await page.evaluate(script):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.05)


def _there(selector: str) -> str:
    return f"document.querySelector({selector!r}) !== null"


async def _first(page: Page, _origin: str) -> None:
    await _until(page, _there(".first"))


async def _paste(page: Page, _origin: str) -> None:
    await page.click("text=Paste a key")


async def _new(page: Page, _origin: str) -> None:
    await page.click("[data-do=enter-sandbox]")
    await _until(page, _there(".new"))


async def _send(page: Page, text: str, model: str) -> None:
    await page.fill(".model-field .model-input", model)
    await page.keyboard.press("Escape")
    await page.fill(".composer textarea", text)
    await page.click(".composer .send")
    await _until(page, _there(".message.from-actor"))


async def _streaming(page: Page, _origin: str) -> None:
    await _send(page, QUESTION, "")
    await _until(page, "document.querySelectorAll('.reply .block').length > 2")


async def _conversation(page: Page, _origin: str) -> None:
    await _until(page, _there(".chit-line"))
    await _until(page, "document.querySelector('.chit-line .pending') === null")
    await page.click(".chit-line")


async def _amend(page: Page, _origin: str) -> None:
    await page.click(".from-actor [data-do=amend]")


async def _versions(page: Page, _origin: str) -> None:
    said = await page.input_value(".amend textarea")
    await page.fill(".amend textarea", f"Only when you **know** that it never ran.\n\n{said}")
    await page.click(".amend .primary")
    await _until(page, _there(".edited"))
    await page.click(".from-actor .branch button")


async def _again_with(page: Page, _origin: str) -> None:
    await page.keyboard.press("Escape")
    await page.click("[aria-label='Previous version']")
    await _until(page, _there(".from-actor .chit-line"))
    await page.click("[data-do=again-with]")


async def _archive(page: Page, origin: str) -> None:
    await page.keyboard.press("Escape")
    await page.evaluate("document.querySelector('.list [data-name=archived]').click()")
    await page.goto(f"{origin}/archive")
    await _until(page, _there(".archive .rows"))


async def _private(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await page.check("[name=private]")
    await _send(page, "What should I say to them?", "sandbox/echo")
    await _until(page, _there(".chit-line"))


async def _reasoning(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await _send(page, "Think first.", "sandbox/reasoning")
    await _until(page, _there(".chit-line"))
    await page.click(".reasoning summary")


async def _attaching(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await page.fill(".model-field .model-input", "openai/gpt-5-mini")
    await page.keyboard.press("Escape")
    await page.set_input_files(".composer input[type=file]", _FILES)
    await _until(page, "document.querySelectorAll('.composer .parts li').length === 3")
    await _until(page, _there(".coming .problem:not([hidden])"))
    await page.fill(".composer textarea", "What do these say?")


async def _attached(page: Page, _origin: str) -> None:
    await page.click(".coming [data-do=detach]")
    await page.click(".composer .send")
    await _until(page, _there(".chit-line"))
    await _until(page, "document.querySelector('figure img').src.startsWith('blob:')")
    await page.evaluate("document.getElementById('main').scrollTop = 0")


async def _drawn(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await _send(page, "Draw me something.", "sandbox/image")
    await _until(page, _there(".chit-line"))
    await _until(page, "document.querySelector('figure img')?.src.startsWith('blob:')")
    await page.click(".chit-line")


async def _failure(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await _send(page, "And on a model that trains on prompts?", "sandbox/error-data-policy")
    await _until(page, _there(".failure"))


async def _cut(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await _send(page, "Tell me a story.", "sandbox/cut")
    await _until(page, _there(".failure"))


async def _lost(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await _send(page, "And where nobody says what became of it?", "sandbox/error-empty-500")
    await _until(page, _there(".failure"))


async def _models(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await page.fill(".model-field .model-input", "gpt")
    await _until(page, _there(".suggestions [data-model]"))


async def _parameters(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".open-parameters"))
    await page.click(".open-parameters")
    await _until(page, _there(".sheet[open] [name=temperature]"))
    await page.fill(".sheet [name=temperature]", "0.2")
    await page.select_option(".sheet [name='reasoning.effort']", "low")


async def _differences(page: Page, _origin: str) -> None:
    await page.click(".sheet .primary")
    await _until(page, "!document.querySelector('.sheet').open")


async def _context(page: Page, _origin: str) -> None:
    await page.click(".context summary")
    await page.evaluate("document.querySelector('.context').scrollIntoView()")


async def _costs(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/costs")
    await _until(page, _there(".costs .chart"))


async def _doubtful(page: Page, origin: str) -> None:
    await _costs(page, origin)
    await page.evaluate("document.querySelector('#costs-doubtful').scrollIntoView()")


async def _settings(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/settings")
    await _until(page, _there(".settings"))


async def _search(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/search?q=retry+http")
    await _until(page, _there(".found mark"))


async def _filters(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/search?q=&from=model&has=error")
    await _until(page, _there(".found a"))


async def _data(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/settings/data")
    await _until(page, _there(".settings"))
    await page.set_input_files("#import", {"name": "chit.json", "mimeType": "", "buffer": b"{}"})
    await page.click("form[data-form=import] button")
    await _until(page, _there("form[data-form=import] .problem:not([hidden])"))


async def _export(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".list li"))
    await page.goto(f"{origin}{await page.get_attribute('.list li:last-child a', 'href')}")
    await _until(page, _there(".list [aria-current]"))
    if await page.is_visible(".menu"):
        await page.click(".menu")
    await page.hover(".list [aria-current]")
    await page.click(".list li:has([aria-current]) [popovertarget]")


async def _leave(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/leave?to=https%3A%2F%2Fxn--pypal-4ve.example%2Fsign-in")
    await _until(page, _there(".leave"))


async def _help(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    await _until(page, _there("dialog[open]"))


async def _drawer(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    await _until(page, _there(".new"))
    if await page.is_visible(".menu"):
        await page.click(".menu")


SHOTS = (
    Shot(name="first", go=_first),
    Shot(name="paste", go=_paste),
    Shot(name="new", go=_new),
    Shot(name="streaming", go=_streaming),
    Shot(name="conversation", go=_conversation),
    Shot(name="amend", go=_amend),
    Shot(name="versions", go=_versions),
    Shot(name="again-with", go=_again_with),
    Shot(name="archive", go=_archive),
    Shot(name="private", go=_private),
    Shot(name="context", go=_context),
    Shot(name="reasoning", go=_reasoning),
    Shot(name="attaching", go=_attaching),
    Shot(name="attached", go=_attached),
    Shot(name="drawn", go=_drawn),
    Shot(name="failure", go=_failure),
    Shot(name="cut", go=_cut),
    Shot(name="lost", go=_lost),
    Shot(name="models", go=_models),
    Shot(name="parameters", go=_parameters),
    Shot(name="differences", go=_differences),
    Shot(name="costs", go=_costs),
    Shot(name="doubtful", go=_doubtful),
    Shot(name="settings", go=_settings),
    Shot(name="search", go=_search),
    Shot(name="search-filters", go=_filters),
    Shot(name="data", go=_data),
    Shot(name="export", go=_export),
    Shot(name="leave", go=_leave),
    Shot(name="help", go=_help),
    Shot(name="drawer", go=_drawer),
)

if __name__ == "__main__":
    asyncio.run(main())
