"""The API keys of an OpenRouter account, as a management key sees them (field guide §9). Money in US dollars."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from chit.core.generation import read_text
from chit.core.jsontext import encode_json
from chit.core.usage import read_cost, write_cost

_LEAST_HASH = 4
"""Characters of a hash that may stand for all of it."""
_HASH = re.compile(r"[0-9a-zA-Z_-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """One of them, without its text, which nobody has but who made it."""

    hash: str
    """By which it is named in addresses."""
    name: str
    label: str
    """The shortened key."""
    disabled: bool
    limit: Decimal | None
    """None is none, or unknown."""
    remaining: Decimal | None
    reset: str | None
    """`daily`, `weekly`, `monthly`; None is never."""
    usage: Decimal | None
    usage_month: Decimal | None
    created_at: str | None
    """As OpenRouter writes it: ISO 8601."""
    expires_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is to be."""

    name: str
    limit: Decimal | None = None
    reset: str | None = None
    expires: date | None = None
    """The last day of UTC on which it works."""


def read_account_key(record: Mapping[str, Any]) -> AccountKey | None:
    """From an object of `GET /keys`; None for one without a hash that can stand in an address."""
    hash = read_text(record.get("hash"))
    if hash is None or not _HASH.fullmatch(hash):
        return None
    return AccountKey(
        hash=hash,
        name=read_text(record.get("name")) or "",
        label=read_text(record.get("label")) or "",
        disabled=record.get("disabled") is True,
        limit=read_cost(record.get("limit")),
        remaining=read_cost(record.get("limit_remaining")),
        reset=read_text(record.get("limit_reset")),
        usage=read_cost(record.get("usage")),
        usage_month=read_cost(record.get("usage_monthly")),
        created_at=read_text(record.get("created_at")),
        expires_at=read_text(record.get("expires_at")),
    )


def find_keys(keys: Sequence[AccountKey], name: str) -> list[AccountKey]:
    """Those that a person may mean: by the whole name, label or hash, else by the beginning of the hash."""
    exact = [key for key in keys if name in (key.hash, key.name, key.label)]
    return exact or [key for key in keys if len(name) >= _LEAST_HASH and key.hash.startswith(name)]


def write_new_key(wanted: NewKey) -> bytes:
    """The body of `POST /keys`."""
    body: dict[str, Any] = {"name": wanted.name}
    if wanted.limit is not None:
        body["limit"] = float(wanted.limit)
    if wanted.reset is not None:
        body["limit_reset"] = wanted.reset
    if wanted.expires is not None:
        body["expires_at"] = f"{wanted.expires.isoformat()}T23:59:59Z"
    return encode_json(body)


def account_key_record(key: AccountKey) -> dict[str, Any]:
    """As `--json` prints it."""
    money = {
        "limit": key.limit,
        "limit_remaining": key.remaining,
        "usage": key.usage,
        "usage_monthly": key.usage_month,
    }
    return {
        "hash": key.hash,
        "name": key.name,
        "label": key.label,
        "disabled": key.disabled,
        **{name: None if amount is None else write_cost(amount) for name, amount in money.items()},
        "limit_reset": key.reset,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }
