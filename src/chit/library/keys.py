"""Where a program's key comes from: the same places as a command's, but nobody is asked, and nothing is changed.

The process belongs to the program: its environment, its limits, its logging and its hooks stay as they are.
"""

import os
from pathlib import Path

from chit.core.secret import Secret
from chit.errors import KeyUnavailable
from chit.prefs import UserPrefs
from chit.vault.fingerprint import Marks
from chit.vault.found_key import FoundKey
from chit.vault.hardening import Redaction
from chit.vault.sources import GivenKey, find_given_key
from chit.vault.store import SecretStore


class LibraryKeys:
    """The keys of one open library: `find` inside the event loop, then `use` for each call to OpenRouter."""

    def __init__(self, prefs: UserPrefs, key_file: Path | None = None, *, given: GivenKey | None = None) -> None:
        """`given` is the sandbox's. Raises `KeyUnavailable` for a key that was handed over and cannot be one."""
        self.has_key = False
        """Whether one was found."""
        self._redaction = Redaction()
        self._given = given or find_given_key(key_file, dict(os.environ))
        self._store = SecretStore(
            prefs.home,
            base_url=prefs.base_url,
            given=self._given,
            idle_seconds=prefs.auto_lock_minutes * 60.0,
            on_secret=self._redaction.learn,
        )

    async def find(self) -> FoundKey:
        """The key to send with. Raises `KeyUnavailable`, and `VaultLocked` if only a passphrase helps."""
        return await self._store.get()

    async def look(self) -> Marks | None:
        """Find the key if there is one: `has_key` tells. The marks of one that rests here, to see whether it changed.

        A program never opens the vault itself, so that there is no mark of it.
        """
        try:
            found = await self.find()
        except KeyUnavailable:
            return None
        self.has_key = True
        return None if self._given else Marks(vault_id=None, fingerprints={found.name: found.fingerprint})

    def use(self) -> Secret:
        """The key that was found. Raises `KeyUnavailable`."""
        return self._store.use()

    def scrub(self, text: str) -> str:
        """`text` without the keys that were met here."""
        return self._redaction.scrub(text)
