"""Keys through pages: stored, deleted, never told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.canaries import PERSONS_KEY
from tests.upstream import until
from tests.vault.doubles import PlainSealer, make_entry
from tests.vault.keychains import Remembering, keychain
from tests.web.office import PASSPHRASE, Office, Setting, opened

from chit.core.secret import Secret
from chit.errors import DiskFull, KeyUnavailable
from chit.notices import KeysChanged, LockChanged
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.vault.age_worker import AgeWorker
from chit.vault.agent_client import AgentClient
from chit.vault.passphrase import Passphrase
from chit.vault.sources import GivenKey

GIVEN = GivenKey(key=Secret(SANDBOX_KEY), kind="environment", where="the environment variable OPENROUTER_API_KEY")


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home without keys, and an upstream."""
    async with Sandbox(pace=0, settle_after=0) as upstream:
        upstream.account.sign_in = "approve"
        yield Setting(home=tmp_path / "home", upstream=upstream)


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """An office whose person has no key yet."""
    async with opened(setting) as office:
        yield office


def use_keychain(setting: Setting) -> Remembering:
    """Give the setting a keychain that works."""
    backend = Remembering()
    setting.handed = replace(setting.handed, keychain=keychain(setting.home, backend))
    return backend


async def test_the_first_key_is_pasted(office: Office) -> None:
    """Without a keychain the first key asks for a new passphrase, rests in the vault, and can be used at once."""
    browser = await office.sign_in()
    assert (office.desk.has_key, office.desk.locked) == (False, False)
    assert (await office.desk.describe()).passphrase == "new"
    asked = await browser.ask("POST", "/key", name="inference", key=PERSONS_KEY)
    assert (asked.status, asked.json()["error"]["kind"]) == (423, "locked")
    assert not office.desk.ring.store.file.exists()
    kept = await browser.ask("POST", "/key", name="inference", key=f" {PERSONS_KEY}\n", passphrase=PASSPHRASE)
    assert kept.status == 200
    state = kept.json()
    assert (state["has_key"], state["locked"], state["vault"]["state"], state["note"]) == (
        True,
        False,
        "unlocked",
        None,
    )
    assert (state["passphrase"], state["has_management_key"]) == ("open", False)
    [key] = state["keys"]
    assert (key["name"], key["masked"], key["source"]) == ("inference", f"sk-or-…{PERSONS_KEY[-4:]}", "vault")
    assert office.desk.ring.use() == Secret(PERSONS_KEY)
    assert office.notices == [LockChanged(False), KeysChanged()]
    assert Secret(PERSONS_KEY) in office.setting.learned


async def test_a_key_goes_into_the_keychain(setting: Setting) -> None:
    """Where the keychain stands its trial no passphrase is asked for; `place` chooses otherwise."""
    backend = use_keychain(setting)
    async with opened(setting) as office:
        browser = await office.sign_in()
        state = (await browser.ask("POST", "/key", key=PERSONS_KEY, place="keychain")).json()
        assert [key["source"] for key in state["keys"]] == ["keychain"]
        assert (state["has_key"], state["locked"], state["keychain"]["problem"]) == (True, False, None)
        assert (len(backend.kept), state["passphrase"]) == (1, None)
        state = (await browser.ask("POST", "/key", key=PERSONS_KEY, place="file", passphrase=PASSPHRASE)).json()
        assert [key["source"] for key in state["keys"]] == ["vault"]
        assert not backend.kept
        await browser.ask("POST", "/lock")
        assert office.desk.locked


@pytest.mark.parametrize(
    "members",
    [
        {"key": "sk-or-v1-“curly”"},
        {"key": f"{PERSONS_KEY}\r\nX-Evil: 1"},
        {"key": "hello"},
        {"key": 7},
        {"name": "other", "key": PERSONS_KEY},
        {"name": ["inference"], "key": PERSONS_KEY},
        {"key": PERSONS_KEY, "place": "desk"},
        {"key": PERSONS_KEY, "passphrase": 5},
        {"key": PERSONS_KEY, "passphrase": ""},
        {"key": PERSONS_KEY, "passphrase": "two\nlines"},
        {"key": PERSONS_KEY, "passphrase": PASSPHRASE, "again": "another horse"},
    ],
)
async def test_what_cannot_be_stored_is_refused(office: Office, members: dict[str, Any]) -> None:
    """A malformed key, name, place or passphrase answers 400; nothing is stored, and nobody is asked."""
    browser = await office.sign_in()
    refused = await browser.ask("POST", "/key", **members)
    assert (refused.status, refused.json()["error"]["kind"]) == (400, "input_invalid")
    assert not office.desk.ring.store.file.exists()
    assert PERSONS_KEY not in office.setting.upstream.account.keys


@pytest.mark.parametrize(
    ("name", "key"),
    [("inference", MANAGEMENT_KEY), ("management", SANDBOX_KEY)],
    ids=["management as ordinary", "ordinary as management"],
)
async def test_a_key_of_the_wrong_kind_is_not_stored(office: Office, name: str, key: str) -> None:
    """A management key cannot ask, an ordinary one cannot read the balance: each is refused for the other's place."""
    browser = await office.sign_in()
    refused = await browser.ask("POST", "/key", name=name, key=key, passphrase=PASSPHRASE)
    assert (refused.status, refused.json()["error"]["kind"]) == (409, "key_wrong_kind")
    assert not office.desk.ring.store.file.exists()


async def test_a_key_that_openrouter_refuses_is_not_stored(office: Office) -> None:
    """A disabled key is told as what it is."""
    office.setting.upstream.account.keys[SANDBOX_KEY].disabled = True
    browser = await office.sign_in()
    refused = await browser.ask("POST", "/key", key=SANDBOX_KEY, passphrase=PASSPHRASE)
    assert (refused.status, refused.json()["error"]["status"]) == (502, 401)
    assert not office.desk.ring.store.file.exists()


async def test_without_a_network_a_key_is_stored_with_a_note(office: Office) -> None:
    """Nobody needs to be online to store a key; that it was not checked is said."""
    await office.setting.upstream.close()
    browser = await office.sign_in()
    kept = await browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE)
    assert kept.status == 200
    assert kept.json()["note"].startswith("The key is stored, but was not checked")
    assert office.desk.has_key


async def test_a_management_key_stands_beside_the_other(office: Office) -> None:
    """Both names are kept, and each is found under its own."""
    browser = await office.sign_in()
    await browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE)
    asked = await browser.ask("POST", "/key", name="management", key=MANAGEMENT_KEY)
    assert (asked.status, asked.json()["error"]["hint"]) == (423, "Enter it; nothing was stored.")
    kept = await browser.ask("POST", "/key", name="management", key=MANAGEMENT_KEY, passphrase=PASSPHRASE)
    assert [key["name"] for key in kept.json()["keys"]] == ["inference", "management"]
    assert await office.desk.ring.find_management() == Secret(MANAGEMENT_KEY)
    wrong = await browser.ask("POST", "/key", key=SANDBOX_KEY, passphrase="incorrect horse")
    assert (wrong.status, wrong.json()["error"]["kind"]) == (403, "wrong_passphrase")
    assert office.desk.ring.use() == Secret(PERSONS_KEY)


async def test_a_key_is_deleted(office: Office) -> None:
    """The vault's passphrase is needed for it, and a name that is none is refused."""
    browser = await office.sign_in()
    await browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE)
    assert (await browser.ask("DELETE", "/key/inference")).status == 423
    assert (await browser.ask("DELETE", "/key/any")).status == 400
    gone = await browser.ask("DELETE", "/key/inference", passphrase=PASSPHRASE)
    assert (gone.json()["places"], gone.json()["note"], gone.json()["has_key"]) == (["file"], None, False)


async def test_a_key_is_deleted_from_the_keychain(setting: Setting) -> None:
    """Without a passphrase; then there is none to ask with."""
    backend = use_keychain(setting)
    async with opened(setting) as office:
        browser = await office.sign_in()
        with pytest.raises(KeyUnavailable):
            await office.desk.check_key()
        await browser.ask("POST", "/key", key=PERSONS_KEY)
        await office.desk.check_key()
        gone = await browser.ask("DELETE", "/key/inference")
        assert (gone.json()["places"], gone.json()["has_key"]) == (["keychain"], False)
        assert not backend.kept


async def test_a_key_that_was_handed_over_stays(setting: Setting) -> None:
    """Deleting leaves the environment's key alone and says so; it needs no vault and no lock."""
    setting.handed = replace(setting.handed, given=GIVEN)
    async with opened(setting) as office:
        await office.desk.check_key()
        browser = await office.sign_in()
        gone = await browser.ask("DELETE", "/key/inference")
        assert gone.json()["places"] == []
        assert gone.json()["note"].startswith(GIVEN.where)
        [key] = gone.json()["keys"]
        assert (key["source"], key["is_used"], key["can_remove"]) == ("environment", True, False)
        assert (office.desk.has_key, office.desk.locked) == (True, False)


async def test_a_full_disk_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """507, and there is no key then."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chit.vault.vault_file.replace_file", fail)
    browser = await office.sign_in()
    full = await browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE)
    assert (full.status, full.json()["error"]["kind"]) == (507, DiskFull.kind)
    assert not office.desk.has_key


async def test_a_key_for_another_address_is_none(setting: Setting) -> None:
    """A vault whose key was stored for another base URL leaves nothing to send with."""
    setting.seal(inference=make_entry(PERSONS_KEY, base_url="https://elsewhere.example/api/v1"))
    setting.handed = replace(setting.handed, sealer=AgeWorker())
    async with opened(setting) as office:
        await office.desk.unlock(Passphrase(PASSPHRASE))
        assert (office.desk.has_key, office.desk.locked) == (False, False)


async def test_a_real_vault(setting: Setting) -> None:
    """With age itself: a key that a page sealed is the one that age opens."""
    setting.handed = replace(setting.handed, sealer=AgeWorker())
    async with opened(setting) as office:
        browser = await office.sign_in()
        assert (await browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE)).status == 200
        assert (await browser.ask("POST", "/lock")).json()["locked"]
        assert (await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)).json()["has_key"]
        assert office.desk.ring.use() == Secret(PERSONS_KEY)


async def test_whoever_leaves_does_not_stop_the_saving(setting: Setting) -> None:
    """A browser that is closed while the vault is sealed finds its key kept."""
    sealing, go_on = asyncio.Event(), asyncio.Event()

    class Waiting(PlainSealer):
        async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
            sealing.set()
            await go_on.wait()
            return await super().seal(data, passphrase)

    setting.handed = replace(setting.handed, sealer=Waiting())
    async with opened(setting) as office:
        browser = await office.sign_in()
        asking = asyncio.create_task(browser.ask("POST", "/key", key=PERSONS_KEY, passphrase=PASSPHRASE))
        await sealing.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        go_on.set()
        await until(lambda: KeysChanged() in office.notices)
        assert office.desk.has_key
        assert await AgentClient(setting.home).find("inference")
