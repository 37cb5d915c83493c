"""What may be shown of a kept key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chit.vault.content import Content
from chit.vault.entry import KeyEntry
from chit.vault.fingerprint import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """One key, told without telling it."""

    name: str
    masked: str
    """`sk-or-…` and its last four characters."""
    fingerprint: str
    base_url: str
    created_at: str
    label: str

    def as_dict(self) -> dict[str, str]:
        """Its JSON form."""
        return asdict(self)


def describe_entry(name: str, entry: KeyEntry) -> KeyInfo:
    """One entry."""
    return KeyInfo(
        name=name,
        masked=entry.key.masked,
        fingerprint=fingerprint(entry.key),
        base_url=entry.base_url,
        created_at=entry.created_at,
        label=entry.label,
    )


def describe_content(content: Content) -> list[KeyInfo]:
    """Every key of an open vault."""
    return [describe_entry(name, entry) for name, entry in content.keys.items()]


def read_info(value: Mapping[str, Any]) -> KeyInfo:
    """From the JSON form. Raises `KeyError`."""
    return KeyInfo(**{name: str(value[name]) for name in KeyInfo.__dataclass_fields__})
