"""Where a command gets the key it sends with, and the passphrase if it takes one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chit.cli.typed_line import ask_hidden, at_terminal
from chit.core.secret import Secret
from chit.errors import InputError
from chit.prefs import UserPrefs
from chit.vault.hardening import Redaction, harden, install_redaction
from chit.vault.sources import GivenKey, find_given_key

if TYPE_CHECKING:
    from chit.vault.entry import KeyName
    from chit.vault.found_key import FoundKey
    from chit.vault.passphrase import Passphrase
    from chit.vault.store import SecretStore

T = TypeVar("T")
MOST_TRIES = 3


class CommandKeys:
    """The keys of one command. From its making on, this process is hardened and what it prints of errors is scrubbed.

    `take_given` once, early; then `find` inside the event loop; then `use` for each call to OpenRouter.
    """

    def __init__(self, prefs: UserPrefs, *, passphrase_fd: int | None = None) -> None:
        """With `passphrase_fd` a passphrase is a line from that descriptor, and nobody is asked."""
        self.prefs = prefs
        self.given: GivenKey | None = None
        self.has_descriptor = passphrase_fd is not None
        self._passphrase_fd = passphrase_fd
        self._store: SecretStore | None = None
        self._redaction = Redaction()
        harden()
        install_redaction(self._redaction)

    def take_given(self, api_key_file: Path | None = None) -> None:
        """Take the key that was handed over, if one was, out of the environment. Raises as `find_given_key`."""
        self.given = find_given_key(api_key_file)
        if self.given is not None:
            self.learn(self.given.key)

    def learn(self, key: Secret) -> None:
        """From now on, hide this one."""
        self._redaction.learn(key)

    def scrub(self, text: str) -> str:
        """`text` without the keys that were met here."""
        return self._redaction.scrub(text)

    @property
    def store(self) -> "SecretStore":
        """Where the keys rest; nothing is imported for it before the first use."""
        if self._store is None:
            from chit.vault.store import SecretStore

            self._store = SecretStore(
                self.prefs.home,
                base_url=self.prefs.base_url,
                given=self.given,
                idle_seconds=self.idle_seconds,
                on_secret=self.learn,
            )
        return self._store

    @property
    def idle_seconds(self) -> float:
        """After which the vault locks; 0 is never."""
        return self.prefs.auto_lock_minutes * 60.0

    async def find(self, name: "KeyName" = "inference", *, asks: bool = True) -> "FoundKey | None":
        """Find the key, asking for the passphrase if only that helps and `asks`; None for one that was handed over.

        Raises `KeyUnavailable`.
        """
        if self.given is not None and name == "inference":
            return None
        from chit.errors import VaultLocked

        try:
            return await self.store.get(name)
        except VaultLocked:
            if not asks or not self.can_get_passphrase():
                raise
            await self.get_passphrase()
            return await self.store.get(name)

    def use(self, name: "KeyName" = "inference") -> Secret:
        """The key that `find` found. Raises `KeyUnavailable`."""
        return self.given.key if self.given is not None and name == "inference" else self.store.use(name)

    def can_get_passphrase(self) -> bool:
        """Whether there is a descriptor to read one from, or a person to ask."""
        return self.has_descriptor or at_terminal()

    async def get_passphrase(self) -> "Passphrase":
        """The vault's passphrase, with which it is now unlocked in this process. Asks up to three times.

        Raises as `SecretStore.unlock`, and `VaultLocked` where nobody can be asked.
        """
        from chit.cli.exits import print_error
        from chit.errors import WrongPassphrase
        from chit.vault.passphrase import Passphrase

        self.store.export()  # a file that cannot be a vault is told before anybody types
        tries = 1 if self.has_descriptor else MOST_TRIES
        while True:
            passphrase = Passphrase(self._read_text("Passphrase of the vault: "))
            try:
                await self._unlock_patiently(passphrase)
                return passphrase
            except WrongPassphrase as error:
                tries -= 1
                if not tries:
                    raise
                print_error(error)

    def get_new_passphrase(self) -> "Passphrase":
        """For a vault that is about to be sealed; a person types it twice. Raises `InputError`, `VaultLocked`."""
        from chit.vault.passphrase import Passphrase

        text = self._read_text("New passphrase for the vault: ")
        passphrase = Passphrase(text)
        if not self.has_descriptor and ask_hidden("The same once more: ") != text:
            raise InputError("the two passphrases differ; nothing was changed", hint="Try again.")
        return passphrase

    async def _unlock_patiently(self, passphrase: "Passphrase") -> None:
        """A person who types faster than wrong tries may follow one another waits a little."""
        import asyncio

        from chit.errors import TooManyTries

        while True:
            try:
                return await self.store.unlock(passphrase)
            except TooManyTries as error:
                await asyncio.sleep(error.retry_after)

    def _read_text(self, prompt: str) -> str:
        if self._passphrase_fd is not None:
            return _read_line(self._passphrase_fd)
        if not at_terminal():
            from chit.vault.unlocked import explain_locked

            raise explain_locked("the vault's passphrase is needed, and there is no terminal to ask for it")
        return ask_hidden(prompt)


def _read_line(descriptor: int) -> str:
    """The next line. Byte by byte: what follows it is not ours."""
    line = b""
    try:
        while (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
            line += byte
        return line.decode().removesuffix("\r")
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"no passphrase can be read from descriptor {descriptor}: {reason}",
            hint="Open it in the shell: chit … --passphrase-fd 3 3<file",
        ) from error
    except UnicodeDecodeError:
        raise InputError("the passphrase is not UTF-8 text", hint="Convert it first, with iconv say.") from None
