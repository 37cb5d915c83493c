"""Whether a key is still the one that Chit last used: a vault put in the place of another is told (attack case 39)."""

from typing import TYPE_CHECKING

from chit.cli.terminal import neutralise, write_err
from chit.cli.unlocking import CommandKeys

if TYPE_CHECKING:
    from chit.app import App
    from chit.vault.fingerprint import Marks
    from chit.vault.found_key import FoundKey


async def warn_of_change(app: "App", keys: CommandKeys, found: "FoundKey | None") -> None:
    """One line on standard error if the key changed from outside; the same change is told once.

    A key that was handed over is the owner's to change: `found` is None then.
    """
    if found is None:
        return
    from chit.app import check_key_marks

    change = await check_key_marks(app.store, _mark(keys, found))
    if change is not None:
        write_err(neutralise(f"chit: {change}. See: chit key status\n"))


async def remember_key(keys: CommandKeys, found: "FoundKey") -> None:
    """After a change of our own: from now on this is the key to expect. Raises `StoreError`."""
    from chit.app import record_key_marks
    from chit.store.sqlite import open_store

    store = open_store(keys.prefs.home)
    try:
        await record_key_marks(store, _mark(keys, found))
    finally:
        await store.close()


def _mark(keys: CommandKeys, found: "FoundKey") -> "Marks":
    from chit.vault.fingerprint import Marks

    content = keys.store.unlocked.look() if found.source == "vault" else None
    return Marks(vault_id=content.id if content else None, fingerprints={found.name: found.fingerprint})
