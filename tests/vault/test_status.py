"""What `chit key status` tells."""

from pathlib import Path

from tests.vault.doubles import BASE_URL, KEY, OTHER, PASSPHRASE
from tests.vault.keychains import Remembering
from tests.vault.test_store import ELSEWHERE, GIVEN, Place, place, sharing

from chit.core.secret import Secret
from chit.vault.fingerprint import Marks, find_change, fingerprint
from chit.vault.keychain import SERVICE
from chit.vault.status import find_marks, find_status

__all__ = ["place"]


async def test_nothing_is_told_as_such(place: Place) -> None:
    """Without a key the places are told with the reason why the keychain is not used; nothing is made."""
    status = await find_status(place.open())
    assert status.kept == ()
    assert (status.vault, status.vault_problem, status.agent) == ("missing", None, None)
    assert status.keychain == "the test keychain"
    assert "RuntimeError" in (status.keychain_problem or "")
    assert status.vault_path == str(place.home / "vault.age")
    assert not place.home.exists()


async def test_every_key_is_told_and_which_is_used(place: Place) -> None:
    """In the order of the lookup, with source, mask, label and base URL; of each name the first that fits is used."""
    store = place.open(chain=True, given=GIVEN)
    await store.save("inference", Secret(KEY), place="file", passphrase=PASSPHRASE)
    await store.save("management", Secret(OTHER), place="file", passphrase=PASSPHRASE)
    await place.open(chain=True, base_url=ELSEWHERE).save("management", Secret(KEY), label="mine")
    status = await find_status(store)
    shown = [(kept.info.name, kept.source, kept.info.base_url, kept.is_used) for kept in status.kept]
    assert shown == [
        ("inference", "environment", BASE_URL, True),
        ("management", "keychain", ELSEWHERE, False),
        ("inference", "vault", BASE_URL, False),
        ("management", "vault", BASE_URL, True),
    ]
    assert [kept.info.label for kept in status.kept] == ["", "mine", "", ""]
    assert (status.keychain_problem, status.vault) == (None, "unlocked")
    assert "canary" not in repr(status)


async def test_the_state_of_the_vault(place: Place) -> None:
    """Locked, unlocked by a running Chit, and not a vault at all, are told apart."""
    served = place.open()
    await served.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    command = place.open()
    assert (await find_status(command)).vault == "locked"
    async with sharing(served):
        status = await find_status(command)
        assert status.vault == "unlocked"
        assert status.agent is not None
        assert [(kept.info.masked, kept.source) for kept in status.kept] == [("sk-or-…1111", "agent")]
        await served.lock()
        assert (await find_status(command)).vault == "locked"
    served.file.path.write_bytes(b"garbage")
    status = await find_status(command)
    assert status.vault == "unusable"
    assert "does not begin" in (status.vault_problem or "")


async def test_a_foreign_entry_in_the_keychain_is_passed_by(place: Place) -> None:
    """What another program wrote under our name does not keep the status from being told."""
    place.backend.kept[SERVICE, f"inference of {place.home}"] = "nonsense"
    assert (await find_status(place.open(chain=True))).kept == ()
    assert isinstance(place.backend, Remembering)


async def test_marks_tell_a_swap(place: Place, tmp_path: Path) -> None:
    """Attack case 39: what is remembered of the keys that rest here tells another vault."""
    store = place.open(given=GIVEN)
    await store.save("inference", Secret(KEY), passphrase=PASSPHRASE)
    known = find_marks(await find_status(store), store)
    assert known.fingerprints == {"inference": fingerprint(Secret(KEY))}
    other = Place(tmp_path / "other").open()
    await other.save("inference", Secret(OTHER), passphrase=PASSPHRASE)
    assert find_change(known, find_marks(await find_status(other), other)) is not None
    assert find_change(known, find_marks(await find_status(store), store)) is None
    locked = place.open()
    assert find_marks(await find_status(locked), locked) == Marks(vault_id=None, fingerprints={})
