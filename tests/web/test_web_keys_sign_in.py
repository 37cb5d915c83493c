"""Signing in with OpenRouter through a page, with the sandbox as OpenRouter."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.vault.doubles import PlainSealer
from tests.vault.keychains import Remembering, keychain
from tests.web.office import PASSPHRASE, Office, Setting, opened

from chit.core.secret import Secret
from chit.errors import VaultError
from chit.openrouter.callback import CODE_SECONDS
from chit.sandbox.server import Sandbox
from chit.vault.passphrase import Passphrase


class Breaking(PlainSealer):
    """Fails to seal as often as it is told."""

    failures = 0

    async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
        """As where memory is short."""
        if self.failures:
            self.failures -= 1
            raise VaultError("no process can be started")
        return await super().seal(data, passphrase)


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home without keys, and an upstream that approves every sign-in."""
    async with Sandbox(pace=0, settle_after=0) as upstream:
        upstream.account.sign_in = "approve"
        yield Setting(home=tmp_path / "home", upstream=upstream)


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """An office whose person has no key yet."""
    async with opened(setting) as office:
        yield office


def made_keys(setting: Setting) -> list[str]:
    """The keys that the upstream has made."""
    return list(setting.upstream.account.keys)[2:]


async def test_a_person_signs_in(office: Office) -> None:
    """Approve, come back to an empty page, give a new passphrase: the key is made, kept, and not shown."""
    browser = await office.sign_in()
    begun = await browser.ask("POST", "/sign-in")
    path, code = await browser.approve(begun.json()["address"])
    async with aiohttp.ClientSession() as web, web.get(f"{office.server.address}{path}?code={code}") as page:
        assert page.status == 200
        assert code not in await page.text()
    assert not made_keys(office.setting)
    asked = await browser.ask("POST", path, code=code)
    assert (asked.status, asked.json()["error"]["kind"]) == (423, "locked")
    assert not made_keys(office.setting)
    done = await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)
    assert (done.status, done.json()["has_key"]) == (200, True)
    [key] = made_keys(office.setting)
    assert office.desk.ring.use() == Secret(key)
    assert Secret(key) in office.setting.learned
    assert done.json()["keys"][0]["masked"] == f"sk-or-…{key[-4:]}"
    again = await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)
    assert (again.status, again.json()["error"]["kind"]) == (400, "input_invalid")
    assert made_keys(office.setting) == [key]


async def test_two_tabs_finish_one_sign_in(office: Office) -> None:
    """Of two that bring the same code at once one wins; one key is made."""
    browser = await office.sign_in()
    path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
    replies = await asyncio.gather(*(browser.ask("POST", path, code=code, passphrase=PASSPHRASE) for _ in range(2)))
    assert sorted(reply.status for reply in replies) == [200, 400]
    assert len(made_keys(office.setting)) == 1


async def test_a_wrong_passphrase_costs_no_key(setting: Setting) -> None:
    """The vault is opened before the code is exchanged; after a wrong try the same code is still good."""
    await setting.seal_plainly()
    async with opened(setting) as office:
        browser = await office.sign_in()
        path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
        assert (await browser.ask("POST", path, code=code, passphrase="incorrect horse")).status == 403
        assert not made_keys(setting)
        setting.clock.now += 1
        assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 200


async def test_a_keychain_takes_the_key_without_a_passphrase(setting: Setting) -> None:
    """Where it stands its trial one POST is enough."""
    setting.handed = replace(setting.handed, keychain=keychain(setting.home, Remembering()))
    async with opened(setting) as office:
        browser = await office.sign_in()
        path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
        done = await browser.ask("POST", path, code=code)
        assert [key["source"] for key in done.json()["keys"]] == ["keychain"]


async def test_a_key_that_cannot_be_kept_yet_is_not_lost(setting: Setting) -> None:
    """If saving fails after the exchange the next try saves the same key, even when the code's time is over."""
    sealer = Breaking()
    setting.handed = replace(setting.handed, sealer=sealer)
    async with opened(setting) as office:
        browser = await office.sign_in()
        path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
        sealer.failures = 1
        assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 409
        [key] = made_keys(setting)
        setting.approval_clock.now += CODE_SECONDS
        assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 200
        assert made_keys(setting) == [key]
        assert office.desk.ring.use() == Secret(key)


async def test_another_browser_cannot_finish_it(office: Office) -> None:
    """The path belongs to the session that began; another one's POST finds nothing there, nor does one without any."""
    browser, other = await office.sign_in(), await office.sign_in()
    path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
    assert (await other.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 400
    stranger = replace(browser, token="")
    assert (await stranger.ask("POST", path, code=code)).status == 401
    assert not made_keys(office.setting)
    assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 200


async def test_ten_minutes_are_enough(office: Office) -> None:
    """After that the attempt is gone."""
    browser = await office.sign_in()
    path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
    office.setting.approval_clock.now += CODE_SECONDS
    assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 400
    assert not made_keys(office.setting)


async def test_few_sign_ins_wait_at_once(office: Office) -> None:
    """The seventeenth pushes out the oldest."""
    browser = await office.sign_in()
    attempts = [(await browser.ask("POST", "/sign-in")).json()["address"] for _ in range(17)]
    path, code = await browser.approve(attempts[0])
    assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 400
    path, code = await browser.approve(attempts[1])
    assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 200


@pytest.mark.parametrize("members", [{"other": 1}, {"code": ""}, {"code": "two words"}, {"code": 7}])
async def test_what_is_no_code_is_refused(office: Office, members: dict[str, Any]) -> None:
    """400, and the attempt is still good."""
    browser = await office.sign_in()
    path, code = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
    assert (await browser.ask("POST", path, passphrase=PASSPHRASE, **members)).status == 400
    assert (await browser.ask("POST", path, code=code, passphrase=PASSPHRASE)).status == 200


async def test_a_code_that_openrouter_does_not_know(office: Office) -> None:
    """Its refusal is passed on, and no vault is made for a key that never came."""
    browser = await office.sign_in()
    path, _ = await browser.approve((await browser.ask("POST", "/sign-in")).json()["address"])
    assert (await browser.ask("POST", path, code="auth_code_unknown", passphrase=PASSPHRASE)).status == 502
    assert not office.desk.ring.store.file.exists()


async def test_it_comes_back_to_where_the_page_was_opened(office: Office) -> None:
    """A page on localhost is led back to localhost: its session is kept under that name."""
    browser = await office.sign_in()
    local = office.server.address.replace("127.0.0.1", "localhost")
    begun = await browser.ask("POST", "/sign-in", headers={"Origin": local, "Host": local.partition("//")[2]})
    async with aiohttp.ClientSession() as web, web.get(begun.json()["address"], allow_redirects=False) as page:
        assert page.headers["Location"].startswith(f"{local}/sign-in/")
