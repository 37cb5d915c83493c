"""The operating system's keychain, through `keyring`: three backends by name, never whatever it would choose itself.

`keyrings.alt` stores base64 text and `PYTHON_KEYRING_BACKEND` swaps the backend: where either was asked for, no
keychain is used at all, and `chit key status` says so (attack case 37).
"""

import asyncio
import configparser
import importlib
import json
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from chit.errors import KeychainUnusable
from chit.vault.entry import EntryInvalid, KeyEntry, decode_entry, encode_entry

SERVICE = "chit"
_SECONDS = 3.0
_BACKENDS = {
    "darwin": ("keyring.backends.macOS", "the macOS keychain"),
    "win32": ("keyring.backends.Windows", "the Windows Credential Locker"),
    "linux": ("keyring.backends.SecretService", "the Secret Service"),
}
_CLASSES = {"win32": "WinVaultKeyring"}

T = TypeVar("T")


class Backend(Protocol):
    """What `keyring` gives: may block for long, and may raise anything."""

    def get_password(self, service: str, username: str) -> str | None:
        """The text kept there, if any."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a text."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""


class Keychain:
    """The entries of one home folder; each home has its own, so that the sandbox's never mix with real ones.

    Each call takes at most `seconds`; a backend that hangs is left behind in a thread that ends with the process.
    """

    def __init__(
        self, home: Path, open_backend: Callable[[], Backend], *, where: str, seconds: float = _SECONDS
    ) -> None:
        """`where` names it for a person. The backend is opened with the first use."""
        self.where = where
        self._home = home
        self._open_backend = open_backend
        self._seconds = seconds
        self._backend: Backend | None = None
        self._probed: KeychainUnusable | bool = False

    async def find(self, name: str) -> KeyEntry | None:
        """The entry of that name. Raises `KeychainUnusable`, also for an entry that is not ours."""
        text = await self._call(lambda backend: backend.get_password(SERVICE, self._account(name)))
        if text is None:
            return None
        try:
            return decode_entry(json.loads(text))
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, EntryInvalid) else "it is no JSON"
        raise KeychainUnusable(
            f"what {self.where} keeps as Chit's {name} key is not one: {reason}",
            hint="Store the key again: chit key set.",
        )

    async def save(self, name: str, entry: KeyEntry) -> None:
        """Keep an entry. Raises `KeychainUnusable`."""
        text = json.dumps(encode_entry(entry))
        await self._call(lambda backend: backend.set_password(SERVICE, self._account(name), text))

    async def forget(self, name: str) -> bool:
        """Delete an entry; whether there was one. Raises `KeychainUnusable`."""
        account = self._account(name)
        if await self._call(lambda backend: backend.get_password(SERVICE, account)) is None:
            return False
        await self._call(lambda backend: backend.delete_password(SERVICE, account))
        return True

    async def probe(self) -> None:
        """Write, read and delete, once in the life of this object. Raises `KeychainUnusable` with the reason."""
        if self._probed is False:
            try:
                await self._call(self._try_all)
                self._probed = True
            except KeychainUnusable as error:
                self._probed = error
        if isinstance(self._probed, KeychainUnusable):
            raise self._probed

    def _try_all(self, backend: Backend) -> None:
        account, text = self._account(f"probe {secrets.token_hex(8)}"), secrets.token_hex(8)
        backend.set_password(SERVICE, account, text)
        try:
            kept = backend.get_password(SERVICE, account)
        finally:
            backend.delete_password(SERVICE, account)
        if kept != text or backend.get_password(SERVICE, account) is not None:
            raise ValueError("it does not keep what it is given")

    def _account(self, name: str) -> str:
        return f"{name} of {self._home}"

    async def _call(self, work: Callable[[Backend], T]) -> T:
        """Do it in a thread. Whatever a backend raises means that it cannot be used; its text may hold anything."""
        try:
            async with asyncio.timeout(self._seconds):
                return await run_in_thread(lambda: work(self._open()))
        except KeychainUnusable:
            raise
        except TimeoutError:
            reason = f"it did not answer within {self._seconds:g} s"
        except Exception as error:  # jeepney, D-Bus, win32 and macOS errors have no common base
            reason = type(error).__name__
        raise KeychainUnusable(f"{self.where} cannot be used: {reason}", hint="Unlock it, or use --store file.")

    def _open(self) -> Backend:
        if self._backend is None:
            self._backend = self._open_backend()
        return self._backend


def find_keychain(
    home: Path, environment: Mapping[str, str] | None = None, *, platform: str = sys.platform
) -> Keychain:
    """The one keychain that this platform may use; using it raises `KeychainUnusable` where it was refused."""
    environment = os.environ if environment is None else environment
    module, where = _BACKENDS.get(platform, _BACKENDS["linux"])
    reason = find_refusal(environment, platform)

    def open_backend() -> Backend:
        if reason:
            raise KeychainUnusable(f"{where} is not used: {reason}", hint="Unset it, or use --store file.")
        return load_backend(module, _CLASSES.get(platform, "Keyring"))

    return Keychain(home, open_backend, where=where)


def find_refusal(environment: Mapping[str, str], platform: str) -> str | None:
    """Why no keychain may be used, judging by the environment and `keyring`'s own configuration."""
    if chosen := environment.get("PYTHON_KEYRING_BACKEND"):
        return f"PYTHON_KEYRING_BACKEND={chosen} asks for another backend, and only the system's own is safe"
    folder = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "/")) / ".config")
    chosen = _read_choice(folder / "python_keyring" / "keyringrc.cfg")
    if chosen and chosen.rpartition(".")[0] not in {module for module, _ in _BACKENDS.values()}:
        return f"keyringrc.cfg asks for {chosen}, and only the system's own backend is safe"
    if platform not in ("darwin", "win32") and not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return "there is no D-Bus session here"
    return None


def _read_choice(path: Path) -> str:
    config = configparser.RawConfigParser()
    with suppress(OSError, configparser.Error, UnicodeDecodeError):
        config.read(path, encoding="utf-8")
    return config.get("backend", "default-keyring", fallback="").strip()


def load_backend(module: str, name: str) -> Backend:
    """An instance of that class. Raises whatever importing and making it raise."""
    kind: Callable[[], Any] = getattr(importlib.import_module(module), name)
    backend = kind()
    if hasattr(backend, "persist"):
        backend.persist = "local machine"  # Windows would let it roam with the profile
    found: Backend = backend
    return found


async def run_in_thread(work: Callable[[], T]) -> T:
    """The result of something that blocks, in a thread that nobody waits for at exit, unlike an executor's."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return  # nobody waits any more
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type] # it is a T where there is no error

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="keychain", daemon=True).start()
    return await done
