"""Where keys are looked for, kept and forgotten."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from tests.vault.doubles import BASE_URL, KEY, OTHER, PASSPHRASE, WRONG, PlainSealer, SetClock, make_entry
from tests.vault.keychains import Remembering, keychain, no_keychain

from chit.core.secret import Secret
from chit.errors import (
    KeychainUnusable,
    KeyNotFound,
    KeyUnavailable,
    TooManyTries,
    VaultDamaged,
    VaultLocked,
    WrongPassphrase,
)
from chit.vault.agent import Agent
from chit.vault.agent_socket import find_path
from chit.vault.entry import KEY_NAMES
from chit.vault.passphrase import Passphrase
from chit.vault.sources import GivenKey
from chit.vault.store import SecretStore

ELSEWHERE = "https://elsewhere.test/api/v1"
GIVEN = GivenKey(key=Secret(OTHER), kind="environment", where="the environment variable OPENROUTER_API_KEY")


class Place:
    """A home folder, the keychain beside it, and stores that use both as processes would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.backend = Remembering()
        self.sealer = PlainSealer()
        self.clock = SetClock()
        self.changes: list[bool] = []
        self.met: list[Secret] = []

    def open(self, *, chain: bool = False, base_url: str = BASE_URL, **options: Any) -> SecretStore:
        """A store of a new process; with the keychain only if asked."""
        return SecretStore(
            self.home,
            base_url=base_url,
            keychain=keychain(self.home, self.backend) if chain else no_keychain(self.home),
            sealer=self.sealer,
            clock=self.clock,
            on_change=self.changes.append,
            on_secret=self.met.append,
            **options,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path / "home")


@contextlib.asynccontextmanager
async def sharing(store: SecretStore) -> Any:
    """A running Chit that shares what the store has unlocked."""
    agent = Agent(store.home, store.unlocked, store.file.find_stamp)
    await agent.open()
    yield agent
    await agent.close()


async def test_nothing_anywhere(place: Place) -> None:
    """With no place that has a key, finding gives None and getting says how to come by one; nothing is made."""
    store = place.open()
    assert await store.find() is None
    for attempt in (store.get("inference"), store.get("management"), place.open(chain=True).get()):
        with pytest.raises(KeyUnavailable) as caught:
            await attempt
        assert caught.value.kind == "key_missing"
    with pytest.raises(KeyUnavailable):
        store.use()
    assert not place.home.exists()


async def test_what_is_handed_over_wins(place: Place) -> None:
    """A key of the environment goes before the keychain and is told as such; the management key is not one of its."""
    store = place.open(chain=True, given=GIVEN)
    assert store.use() == Secret(OTHER)
    await store.save("inference", Secret(KEY), place="keychain")
    found = await store.get()
    assert (found.key, found.source, found.where) == (Secret(OTHER), "environment", GIVEN.where)
    assert (found.base_url, found.created_at, found.label) == (BASE_URL, None, "")
    assert await store.find("management") is None


async def test_the_keychain_is_chosen_where_it_works(place: Place) -> None:
    """Unless told otherwise a key goes to the keychain, and is found there by the next process; no vault is made."""
    store = place.open(chain=True)
    assert await store.choose_place() == "keychain"
    saved = await store.save("inference", Secret(KEY), label="mine")
    found = await place.open(chain=True).get()
    assert found == saved
    assert (found.source, found.where, found.label) == ("keychain", "the test keychain", "mine")
    assert not store.file.exists()
    assert store.use() == Secret(KEY)
    assert found.fingerprint == saved.fingerprint


async def test_the_file_is_chosen_where_no_keychain_works(place: Place) -> None:
    """Then a passphrase is needed; with it the key rests in the vault file, and never in the clear elsewhere."""
    store = place.open()
    assert await store.choose_place() == "file"
    with pytest.raises(VaultLocked, match="passphrase is needed"):
        await store.save("inference", Secret(KEY))
    with pytest.raises(KeychainUnusable):
        await store.save("inference", Secret(KEY), place="keychain")
    assert not place.home.exists()
    saved = await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    assert (saved.source, saved.where) == ("vault", f"the vault file {store.file.path}")
    assert saved.created_at is not None
    assert saved.created_at.endswith("Z")
    assert await store.get() == saved
    assert store.use() == Secret(KEY)


async def test_the_file_on_request_is_found_first(place: Place) -> None:
    """A key saved to the file takes the place of the keychain's, which would be found before it."""
    store = place.open(chain=True)
    await store.save("inference", Secret(KEY))
    await store.save("inference", Secret(OTHER), place="file", passphrase=PASSPHRASE)
    assert place.backend.kept == {}
    assert (await store.get()).key == Secret(OTHER)


async def test_a_locked_vault_asks_for_its_passphrase(place: Place) -> None:
    """Another process finds the vault locked, opens it with the passphrase, and has both keys then."""
    first = place.open()
    await first.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    await first.save("management", Secret(OTHER), passphrase=PASSPHRASE)
    store = place.open()
    with pytest.raises(VaultLocked):
        await store.find()
    with pytest.raises(VaultLocked):
        await store.share()
    await store.unlock(PASSPHRASE)
    assert (await store.get()).key == Secret(KEY)
    assert (await store.get("management")).key == Secret(OTHER)
    assert store.use("management") == Secret(OTHER)
    await store.lock()
    for name in KEY_NAMES:
        with pytest.raises(VaultLocked):
            store.use(name)
    assert place.changes[-2:] == [False, True]
    assert {Secret(KEY), Secret(OTHER)} == set(place.met)


async def test_it_locks_when_idle(place: Place) -> None:
    """After the idle time the key is gone for `use` and for `find`; each use starts the time anew."""
    store = place.open(idle_seconds=60)
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    for _ in range(3):
        place.clock.now += 59
        assert store.use() == Secret(KEY)
    place.clock.now += 60
    with pytest.raises(VaultLocked):
        store.use()
    with pytest.raises(VaultLocked):
        await store.find()


async def test_wrong_passphrases_back_off(place: Place) -> None:
    """Attack case 38: of 20 parallel guesses one is tried; the right one is refused too until the wait is over."""
    await place.open().save("inference", Secret(KEY), passphrase=PASSPHRASE)
    store = place.open()
    outcomes = await asyncio.gather(*(store.unlock(WRONG) for _ in range(20)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [WrongPassphrase] + [TooManyTries] * 19
    assert place.sealer.opened == 1
    with pytest.raises(TooManyTries):
        await store.save("management", Secret(OTHER), passphrase=PASSPHRASE)
    place.clock.now += 1
    await store.unlock(PASSPHRASE)
    assert place.sealer.opened == 2


async def test_a_key_goes_only_where_it_was_stored_for(place: Place) -> None:
    """With another base URL a key is not given, from the keychain or the file; the error names both addresses."""
    await place.open(chain=True).save("inference", Secret(KEY))
    await place.open().save("inference", Secret(OTHER), passphrase=PASSPHRASE, place="file")
    there = place.open(chain=True, base_url=ELSEWHERE)
    await there.unlock(PASSPHRASE)
    with pytest.raises(KeyNotFound) as caught:
        await there.get()
    assert BASE_URL in caught.value.message
    assert ELSEWHERE in caught.value.message
    with pytest.raises(KeyUnavailable):
        there.use()
    await there.save("inference", Secret(OTHER), place="file", passphrase=PASSPHRASE)
    assert (await there.get()).source == "vault"


async def test_a_keychain_entry_for_elsewhere_does_not_hide_the_file(place: Place) -> None:
    """The first key that fits wins, though another of its name comes before it."""
    here = place.open()
    await here.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    await place.open(chain=True, base_url=ELSEWHERE).save("inference", Secret(OTHER), place="keychain")
    store = place.open(chain=True)
    await store.unlock(PASSPHRASE)
    assert (await store.get()).key == Secret(KEY)


async def test_a_running_chit_shares_what_it_has_unlocked(place: Place) -> None:
    """A command of the same user gets the keys without a passphrase, by name, until the vault is locked by it."""
    served = place.open()
    await served.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    async with sharing(served):
        command = place.open()
        found = await command.get()
        assert (found.key, found.source) == (Secret(KEY), "agent")
        assert "unlocked by a running Chit" in found.where
        assert command.use() == Secret(KEY)
        assert await command.find("management") is None
        assert place.sealer.opened == 0
        await command.lock()
        with pytest.raises(VaultLocked):
            await command.get()
        with pytest.raises(VaultLocked):
            served.use()


async def test_a_running_chit_goes_on_after_a_change(place: Place) -> None:
    """What a command saves is handed to the running Chit, which stays unlocked; a locked one stays locked."""
    served = place.open()
    await served.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    async with sharing(served):
        await place.open().save("management", Secret(OTHER), passphrase=PASSPHRASE)
        assert (await served.get("management")).key == Secret(OTHER)
        await served.lock()
        await place.open().save("management", Secret(KEY), passphrase=PASSPHRASE)
        assert served.unlocked.is_locked


async def test_unlocking_is_shared_with_a_running_chit(place: Place) -> None:
    """`chit key unlock` unlocks the running Chit, or starts a process where there is none, which `lock` ends."""
    served = place.open()
    await served.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    await served.lock()
    command = place.open()
    await command.unlock(PASSPHRASE)
    async with sharing(served):
        await command.share()
        assert not served.unlocked.is_locked
    await command.share(idle_seconds=600)
    assert (await place.open().get()).source == "agent"
    await command.lock()
    with pytest.raises(VaultLocked):
        await place.open().get()


async def test_a_vault_changed_from_outside_is_locked(place: Place) -> None:
    """Attack case 39: with another file in the vault's place, nothing that was unlocked before is used on."""
    store = place.open()
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    other = Place(place.home.with_name("other")).open()
    await other.save("inference", Secret(OTHER), passphrase=PASSPHRASE)
    other.file.path.replace(store.file.path)
    with pytest.raises(VaultLocked, match="changed from outside"):
        store.use()


async def test_keys_are_forgotten_wherever_they_rest(place: Place) -> None:
    """Forgetting takes the key out of the keychain and the file, says where it was, and leaves the other key."""
    store = place.open(chain=True)
    await store.save("inference", Secret(KEY), place="file", passphrase=PASSPHRASE)
    await store.save("management", Secret(OTHER), place="file", passphrase=PASSPHRASE)
    await store.save("inference", Secret(KEY), place="keychain")
    assert await store.forget("inference", passphrase=PASSPHRASE) == ("keychain", "file")
    assert await store.forget("inference", passphrase=PASSPHRASE) == ()
    assert await store.find("inference") is None
    assert (await store.get("management")).key == Secret(OTHER)


async def test_forgetting_without_a_passphrase(place: Place) -> None:
    """It is enough where the file has no such key; else nothing is deleted, in the keychain neither."""
    store = place.open(chain=True)
    await store.save("management", Secret(OTHER))
    assert await store.forget("management") == ("keychain",)
    await store.save("management", Secret(OTHER), place="file", passphrase=PASSPHRASE)
    await store.save("inference", Secret(KEY))
    assert await store.forget("inference") == ("keychain",)
    await store.save("inference", Secret(KEY))
    with pytest.raises(VaultLocked):
        await place.open(chain=True).forget("inference")
    with pytest.raises(VaultLocked):
        await store.forget("management")
    assert (await store.get()).source == "keychain"
    assert await place.open().file.load(PASSPHRASE) is not None
    assert await Place(place.home.with_name("empty")).open().forget("inference") == ()


async def test_a_vault_that_nobody_remembers_is_deleted(place: Place) -> None:
    """The file can go without a passphrase, and whoever had it open has it no more."""
    store = place.open()
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    await store.forget_vault()
    assert not store.file.exists()
    assert await store.find() is None


async def test_the_passphrase_changes(place: Place) -> None:
    """The new one opens the vault, the old one no more; without a vault there is nothing to change."""
    store = place.open()
    new = Passphrase("new")
    with pytest.raises(KeyNotFound):
        await store.change_passphrase(PASSPHRASE, new)
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    await store.change_passphrase(PASSPHRASE, new)
    assert store.use() == Secret(KEY)
    later = place.open()
    await later.unlock(new)
    with pytest.raises(WrongPassphrase):
        await place.open().unlock(PASSPHRASE)


async def test_only_the_sealed_file_is_exported(place: Place) -> None:
    """The export is the vault file byte for byte; without one it is a typed error, and so is unlocking."""
    store = place.open()
    for attempt in (store.export, lambda: asyncio.run(store.unlock(PASSPHRASE))):
        with pytest.raises(KeyNotFound, match="no vault file"):
            await asyncio.to_thread(attempt)
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    assert store.export() == store.file.path.read_bytes()


async def test_a_damaged_vault_is_told_instead_of_a_locked_one(place: Place) -> None:
    """Nobody is asked for a passphrase of a file that cannot be opened."""
    store = place.open()
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    store.file.path.write_bytes(b"garbage")
    with pytest.raises(VaultDamaged):
        await place.open().get()


async def test_a_key_that_left_the_vault_is_missed(place: Place) -> None:
    """`use` gives the vault's present key of that name, and none once another process has deleted it."""
    served = place.open()
    await served.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    async with sharing(served):
        command = place.open()
        await command.save("inference", Secret(OTHER), passphrase=PASSPHRASE)
        assert served.use() == Secret(OTHER)
        assert await command.forget("inference", passphrase=PASSPHRASE) == ("file",)
        with pytest.raises(KeyUnavailable):
            served.use()
    assert find_path(place.home).exists() is False
    assert make_entry().key == Secret(KEY)
