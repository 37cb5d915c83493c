"""What there is at the desk, told for screens. Keys are masked here, and never told otherwise."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from chit.vault.found_key import Kept, Source, VaultState, VaultStatus

_OURS: tuple[Source, ...] = ("keychain", "vault", "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKey:
    """One key, by what may be shown of it."""

    name: str
    """Its kind: `inference` or `management`."""
    masked: str
    """`sk-or-…` and its last four characters."""
    fingerprint: str
    source: Source
    where: str
    """For a person: `the vault file /home/me/…/vault.age`."""
    base_url: str
    """The only address it is sent to."""
    created_at: str
    """Empty for one that was handed over."""
    label: str
    is_used: bool
    """Whether this is the one that is sent."""
    can_remove: bool
    """Whether it rests here; one that was handed over is the owner's to take away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVault:
    """The vault file."""

    state: VaultState
    path: str
    problem: str | None
    seconds_left: float | None
    """Until it locks by itself; None if it never does or is locked."""
    sharing_problem: str | None
    """Why commands have to ask for the passphrase; None if they need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKeychain:
    """The system's keychain."""

    name: str
    problem: str | None
    """Why it is not used; None if it can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """All that screens need to know of keys and places."""

    has_key: bool
    locked: bool
    is_sandbox: bool
    keys: tuple[ShownKey, ...]
    """In the order of the lookup; those of a locked vault are not seen."""
    vault: ShownVault
    keychain: ShownKeychain
    warning: str | None
    """What to tell of a key that changed from outside, or of a sandbox that could not be opened."""
    home: Path
    """The folder whose history is shown."""
    base_url: str
    """Where the person's keys are sent."""

    @property
    def passphrase(self) -> Literal["new", "open"] | None:
        """What storing a key takes: a new passphrase, the one that opens the vault, or none."""
        if self.keychain.problem is None:
            return None
        return "new" if self.vault.state == "missing" else "open"

    @property
    def has_management_key(self) -> bool:
        """Whether one is seen; in a locked vault none is."""
        return any(key.name == "management" for key in self.keys)

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        told = {"passphrase": self.passphrase, "has_management_key": self.has_management_key}
        return asdict(self) | told | {"home": str(self.home)}


def show_key(kept: Kept) -> ShownKey:
    """What may be shown of a kept key."""
    return ShownKey(
        name=kept.info.name,
        masked=kept.info.masked,
        fingerprint=kept.info.fingerprint,
        source=kept.source,
        where=kept.where,
        base_url=kept.info.base_url,
        created_at=kept.info.created_at,
        label=kept.info.label,
        is_used=kept.is_used,
        can_remove=kept.source in _OURS,
    )


def show_vault(status: VaultStatus, *, seconds_left: float | None, sharing_problem: str | None) -> ShownVault:
    """The vault file of a status."""
    return ShownVault(
        state=status.vault,
        path=status.vault_path,
        problem=status.vault_problem,
        seconds_left=seconds_left,
        sharing_problem=sharing_problem,
    )
