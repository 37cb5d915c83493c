"""The settings, and the lock: keys, the encrypted file, model, theme, signed-in browsers, where the data is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.web.browser import opened_tab
from tests.web.house import PASSPHRASE, House, opened_house

from chit.sandbox.account import MANAGEMENT_KEY
from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNLOCK = "form[data-form=unlock]"


@pytest_asyncio.fixture(loop_scope="module")
async def locked(browser: Browser, tmp_path: Path, upstream: Sandbox) -> AsyncIterator[House]:
    """A house whose key is in an encrypted file."""
    async with opened_house(browser, tmp_path / "home", upstream, keys="sealed") as house:
        yield house


async def test_unlocking_shows_that_it_works(locked: House) -> None:
    """While the passphrase is tried, which takes a second, the button says so and cannot be pressed again."""
    async with locked.visit() as tab:
        await tab.screen("locked")
        assert await tab.ask("document.activeElement.name") == "passphrase"
        locked.sealer.gate.clear()
        await tab.page.keyboard.type(PASSPHRASE)
        await tab.page.keyboard.press("Enter")
        await tab.until(f"document.querySelector('{UNLOCK} button').getAttribute('aria-busy')", "true")
        assert await tab.ask(f"document.querySelector('{UNLOCK} button').disabled")
        locked.sealer.gate.set()
        await tab.screen("new")
        await tab.say("Hello?")
        await tab.reads(".reply", "Good question!")


async def test_a_wrong_passphrase(locked: House) -> None:
    """It says so beside the box; after several the page says how long to wait, and the right one works after that."""
    async with locked.visit() as tab:
        await tab.screen("locked")
        box, button = f"{UNLOCK} [name=passphrase]", f"{UNLOCK} button"
        await tab.page.fill(box, "wrong")
        await tab.go(button)
        await tab.reads(f"{UNLOCK} .problem:not([hidden])", "Wrong.")
        assert await tab.page.input_value(box) == ""
        await tab.page.fill(box, "wrong again")
        await tab.go(button)
        said = await tab.see(
            f"document.querySelector('{UNLOCK} .problem:not([hidden])')?.textContent ?? ''",
            lambda text: "came too fast" in text,
        )
        assert "Try again in 1 s; nothing was tried now." in said
        locked.clock.now += 3600
        await tab.page.fill(box, PASSPHRASE)
        await tab.go(button)
        await tab.screen("new")


async def test_locking_reaches_every_page(locked: House) -> None:
    """Locked in the settings of one tab, the other shows the lock; unlocking brings it back."""
    async with locked.visit() as tab:
        await tab.screen("locked")
        other = await tab.beside(f"{locked.address}/settings")
        await other.screen("settings")
        await other.page.fill(f"{UNLOCK} [name=passphrase]", PASSPHRASE)
        await other.go(f"{UNLOCK} button")
        await other.reads("[data-section=keys]", "Lock now")
        await tab.screen("new")
        await other.go("[data-do=lock]")
        await tab.screen("locked")


async def test_what_is_half_typed_is_not_lost(locked: House) -> None:
    """The page is told that the keys were unlocked elsewhere, and leaves a form alone that somebody is writing in."""
    box = "details form:has(input[value=management]) [name=key]"
    async with locked.visit("/settings/keys") as tab:
        await tab.screen("settings")
        await tab.page.fill(box, "sk-or-half")
        other = await tab.beside(f"{locked.address}/settings")
        await other.screen("settings")
        await other.page.fill(f"{UNLOCK} [name=passphrase]", PASSPHRASE)
        await other.go(f"{UNLOCK} button")
        await other.reads("[data-section=keys]", "Lock now")
        await other.page.goto(f"{locked.address}/")
        await other.say("Told after it?")
        await other.reads(".reply", "Good question!")
        await tab.reads("#sidebar", "Told after it?")
        assert await tab.page.input_value(box) == "sk-or-half"


async def test_a_management_key_is_added_and_removed(locked: House) -> None:
    """It goes into the encrypted file; only a few of its characters are ever shown again."""
    async with locked.visit("/settings/keys") as tab:
        await tab.screen("settings")
        await tab.page.fill(f"{UNLOCK} [name=passphrase]", PASSPHRASE)
        await tab.go(f"{UNLOCK} button")
        await tab.reads("[data-section=keys]", "Lock now")
        await tab.page.reload()  # the page is told of the unlocking, too, and shows itself anew
        await tab.screen("settings")
        form = "details form:has(input[value=management])"
        await tab.page.fill(f"{form} [name=key]", MANAGEMENT_KEY)
        await tab.page.fill(f"{form} [name=passphrase]", PASSPHRASE)
        await tab.go(f"{form} button")
        await tab.reads("[data-section=keys] .rows", "Management key")
        assert MANAGEMENT_KEY not in await tab.page.content()
        await tab.reads(".balance[data-state=account] .amount", "$25")
        await tab.go("[data-do=remove-key][data-name=management]")
        await tab.page.fill("form[data-form=forget]:not([hidden]) [name=passphrase]", "wrong")
        await tab.go("form[data-form=forget]:not([hidden]) button")
        await tab.reads("form[data-form=forget]:not([hidden]) .problem:not([hidden])", "Wrong.")
        locked.clock.now += 3600
        await tab.page.fill("form[data-form=forget]:not([hidden]) [name=passphrase]", PASSPHRASE)
        await tab.go("form[data-form=forget]:not([hidden]) button")
        await tab.until("document.querySelector('.rows').textContent.includes('Management key')", False)


async def test_preferences(house: House) -> None:
    """Model and threshold are kept, also through a reload; the model is that of the next conversation."""
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        await tab.page.fill("[data-pref=model] .model-input", "sandbox/echo")
        await tab.page.press("[data-pref=model] .model-input", "Tab")
        await tab.page.fill("#low-balance", "3.5")
        await tab.page.press("#low-balance", "Tab")
        await tab.go(".start")
        await tab.screen("new")
        await tab.until("document.querySelector('.model-field .model-input').value", "sandbox/echo")
        await tab.say("Repeat this.")
        await tab.reads(".reply", "Repeat this.")
        await tab.page.goto(f"{house.address}/settings")
        await tab.until("document.querySelector('#low-balance')?.value", "3.50")


async def test_a_preference_that_cannot_be(house: House) -> None:
    """It is refused beside its field, and the old one stays."""
    async with house.visit("/settings") as tab:
        await tab.screen("settings")
        await tab.page.fill("#low-balance", "a lot")
        await tab.page.press("#low-balance", "Tab")
        await tab.stands("[data-section=preferences] .problem:not([hidden])")
        await tab.page.reload()
        await tab.until("document.querySelector('#low-balance')?.value", "10.00")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_theme(house: House, scheme: str) -> None:
    """Like the computer until chosen; a choice shows at once, in other tabs too, and before a page is drawn."""
    paper = {"light": "rgb(247, 245, 240)", "dark": "rgb(23, 22, 20)"}
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    opposite = "light" if scheme == "dark" else "dark"
    async with house.visit("/settings", color_scheme=scheme) as tab:
        await tab.screen("settings")
        own = await tab.ask(ground)
        assert (own == paper["dark"]) is (scheme == "dark")
        other = await tab.beside(f"{house.address}/")
        await other.screen("new")
        await tab.page.bring_to_front()
        await tab.page.check(f"input[value={opposite}]")
        for each in (tab, other):
            await each.until("document.documentElement.dataset.theme", opposite)
            assert await each.ask(ground) != own
        await tab.page.reload()
        await tab.until("document.documentElement.dataset.theme", opposite)
        await tab.screen("settings")
        await tab.page.check("input[value=system]")
        await other.until("document.documentElement.dataset.theme ?? ''", "")


async def test_signing_out_another_browser(house: House) -> None:
    """It is listed by its name; signed out here, its page shows at once that it is."""
    async with house.visit() as tab, opened_tab(house.browser, house.invite()) as other:
        await tab.screen("new")
        await other.screen("new")
        await tab.go(".below a")
        await tab.stands("[data-section=browsers] li", 2)
        await tab.go("[data-section=browsers] li:not(:has(.badge)) button")
        await tab.stands("[data-section=browsers] li", 1)
        await other.screen("out")
        assert await other.ask("localStorage.getItem('chit-session')") is None


async def test_where_the_data_is(house: House) -> None:
    """The folder is named."""
    async with house.visit("/settings/data") as tab:
        await tab.reads("[data-section=data] code", str(house.home))
