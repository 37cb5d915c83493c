"""One key as it rests: what it is, and what it was stored for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from chit.core.secret import Secret, SecretInvalid

KeyName = Literal["inference", "management"]
KEY_NAMES: tuple[KeyName, ...] = get_args(KeyName)
_OWN = frozenset({"key", "base_url", "created_at", "label"})
_MAX_LABEL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A key with what is known of it."""

    key: Secret
    base_url: str
    """The only address it may be sent to."""
    created_at: str
    """When it was stored, in UTC, as ISO 8601."""
    label: str = ""
    """The person's own name for it; cut at 100 characters, so that every keychain takes the entry."""
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Members that this version does not know, kept."""


class EntryInvalid(ValueError):
    """What was kept is no entry. The message never repeats any of it."""


def encode_entry(entry: KeyEntry) -> dict[str, Any]:
    """The JSON form, key included: only for where keys rest."""
    return dict(entry.extra) | {
        "key": entry.key.reveal(),
        "base_url": entry.base_url,
        "created_at": entry.created_at,
        "label": entry.label[:_MAX_LABEL],
    }


def decode_entry(value: object) -> KeyEntry:
    """From the JSON form. Raises `EntryInvalid`."""
    if not isinstance(value, dict):
        raise EntryInvalid("an entry is no object")
    texts = {name: value.get(name, "") for name in _OWN}
    if not all(isinstance(text, str) for text in texts.values()):
        raise EntryInvalid("a member of an entry is no text")
    if not texts["base_url"]:
        raise EntryInvalid("an entry does not say where its key may be sent")
    try:
        key = Secret(texts.pop("key"))
    except SecretInvalid:
        raise EntryInvalid("an entry holds no OpenRouter key") from None
    return KeyEntry(key=key, extra={name: it for name, it in value.items() if name not in _OWN}, **texts)
