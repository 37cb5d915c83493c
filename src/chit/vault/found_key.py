"""A key with where it was found: what the lookup gives, and what its status tells."""

from dataclasses import dataclass
from typing import Literal

from chit.core.secret import Secret
from chit.errors import KeyNotFound
from chit.vault.agent_client import AgentStatus
from chit.vault.entry import KeyEntry
from chit.vault.fingerprint import fingerprint
from chit.vault.key_info import KeyInfo
from chit.vault.sources import GivenKey

Source = Literal["file", "credentials", "run_secrets", "environment", "keychain", "vault", "agent"]
VaultState = Literal["missing", "locked", "unlocked", "unusable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A key that may be used."""

    name: str
    key: Secret
    source: Source
    where: str
    """The source in words for a person: `the vault file /home/me/…/vault.age`."""
    base_url: str
    created_at: str | None = None
    """None for a key that was handed over and does not rest here."""
    label: str = ""

    @property
    def fingerprint(self) -> str:
        """By which it is told from another."""
        return fingerprint(self.key)


def found_given(given: GivenKey, base_url: str) -> FoundKey:
    """A key that the owner handed over goes where the owner's preferences point."""
    return FoundKey(name="inference", key=given.key, source=given.kind, where=given.where, base_url=base_url)


def found_entry(name: str, entry: KeyEntry, source: Source, where: str) -> FoundKey:
    """A key that rests here."""
    return FoundKey(
        name=name,
        key=entry.key,
        source=source,
        where=where,
        base_url=entry.base_url,
        created_at=entry.created_at,
        label=entry.label,
    )


def explain_bound(found: FoundKey, base_url: str) -> KeyNotFound:
    """The error for a key that is kept, but not for this address."""
    return KeyNotFound(
        f"the {found.name} key in {found.where} was stored for {found.base_url}, and is not sent to {base_url}",
        hint="Set the base URL back, or store a key for this one: chit key set.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One key in the status, told without telling it."""

    info: KeyInfo
    source: Source
    where: str
    is_used: bool
    """Whether a lookup gives this one: the first of its name that is meant for the present base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What `chit key status` tells."""

    kept: tuple[Kept, ...]
    """Every key that can be seen, in the order of the lookup."""
    keychain: str
    """Its name."""
    keychain_problem: str | None
    """Why it is not used; None if it can be."""
    vault_path: str
    vault: VaultState
    vault_problem: str | None
    agent: AgentStatus | None
    """The running Chit that shares its unlocked vault, if any."""
