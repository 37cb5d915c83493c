"""Unlocking and locking through pages, by the clock, and together with commands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.canaries import PERSONS_KEY
from tests.upstream import DONE, Exchange, Upstream, text_chunk, until
from tests.web.office import PASSPHRASE, Office, Setting, SlowSealer, opened

from chit.core.messages import TextPart
from chit.core.secret import Secret
from chit.errors import KeyUnavailable, VaultLocked
from chit.notices import LockChanged
from chit.sandbox.server import Sandbox
from chit.vault.agent_client import AgentClient
from chit.vault.passphrase import Passphrase

HELLO = (TextPart("Hello?"),)
ECHO = {"model": "sandbox/echo"}


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home with a locked vault, and an upstream."""
    async with Sandbox(pace=0, settle_after=0) as upstream:
        setting = Setting(home=tmp_path / "home", upstream=upstream)
        await setting.seal_plainly()
        yield setting


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """An office with a locked vault."""
    async with opened(setting) as office:
        yield office


async def test_a_page_unlocks_and_locks(office: Office) -> None:
    """Locked at the start; the passphrase opens; the lock takes the key away; pages are told of each once."""
    browser = await office.sign_in()
    assert (office.desk.has_key, office.desk.locked) == (True, True)
    with pytest.raises(VaultLocked):
        await office.desk.check_key()
    state = (await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)).json()
    assert (state["locked"], state["vault"]["state"], state["vault"]["seconds_left"]) == (False, "unlocked", 1800.0)
    await office.desk.check_key()
    assert office.desk.ring.use() == Secret(PERSONS_KEY)
    state = (await browser.ask("POST", "/lock")).json()
    assert (state["locked"], state["keys"]) == (True, [])
    with pytest.raises(VaultLocked):
        office.desk.ring.use()
    assert office.notices == [LockChanged(False), LockChanged(True)]


async def test_wrong_passphrases_in_parallel(office: Office) -> None:
    """Of fifty wrong tries at once one is derived; the rest learn how long to wait, and are not tried."""
    sealer = office.setting.sealer
    assert isinstance(sealer, SlowSealer)
    browser = await office.sign_in()
    replies = await asyncio.gather(*(browser.ask("POST", "/unlock", passphrase="incorrect") for _ in range(50)))
    assert sorted(reply.status for reply in replies) == [403] + [429] * 49
    late = next(reply for reply in replies if reply.status == 429)
    assert (late.headers["Retry-After"], late.json()["error"]["kind"]) == ("1", "too_many_tries")
    assert (sealer.opened, sealer.most) == (1, 1)
    assert (await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)).status == 429
    office.setting.clock.now += 1
    replies = await asyncio.gather(*(browser.ask("POST", "/unlock", passphrase=PASSPHRASE) for _ in range(10)))
    assert {reply.status for reply in replies} == {200}
    assert sealer.most == 1


@pytest.mark.parametrize("members", [{"passphrase": ""}, {"passphrase": None}, {"passphrase": 7}, {"other": 1}])
async def test_what_is_no_passphrase_is_not_tried(office: Office, members: dict[str, Any]) -> None:
    """400, and no try is spent on it."""
    browser = await office.sign_in()
    assert (await browser.ask("POST", "/unlock", **members)).status == 400
    assert (await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)).status == 200


async def test_without_a_vault_there_is_nothing_to_unlock(tmp_path: Path) -> None:
    """409 says so."""
    async with Sandbox(pace=0) as upstream, opened(Setting(home=tmp_path / "home", upstream=upstream)) as office:
        browser = await office.sign_in()
        refused = await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)
        assert (refused.status, refused.json()["error"]["kind"]) == (409, "key_not_found")
        with pytest.raises(KeyUnavailable):
            await office.desk.check_key()


@asynccontextmanager
async def telling(go_on: asyncio.Event) -> AsyncIterator[Upstream]:
    """An upstream that says one word, waits, and says another."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(text_chunk("one "))
        await go_on.wait()
        await exchange.chunk(text_chunk("two", finish="stop") + DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream:
        yield upstream


async def test_locking_lets_a_running_reply_finish(setting: Setting) -> None:
    """A reply that comes in while the vault is locked comes in whole; the next question is answered with "locked"."""
    go_on = asyncio.Event()
    async with telling(go_on) as upstream:
        setting.variables["CHIT_BASE_URL"] = upstream.base_url
        await setting.seal_plainly()
        async with opened(setting) as office:
            browser = await office.sign_in()
            await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)
            running = await office.desk.app.engine.send(HELLO, parameters=ECHO)
            async for _ in running.watch():
                break
            await browser.ask("POST", "/lock")
            go_on.set()
            assert (await running.wait()).text == "one two"
            assert running.error is None
            with pytest.raises(VaultLocked):
                await office.desk.check_key()


async def test_idle_minutes_lock(office: Office) -> None:
    """A question keeps the vault open for thirty more minutes; work in the background and looking do not."""
    await office.desk.unlock(Passphrase(PASSPHRASE))
    office.setting.clock.now += 29 * 60
    await office.desk.check_key()
    office.setting.clock.now += 29 * 60
    office.desk.ring.use()
    assert (await office.desk.describe()).vault.seconds_left == 60.0
    office.setting.clock.now += 60
    assert office.desk.locked
    assert office.notices[-1] == LockChanged(True)


async def test_the_lock_comes_though_nobody_asks(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time has come pages are told, without a request that would find out."""
    await office.desk.ring.sharing.close()
    monkeypatch.setattr("chit.vault.agent._LOOK_SECONDS", 0.01)
    await office.desk.unlock(Passphrase(PASSPHRASE))
    office.setting.clock.now += 30 * 60
    await until(lambda: office.notices[-1] == LockChanged(True))


async def test_the_idle_time_changes_while_the_vault_is_open(office: Office) -> None:
    """Another number of minutes counts at once, for pages and commands; the vault stays as it was."""
    browser = await office.sign_in()
    await browser.ask("PATCH", "/prefs", auto_lock_minutes=5)
    assert office.desk.locked
    await office.desk.unlock(Passphrase(PASSPHRASE))
    await browser.ask("PATCH", "/prefs", auto_lock_minutes=0)
    assert not office.desk.locked
    assert office.desk.ring.store.unlocked.seconds_left() is None
    status = await AgentClient(office.setting.home).find_status()
    assert status is not None
    assert (status.locked, status.seconds_left) == (False, None)
    await browser.ask("PATCH", "/prefs", auto_lock_minutes=1)
    office.setting.clock.now += 60
    assert office.desk.locked
    assert [type(each) for each in office.notices].count(LockChanged) == 2


async def test_a_swapped_vault_is_told(setting: Setting) -> None:
    """Another vault in the place of the one that was used last is a warning, once it is opened."""
    async with opened(setting) as office:
        await office.desk.unlock(Passphrase(PASSPHRASE))
        assert (await office.desk.describe()).warning is None
    await setting.seal_plainly(id="99999999-2222-4333-8444-555555555555")
    async with opened(setting) as office:
        await office.desk.unlock(Passphrase(PASSPHRASE))
        assert "not the one that Chit last used" in str((await office.desk.describe()).warning)
