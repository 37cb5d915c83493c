"""By what a key is told from another without being known, and what to say when it changed from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.secret import Secret
from chit.vault.content import Content

KEY_MARKS = "key_marks"
"""The setting that holds what is remembered of the vault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the store remembers of the vault, to see when somebody else changed it (attack case 39)."""

    vault_id: str | None
    """None where the keys do not rest in the vault file."""
    fingerprints: Mapping[str, str]
    """By the key's name."""


def read_marks(text: str | None) -> Marks | None:
    """From the setting; None where there are none, or none that can be read."""
    try:
        record = decode_object((text or "").encode())
    except JsonInvalid:
        return None
    vault_id, found = record.get("vault_id"), record.get("fingerprints")
    fingerprints = (
        {name: mark for name, mark in found.items() if isinstance(mark, str)} if isinstance(found, dict) else {}
    )
    return Marks(vault_id=vault_id if isinstance(vault_id, str) else None, fingerprints=fingerprints)


def fingerprint(secret: Secret) -> str:
    """The first 8 hex digits of the key's SHA-256."""
    return sha256(secret.reveal().encode()).hexdigest()[:8]


def mark_content(content: Content) -> Marks:
    """The marks of an open vault."""
    found = {name: fingerprint(entry.key) for name, entry in content.keys.items()}
    return Marks(vault_id=content.id, fingerprints=found)


def find_change(known: Marks | None, seen: Marks) -> str | None:
    """What changed since `known` without our doing, in words for a person; None if nothing did.

    A key that is new or gone is no change: the first is told when it is used, the second when it is missed.
    """
    if known is None:
        return None
    if known.vault_id and seen.vault_id and known.vault_id != seen.vault_id:
        return "the vault file is not the one that Chit last used: somebody, perhaps you, put another in its place"
    changed = [name for name, mark in known.fingerprints.items() if seen.fingerprints.get(name, mark) != mark]
    if not changed:
        return None
    return (
        f"the {' and the '.join(sorted(changed))} key is not the one that Chit last used: it was changed from outside"
    )
