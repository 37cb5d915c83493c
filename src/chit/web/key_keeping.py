"""How a key gets into its place, and out of it, at the wish of a page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chit.core.secret import Secret
from chit.errors import Action, VaultLocked
from chit.notices import KeysChanged, Notice
from chit.vault.entry import KeyName
from chit.vault.fingerprint import Marks
from chit.vault.found_key import FoundKey
from chit.vault.passphrase import Passphrase
from chit.vault.store import Place
from chit.web.key_ring import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingPlace:
    """Where a key is about to be kept, and what opens that."""

    place: Place
    passphrase: Passphrase | None


class KeyKeeping:
    """Changes what the ring holds. `remember` keeps the marks by which a change from outside is seen."""

    def __init__(
        self, ring: KeyRing, *, publish: Callable[[Notice], None], remember: Callable[[Marks], Awaitable[None]]
    ) -> None:
        self._ring = ring
        self._publish = publish
        self._remember = remember

    async def prepare(self, place: Place | None, passphrase: str | None, *, verify: bool = False) -> RestingPlace:
        """Choose, and take the passphrase where one is needed: it becomes the vault's own if there is none yet.

        With `verify` a wrong one is told now. Raises `VaultLocked` without one, `InputError` for what cannot be one,
        `KeychainUnusable`, and as `KeyRing.unlock`.
        """
        store = self._ring.store
        if place == "keychain":
            await store.keychain.probe()
        chosen = place or await store.choose_place()
        if chosen == "keychain":
            return RestingPlace(place=chosen, passphrase=None)
        if passphrase is None:
            raise _ask_passphrase(is_new=not store.file.exists())
        given = Passphrase(passphrase)
        if verify and store.file.exists():
            await self._ring.unlock(given)
        return RestingPlace(place=chosen, passphrase=given)

    async def save(self, name: KeyName, key: Secret, rest: RestingPlace) -> FoundKey:
        """Keep it. Raises as `SecretStore.save`; then nothing was stored."""
        store = self._ring.store
        found = await store.save(name, key, place=rest.place, passphrase=rest.passphrase)
        content = store.unlocked.look() if found.source == "vault" else None
        await self._remember(Marks(vault_id=content.id if content else None, fingerprints={name: found.fingerprint}))
        await self._tell()
        return found

    async def forget(self, name: KeyName, passphrase: str | None) -> tuple[Place, ...]:
        """Delete it wherever it rests; where that was. Raises as `SecretStore.forget`."""
        places = await self._ring.store.forget(name, passphrase=None if passphrase is None else Passphrase(passphrase))
        await self._tell()
        return places

    async def _tell(self) -> None:
        await self._ring.sharing.open()
        await self._ring.look()
        self._publish(KeysChanged())


def _ask_passphrase(*, is_new: bool) -> VaultLocked:
    if is_new:
        reason, hint = (
            "the key goes into a vault file, which needs a passphrase",
            "Choose one: nobody can open it without.",
        )
    else:
        reason, hint = "the vault's passphrase is needed to keep a key in it", "Enter it; nothing was stored."
    return VaultLocked(reason, hint=hint, actions=(Action(kind="unlock", label="Enter the passphrase"),))
