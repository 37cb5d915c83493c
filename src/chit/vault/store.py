"""Where keys are looked for, kept and forgotten: one order, first hit wins (security and reliability §1).

handed over: --api-key-file, systemd's credentials, /run/secrets, the environment
→ the operating system's keychain → the vault file, if need be through a running Chit that has it unlocked
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from chit.core.secret import Secret
from chit.errors import KeychainUnusable, KeyNotFound, KeyUnavailable, VaultLocked
from chit.vault.age_worker import AgeWorker, Sealer
from chit.vault.agent_client import AgentClient
from chit.vault.agent_process import start_agent
from chit.vault.back_off import BackOff, Guard
from chit.vault.content import Content
from chit.vault.entry import KeyEntry, KeyName
from chit.vault.found_key import FoundKey, explain_bound, found_entry, found_given
from chit.vault.keychain import Keychain, find_keychain
from chit.vault.passphrase import Passphrase
from chit.vault.sources import GivenKey, explain_missing
from chit.vault.unlocked import Unlocked, awake_clock, explain_locked
from chit.vault.vault_file import VaultFile

Place = Literal["keychain", "file"]
IDLE_SECONDS = 30 * 60.0


class SecretStore:
    """The keys of one home folder, for one base URL.

    `unlocked` is the vault as this process has it open: hand it to an `Agent` to share it with commands.
    """

    def __init__(
        self,
        home: Path,
        *,
        base_url: str,
        given: GivenKey | None = None,
        idle_seconds: float = IDLE_SECONDS,
        keychain: Keychain | None = None,
        sealer: Sealer | None = None,
        clock: Callable[[], float] = awake_clock,
        on_change: Callable[[bool], None] = lambda locked: None,
        on_secret: Callable[[Secret], None] = lambda secret: None,
    ) -> None:
        """`given` comes from `find_given_key`. `on_change` is told of locking (True) and unlocking, `on_secret` of each
        key that is met, so that the scrubber learns it. Stale temporary files of the vault are removed.
        """
        self.home = home
        self.base_url = base_url
        self.keychain = keychain or find_keychain(home)
        self.file = VaultFile(home, sealer or AgeWorker())
        self.unlocked = Unlocked(idle_seconds=idle_seconds, clock=clock, on_change=on_change)
        self.agent = AgentClient(home)
        self._on_secret = on_secret
        self._guard = Guard(BackOff(clock))
        self._met: dict[str, FoundKey] = {}
        self._met_in_vault: set[str] = set()
        self.given = given
        if given is not None:
            self._note(found_given(given, base_url))

    # --- looking ---------------------------------------------------------------------------------------------------

    async def get(self, name: KeyName = "inference") -> FoundKey:
        """The key of that name. Raises as `find`, and `KeyUnavailable` where there is none."""
        found = await self.find(name)
        if found is None:
            raise _explain_missing(name)
        return found

    async def find(self, name: KeyName = "inference") -> FoundKey | None:
        """The first key of that name for this base URL, with its source; None if no place has any of that name.

        Raises `VaultLocked` if only the vault file can tell, `KeyNotFound` if there is one for another base URL only,
        and `VaultDamaged` or `VaultTooCostly`. A keychain that cannot be used is passed by.
        """
        if self.given is not None and name == "inference":
            return self._note(found_given(self.given, self.base_url))
        elsewhere: FoundKey | None = None
        for look in (self._find_in_keychain, self._find_in_file):
            found = await look(name)
            if found is not None and found.base_url == self.base_url:
                return self._note(found)
            elsewhere = elsewhere or found
        self._forget_met(name)
        if elsewhere is not None:
            raise explain_bound(elsewhere, self.base_url)
        return None

    def use(self, name: KeyName = "inference") -> Secret:
        """The key that the last `get`, `find` or `save` met, without looking anew: for each call to OpenRouter.

        Raises `VaultLocked` once the vault was locked, `KeyUnavailable` if none was met.
        """
        if name in self._met:
            return self._met[name].key
        if name in self._met_in_vault and (entry := self._use_vault().keys.get(name)) is not None:
            return entry.key
        raise _explain_missing(name)

    async def _find_in_keychain(self, name: str) -> FoundKey | None:
        with suppress(KeychainUnusable):
            entry = await self.keychain.find(name)
            return found_entry(name, entry, "keychain", self.keychain.where) if entry else None
        return None

    async def _find_in_file(self, name: str) -> FoundKey | None:
        """Open here, or in a running Chit. Raises `VaultLocked` if neither, and for a file that nobody could open."""
        if not self.file.exists():
            return None
        where = f"the vault file {self.file.path}"
        if not self.unlocked.is_locked:
            entry = self._use_vault().keys.get(name)
            return found_entry(name, entry, "vault", where) if entry else None
        status = await self.agent.find_status()
        if status is None or status.locked:
            self.file.load_sealed()
            raise explain_locked()
        entry = await self.agent.find(name)
        return found_entry(name, entry, "agent", f"{where}, unlocked by a running Chit") if entry else None

    def _use_vault(self) -> Content:
        return self.unlocked.use(self.file.find_stamp())

    def _note(self, found: FoundKey) -> FoundKey:
        """Remember what `use` is to give; a key from the vault stays there, so that locking takes it away."""
        self._on_secret(found.key)
        self._forget_met(found.name)
        if found.source == "vault":
            self._met_in_vault.add(found.name)
        else:
            self._met[found.name] = found
        return found

    def _forget_met(self, name: str) -> None:
        self._met.pop(name, None)
        self._met_in_vault.discard(name)

    # --- keeping ---------------------------------------------------------------------------------------------------

    async def choose_place(self) -> Place:
        """Where a key is kept unless the person says otherwise: the keychain if it stands a real trial."""
        with suppress(KeychainUnusable):
            await self.keychain.probe()
            return "keychain"
        return "file"

    async def save(
        self,
        name: KeyName,
        key: Secret,
        *,
        label: str = "",
        place: Place | None = None,
        passphrase: Passphrase | None = None,
    ) -> FoundKey:
        """Keep a key for the present base URL, in place of one of the same name; where a lookup then finds it.

        `place` None is what `choose_place` says. The vault file needs `passphrase`, which becomes its own if there is
        none yet. Raises `VaultLocked` without it, `KeychainUnusable`, and as `VaultFile.change` does.
        """
        entry = KeyEntry(key=key, base_url=self.base_url, created_at=_now(), label=label)
        self._on_secret(key)
        if (place or await self.choose_place()) == "keychain":
            await self.keychain.probe()
            await self.keychain.save(name, entry)
            return self._note(found_entry(name, entry, "keychain", self.keychain.where))
        await self._change(lambda content: content.with_key(name, entry), passphrase)
        with suppress(KeychainUnusable):  # it would be found first
            await self.keychain.forget(name)
        return self._note(found_entry(name, entry, "vault", f"the vault file {self.file.path}"))

    async def forget(self, name: KeyName, *, passphrase: Passphrase | None = None) -> tuple[Place, ...]:
        """Delete the key of that name wherever it rests; where that was. What was handed over is not ours to delete.

        Raises `VaultLocked`, before anything is deleted, if the vault file has or may have it and `passphrase` is None.
        """
        places: list[Place] = []
        if await self._may_be_in_file(name, passphrase):
            if passphrase is None:
                raise explain_locked("the vault file's passphrase is needed to delete a key in it")
            before = await self._open(passphrase)
            if name in before.keys:
                await self._change(lambda content: content.without_key(name), passphrase)
                places.append("file")
        with suppress(KeychainUnusable):
            if await self.keychain.forget(name):
                places.insert(0, "keychain")
        self._forget_met(name)
        return tuple(places)

    async def forget_vault(self) -> None:
        """Delete the vault file, which needs no passphrase: for one that nobody remembers. Raises `VaultError`."""
        await self.file.remove()
        await self.lock()

    async def change_passphrase(self, old: Passphrase, new: Passphrase) -> None:
        """Seal the vault file anew. Raises as `VaultFile.change` does, and `KeyNotFound` without a file."""
        self._check_vault_exists()
        await self._change(lambda content: content, old, seal_with=new)

    def export(self) -> bytes:
        """The sealed vault file, which the `age` program opens. Raises `KeyNotFound`, or as `VaultFile.load_sealed`."""
        self._check_vault_exists()
        return self.file.load_sealed()

    async def _may_be_in_file(self, name: str, passphrase: Passphrase | None) -> bool:
        if not self.file.exists():
            return False
        if passphrase is not None:
            return True
        try:
            return await self._find_in_file(name) is not None
        except VaultLocked:
            return True

    async def _change(
        self,
        edit: Callable[[Content], Content],
        passphrase: Passphrase | None,
        *,
        seal_with: Passphrase | None = None,
    ) -> None:
        """Change the vault file; whoever has it unlocked goes on with the new one."""
        if passphrase is None:
            raise explain_locked("a passphrase is needed to seal the vault file")
        async with self._guard.attempt():
            content, stamp = await self.file.change(edit, passphrase, seal_with=seal_with)
        self.unlocked.hold(content, stamp)
        status = await self.agent.find_status()
        if status is not None and not status.locked:
            await self.agent.hold(content, stamp)

    # --- unlocking -------------------------------------------------------------------------------------------------

    async def unlock(self, passphrase: Passphrase) -> None:
        """Open the vault file in this process. Wrong tries back off, and one is tried at a time.

        Raises `KeyNotFound` without a file, `WrongPassphrase`, `TooManyTries`, `VaultDamaged`, `VaultTooCostly`.
        """
        self._check_vault_exists()
        await self._open(passphrase)

    async def share(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Let the commands of this user have what is unlocked here, through a running Chit or a process of its own.

        Raises `VaultLocked` if nothing is, `VaultError` if no process can be started.
        """
        content = self._use_vault()
        stamp = self.file.find_stamp()
        if not await self.agent.hold(content, stamp):
            await start_agent(self.home, content, stamp, idle_seconds=idle_seconds)

    async def lock(self) -> None:
        """Forget what is unlocked, here and in a running Chit."""
        self.unlocked.lock()
        await self.agent.lock()

    async def _open(self, passphrase: Passphrase) -> Content:
        async with self._guard.attempt():
            stamp = self.file.find_stamp()
            content = await self.file.load(passphrase)
        for entry in content.keys.values():
            self._on_secret(entry.key)
        self.unlocked.hold(content, stamp)
        return content

    def _check_vault_exists(self) -> None:
        if not self.file.exists():
            raise KeyNotFound("there is no vault file", hint="Store a key first: chit key set.")


def _explain_missing(name: str) -> KeyUnavailable:
    return explain_missing("OpenRouter" if name == "inference" else "management")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
