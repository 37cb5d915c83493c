"""The account behind the sandbox: its credits, its preferences, its keys. Everything can be changed while it runs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from chit.sandbox.pricing import Usage, as_text

SANDBOX_KEY = "sk-or-v1-" + "c0ffee00" * 8
"""An ordinary key of every fresh sandbox; obviously not a real one."""

MANAGEMENT_KEY = "sk-or-v1-" + "decaf000" * 8
"""A management key of every fresh sandbox."""

_LOOKS_LIKE_A_KEY = re.compile(r"^sk-or-[\x21-\x7e]+$")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": ("ordinary", "management"),
    "data_policy": ("allow", "deny"),
    "usage_choices": ("empty", "delta"),
    "credits_for_ordinary_keys": ("forbidden", "zeros"),
    "sign_in": ("ask", "approve"),
}
_MONEY = ("total_credits", "total_usage", "limit", "limit_remaining", "usage", "byok_usage")
_NEEDED_MONEY = ("total_credits", "total_usage", "usage", "byok_usage")


@dataclass(slots=True, kw_only=True)
class Key:
    """One key of the account; money in US dollars."""

    kind: Literal["ordinary", "management"] = "ordinary"
    disabled: bool = False
    limit: Decimal | float | None = None
    """Spending cap; None is no cap."""
    limit_remaining: Decimal | float | None = None
    """What is left of the cap; None with a cap means `limit - usage`."""
    limit_reset: str | None = None
    """`daily`, `weekly`, `monthly`, or None for a total limit."""
    include_byok_in_limit: bool = False
    label: str | None = None
    """None shows a shortened form of the key, as OpenRouter does."""
    name: str = ""
    """What its owner calls it."""
    expires_at: str | None = None
    """ISO 8601; a key past it is refused."""
    is_free_tier: bool = False
    usage: Decimal | float = Decimal(0)
    byok_usage: Decimal | float = Decimal(0)
    budgets: Sequence[Mapping[str, Any]] = ()
    """Layers of budgets as `/key` shows them (`scope`, `limit_usd`, `remaining_usd`, …); spending leaves them alone."""

    def remaining(self) -> Decimal | None:
        """Dollars this key may still spend, None without a cap."""
        if self.limit is None:
            return None
        if self.limit_remaining is not None:
            return dollars(self.limit_remaining)
        return dollars(self.limit) - dollars(self.usage)

    def is_usable(self, now: float) -> bool:
        """Whether the key is neither disabled nor expired at `now` (unix seconds)."""
        if self.disabled:
            return False
        if self.expires_at is None:
            return True
        expiry = datetime.fromisoformat(self.expires_at)
        return (expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)).timestamp() > now

    def charge(self, usage: Usage) -> None:
        """Add one generation to what this key has spent."""
        self.usage = dollars(self.usage) + usage.cost
        counted = usage.cost
        if usage.is_byok:
            self.byok_usage = dollars(self.byok_usage) + usage.upstream_cost
            counted += usage.upstream_cost if self.include_byok_in_limit else 0
        if self.limit_remaining is not None:
            self.limit_remaining = dollars(self.limit_remaining) - counted

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set members by name from JSON values; `ValueError` names the first one that cannot be."""
        _change(self, changes)

    def as_dict(self) -> dict[str, Any]:
        """JSON form, money as decimal strings."""
        return {member.name: _shown(getattr(self, member.name)) for member in fields(self)}


def _fresh_keys() -> dict[str, Key]:
    return {SANDBOX_KEY: Key(), MANAGEMENT_KEY: Key(kind="management")}


@dataclass(slots=True, kw_only=True)
class Account:
    """An OpenRouter account; the balance is `total_credits - total_usage`, in US dollars."""

    default_model: str | None = "openai/gpt-5-mini"
    """The model of requests that name none; None answers them 400 `No models provided`."""
    data_policy: Literal["allow", "deny"] = "allow"
    """`deny` refuses endpoints that are free or train on prompts, with the data-policy 404."""
    total_credits: Decimal | float = Decimal(25)
    total_usage: Decimal | float = Decimal(0)
    usage_choices: Literal["empty", "delta"] = "empty"
    """`choices` of the usage chunk: empty (since 2026-03), or one empty delta as in older traffic."""
    credits_for_ordinary_keys: Literal["forbidden", "zeros"] = "forbidden"
    """What `/credits` answers an ordinary key: 403, or the misleading 200 with zeros seen once in the field."""
    sign_in: Literal["ask", "approve"] = "ask"
    """Whether `/auth` shows a person its button, or approves at once, for tests and demonstrations."""
    user_id: str = "user_0000000000000000000000000"
    keys: dict[str, Key] = field(default_factory=_fresh_keys)
    """By key text. A text not listed that begins with `sk-or-` is an ordinary key without a limit."""

    @property
    def balance(self) -> Decimal:
        """US dollars left; can be negative."""
        return dollars(self.total_credits) - dollars(self.total_usage)

    def find_key(self, text: str) -> Key | None:
        """The key with this text, made on first sight if it looks like one; None if it does not."""
        if text not in self.keys and _LOOKS_LIKE_A_KEY.match(text):
            self.keys[text] = Key()
        return self.keys.get(text)

    def charge(self, key: Key | None, usage: Usage) -> None:
        """Bill one generation to the account and to the key that asked for it."""
        self.total_usage = dollars(self.total_usage) + usage.cost
        if key is not None:
            key.charge(usage)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set members by name from JSON values; `keys` maps key texts to changes, or to null to forget the key."""
        plain = {name: value for name, value in changes.items() if name != "keys"}
        _change(self, plain)
        for text, wanted in changes.get("keys", {}).items():
            if wanted is None:
                self.keys.pop(text, None)
            else:
                self.keys.setdefault(text, Key()).change(wanted)

    def as_dict(self) -> dict[str, Any]:
        """JSON form, money as decimal strings, keys under their shortened labels (never their texts)."""
        shown = {member.name: _shown(getattr(self, member.name)) for member in fields(self) if member.name != "keys"}
        keys = {shorten_key(text): key.as_dict() for text, key in self.keys.items()}
        return shown | {"balance": as_text(self.balance), "keys": keys}


def dollars(amount: Decimal | float | str) -> Decimal:
    """An amount as an exact decimal: floats by their shortest text, so 0.1 is 0.1."""
    return amount if isinstance(amount, Decimal) else Decimal(str(amount))


def shorten_key(text: str) -> str:
    """The shortened form OpenRouter shows as a key's label: `sk-or-v1-c0f...e00`."""
    return f"{text[:12]}...{text[-3:]}"


def _change(target: Account | Key, changes: Mapping[str, Any]) -> None:
    known = {member.name for member in fields(target)} - {"keys"}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"no such member: {name}")
        setattr(target, name, _checked(name, value))


def _checked(name: str, value: Any) -> Any:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"{name} must be one of: {', '.join(_CHOICES[name])}")
    if name not in _MONEY or (value is None and name not in _NEEDED_MONEY):
        return value
    try:
        return dollars(value)
    except InvalidOperation:
        raise ValueError(f"{name} must be an amount in US dollars") from None


def _shown(value: Any) -> Any:
    return as_text(dollars(value)) if isinstance(value, Decimal | float) else value
