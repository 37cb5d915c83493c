"""What the vault file holds, once open: `{"version": 1, "id": …, "keys": {name: entry}}`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from chit.errors import VaultDamaged
from chit.vault.entry import EntryInvalid, KeyEntry, decode_entry, encode_entry

VERSION = 1
_OWN = frozenset({"version", "id", "keys"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The keys of one vault."""

    id: str
    """A UUID: tells this vault from another in its place."""
    keys: Mapping[str, KeyEntry] = field(default_factory=lambda: MappingProxyType({}))
    """By name; names that this version does not know are kept."""
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Members that this version does not know, kept."""

    def with_key(self, name: str, entry: KeyEntry) -> "Content":
        """The same with that key added or replaced."""
        return replace(self, keys={**self.keys, name: entry})

    def without_key(self, name: str) -> "Content":
        """The same without that key."""
        return replace(self, keys={each: entry for each, entry in self.keys.items() if each != name})


def encode_content(content: Content) -> bytes:
    """The JSON that is sealed, keys included."""
    keys = {name: encode_entry(entry) for name, entry in content.keys.items()}
    return json.dumps(dict(content.extra) | {"version": VERSION, "id": content.id, "keys": keys}).encode()


def decode_content(data: bytes) -> Content:
    """From the JSON that was sealed. Raises `VaultDamaged`; its message never repeats any of it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise _explain("it holds no JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("version"), int):
        raise _explain("it holds something else")
    if value["version"] != VERSION:
        raise VaultDamaged(
            f"the vault file was written in version {value['version']} of its form, which this Chit does not know",
            hint="Install a newer Chit; the file was not changed.",
        )
    keys = value.get("keys")
    if not isinstance(value.get("id"), str) or not isinstance(keys, dict):
        raise _explain("its id or its keys are missing")
    try:
        entries = {name: decode_entry(entry) for name, entry in keys.items()}
    except EntryInvalid as error:
        raise _explain(str(error)) from None
    return Content(id=value["id"], keys=entries, extra={name: it for name, it in value.items() if name not in _OWN})


def _explain(reason: str) -> VaultDamaged:
    return VaultDamaged(
        f"the vault file opened, but is not one of Chit's: {reason}",
        hint="Move it away and store the key again; the file was not changed.",
    )
