"""Keychains for tests: real classes that keep what they get, or misbehave."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chit.vault.keychain import Backend, Keychain


@dataclass
class Remembering:
    """A backend that keeps texts in memory, and counts what is asked of it."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: int = 0

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept."""
        self.calls += 1
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.calls += 1
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        self.calls += 1
        del self.kept[service, username]


class Forgetful(Remembering):
    """Takes texts and loses them."""

    def get_password(self, service: str, username: str) -> str | None:
        """Nothing."""
        return None


class Clinging(Remembering):
    """Never forgets."""

    def delete_password(self, service: str, username: str) -> None:
        """Nothing happens."""


class Failing(Remembering):
    """Raises an error that holds the text."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """An error of a kind of its own."""
        raise LookupError(f"canary {password}")


class Hanging(Remembering):
    """Never answers, as a D-Bus service that is stuck."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        """Waits until the test is over."""
        self.release.wait()


class Roaming(Remembering):
    """As Windows's backend, which would let a key roam with the profile."""

    persist = "enterprise"


def keychain(home: Path, backend: Backend | Callable[[], Backend], *, seconds: float = 5.0) -> Keychain:
    """The keychain of a home with that backend."""
    opening = backend if callable(backend) else lambda: backend
    return Keychain(home, opening, where="the test keychain", seconds=seconds)


def no_keychain(home: Path) -> Keychain:
    """One that cannot be opened."""

    def fail() -> Backend:
        raise RuntimeError("there is none")

    return keychain(home, fail)
