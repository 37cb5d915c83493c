"""The keys as the server has them: found as a command finds them, taken away again by the lock.

Only the person's own home has keys. Looking at one for work in the background does not keep the vault open; `check`,
which goes before each question, does.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from chit.core.secret import Secret
from chit.errors import KeyUnavailable, VaultLocked
from chit.notices import LockChanged, Notice
from chit.prefs import UserPrefs
from chit.vault.age_worker import Sealer
from chit.vault.entry import KEY_NAMES, KeyName
from chit.vault.found_key import FoundKey
from chit.vault.keychain import Keychain
from chit.vault.passphrase import Passphrase
from chit.vault.sources import GivenKey, explain_missing
from chit.vault.store import SecretStore
from chit.vault.unlocked import Unlocked, awake_clock, explain_locked
from chit.web.key_sharing import KeySharing


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What the command that starts the server brings along."""

    given: GivenKey | None = None
    """Taken from a file or the environment, once."""
    learn: Callable[[Secret], None] = field(default=lambda key: None)
    """Told of each key that is met, so that what this process prints does not show it."""
    scrub: Callable[[str], str] = field(default=lambda text: text)
    """Hides those keys."""
    keychain: Keychain | None = None
    """None is the system's."""
    sealer: Sealer | None = None
    """None is a worker process."""
    clock: Callable[[], float] = awake_clock
    """Monotonic, in seconds."""


class AdjustableUnlocked(Unlocked):
    """One whose idle time is a preference that changes while it is open."""

    def change_idle(self, seconds: float) -> None:
        """0 never locks by itself."""
        self._idle_seconds = seconds


class KeyRing:
    """Of one server. `open` and `close` go around everything else."""

    def __init__(self, prefs: UserPrefs, handed: HandedOver, *, publish: Callable[[Notice], None]) -> None:
        self.store = SecretStore(
            prefs.home,
            base_url=prefs.base_url,
            given=handed.given,
            keychain=handed.keychain,
            sealer=handed.sealer,
            clock=handed.clock,
            on_secret=handed.learn,
        )
        self._unlocked = self.store.unlocked = AdjustableUnlocked(
            idle_seconds=prefs.auto_lock_minutes * 60.0,
            clock=handed.clock,
            on_change=lambda is_locked: publish(LockChanged(is_locked)),
        )
        self.sharing = KeySharing(self.store)
        self._outside: dict[str, FoundKey] = {}
        """Keys that do not rest in the vault, as last met."""

    async def open(self) -> None:
        """Share the vault, and look where the keys are. What is wrong with them is told when one is needed."""
        await self.sharing.open()
        await self.look()

    async def close(self) -> None:
        """Lock; commands have to ask for the passphrase again."""
        await self.sharing.close()
        self.store.unlocked.lock()

    # --- using -----------------------------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """Whether it takes the passphrase to ask a model anything."""
        return "inference" not in self._outside and self.store.file.exists() and self.store.unlocked.is_locked

    @property
    def has_key(self) -> bool:
        """Whether a model can be asked, once nothing is locked."""
        try:
            self.use("inference")
        except VaultLocked:
            return True
        except KeyUnavailable:
            return False
        return True

    async def look(self) -> None:
        """Look for both keys anew; what another process stored or deleted is seen then."""
        for name in KEY_NAMES:
            with suppress(KeyUnavailable):
                await self._find(name)

    async def look_if_needed(self) -> None:
        """Look anew unless a key is at hand: so that showing what there is does not count as use."""
        if self.locked or not self.has_key:
            await self.look()

    async def check(self, name: KeyName = "inference") -> None:
        """Before a question: counts as use. Raises `VaultLocked`, or `KeyUnavailable` where there is none to use."""
        if await self._find(name) is None:
            raise _explain_missing(name)

    def use(self, name: KeyName = "inference") -> Secret:
        """The key, for a call to OpenRouter; does not count as use. Raises `VaultLocked` or `KeyUnavailable`."""
        if (found := self._outside.get(name)) is not None:
            return found.key
        content = self.store.unlocked.look()
        if content is None and self.store.file.exists():
            raise explain_locked()
        entry = content.keys.get(name) if content else None
        if entry is None or entry.base_url != self.store.base_url:
            raise _explain_missing(name)
        return entry.key

    async def find_management(self) -> Secret:
        """The management key, for the balance. Raises as `use`."""
        return self.use("management")

    async def _find(self, name: KeyName) -> FoundKey | None:
        """What is met outside of the vault is kept for `use`. Raises as `SecretStore.find`."""
        try:
            found = await self.store.find(name)
        except KeyUnavailable:
            self._outside.pop(name, None)
            raise
        if found is None or found.source == "vault":
            self._outside.pop(name, None)
        else:
            self._outside[name] = found
        return found

    # --- locking ---------------------------------------------------------------------------------------------------

    async def unlock(self, passphrase: Passphrase) -> None:
        """One try at a time, in a process of its own. Raises as `SecretStore.unlock`."""
        await self.store.unlock(passphrase)
        await self.sharing.open()
        await self.look()

    async def lock(self) -> None:
        """Forget what the vault gave, here and in a process that shares it. Running replies go on."""
        await self.store.lock()
        await self.look()

    def change_idle(self, minutes: int) -> None:
        """Lock after so many idle minutes, for pages and commands, from the last use on; 0 is never."""
        self._unlocked.change_idle(minutes * 60.0)


def _explain_missing(name: KeyName) -> KeyUnavailable:
    return explain_missing("OpenRouter" if name == "inference" else "management")
