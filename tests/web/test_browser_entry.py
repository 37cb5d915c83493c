"""How a person comes in: by a code, a pasted key, OpenRouter's sign-in, or the sandbox."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.web.browser import opened_tab
from tests.web.house import PASSPHRASE, House, opened_house

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_code_becomes_a_session(house: House) -> None:
    """The address is cleared at once, the session outlives a reload, and the code is good for nothing any more."""
    address = house.invite()
    async with opened_tab(house.browser, address) as tab:
        await tab.screen("new")
        assert await tab.ask("location.href") == f"{house.address}/"
        assert await tab.ask("history.length") <= 2
        await tab.page.reload()
        await tab.screen("new")
        async with opened_tab(house.browser, address) as other:
            await other.screen("out")
            assert "used up" in await other.text("main h1")


async def test_the_first_run_with_a_pasted_key(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """A key and a new passphrase, given twice; the model box may stay empty; then a first reply comes."""
    async with opened_house(browser, tmp_path / "home", upstream, keys="none") as house, house.visit() as tab:
        await tab.screen("first")
        assert await tab.page.input_value(".first-model .model-input") == ""
        await tab.go("main summary")
        await tab.page.fill("[name=key]", SANDBOX_KEY)
        await tab.page.fill("[name=passphrase]", PASSPHRASE)
        await tab.page.fill("[name=again]", "another horse")
        await tab.go("form[data-form=key] button")
        await tab.reads("form .problem", "The two passphrases differ.")
        await tab.page.fill("[name=again]", PASSPHRASE)
        await tab.go("form[data-form=key] button")
        await tab.screen("new")
        assert SANDBOX_KEY.encode() in (house.home / "vault.age").read_bytes()
        await tab.say("Hello?")
        await tab.screen("conversation")
        await tab.reads(".reply", "Good question! You asked:")
        assert upstream.ledger.generations[-1].model.startswith("openai/gpt-5-mini")


async def test_signing_in_with_openrouter(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """Over to OpenRouter and back; its code leaves the address, and the new key is stored under a passphrase."""
    upstream.account.sign_in = "approve"
    async with opened_house(browser, tmp_path / "home", upstream, keys="none") as house, house.visit() as tab:
        await tab.screen("first")
        await tab.go("[data-do=sign-in]")
        await tab.screen("sign-in")
        assert "code" not in await tab.ask("location.href")
        await tab.page.fill("[name=passphrase]", PASSPHRASE)
        await tab.page.fill("[name=again]", PASSPHRASE)
        await tab.go("form[data-form=sign-in] button")
        await tab.screen("new")
        assert await tab.ask("location.pathname") == "/"
        await tab.say("Hello?")
        await tab.reads(".reply", "Good question!")


async def test_the_sandbox_and_back(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """No key is needed, the header says where one is, nothing goes upstream, and there is a way back."""
    async with opened_house(browser, tmp_path / "home", upstream, keys="none") as house, house.visit() as tab:
        await tab.screen("first")
        await tab.go("[data-do=enter-sandbox]")
        await tab.screen("new")
        await tab.reads(".badge-place", "sandbox")
        await tab.say("Hello?")
        await tab.screen("conversation")
        await tab.reads(".reply", "This is the Chit sandbox")
        assert upstream.ledger.generations == []
        await tab.go(".start")
        await tab.go("main [data-do=leave-sandbox]")
        await tab.screen("first")
        await tab.until("document.querySelector('.badge-place').textContent", "")


async def test_the_model_of_the_first_run_is_kept(browser: Browser, tmp_path: Path, upstream: Sandbox) -> None:
    """What is written into the box becomes the model of new conversations."""
    async with opened_house(browser, tmp_path / "home", upstream, keys="none") as house, house.visit() as tab:
        await tab.screen("first")
        await tab.page.fill(".first-model .model-input", "sandbox/echo")
        await tab.page.press(".first-model .model-input", "Tab")
        async with asyncio.timeout(10):
            while house.desk.prefs.model != "sandbox/echo":  # noqa: ASYNC110 - a preference sets no event
                await asyncio.sleep(0.02)


async def test_without_a_session_nothing_is_shown(house: House) -> None:
    """The shell alone holds no data, and says what to do."""
    async with opened_tab(house.browser, f"{house.address}/settings") as tab:
        await tab.screen("out")
        assert "Run chit in a terminal" in await tab.text("main")
        assert await tab.ask("document.querySelectorAll('.list li').length") == 0
