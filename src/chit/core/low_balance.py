"""When little is left: OpenRouter then checks billing more strictly, and requests may take longer (field guide §5.3).

It does so while the account has "single digit dollars" **or** a key is close to its limit; how close is not documented.
A key with a limit of $5 and $5 left is not close to it, and one with $20 left of $1,000 is: a cap is near its end when
at most a tenth of it is left, or at most a quarter and less than the threshold.

A person is told once of each. Again only when it recovered and fell anew, or when half of what was told, or all of it,
is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chit import about
from chit.core.balance import OWN_LIMIT, Balance, Cap
from chit.core.usage import read_cost, show_cost, write_cost

SHARE, SMALL_SHARE = 10, 4
"""One part in so many of a cap is close to its end: of any, and of one that leaves less than the threshold."""
_STRICTER = "OpenRouter checks billing more strictly, so replies may start later"
_SCOPES: Mapping[str, str] = {
    OWN_LIMIT: "this key's {reset}limit",
    "api_key": "this key's {reset}budget",
    "member": "the member's {reset}budget",
    "workspace": "the workspace's {reset}budget",
    "workspace_default_key": "the workspace's {reset}budget for each key",
    "workspace_default_member": "the workspace's {reset}budget for each member",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBalance:
    """What is low, for one notice; at least one of `credits` and `cap`."""

    threshold: Decimal
    credits: Decimal | None = None
    """What the account has left, in US dollars, if that is low."""
    cap: Cap | None = None
    """The tightest limit that is close to its end."""

    @property
    def text(self) -> str:
        """What a person is told, without a full stop."""
        gone = [
            *(["no account credits are left" + self._overdraft()] if self._credits_gone else []),
            *([f"nothing is left of {describe_cap(self.cap)}"] if self.cap and self._cap_gone else []),
        ]
        left = [
            *([f"{show_cost(self.credits)} of account credits"] if self.credits and not self._credits_gone else []),
            *([f"{show_cost(self.cap.left)} of {describe_cap(self.cap)}"] if self.cap and not self._cap_gone else []),
        ]
        told = [f"{' and '.join(gone)}: OpenRouter refuses what would be charged there"] if gone else []
        return "; ".join([*told, *([f"{' and '.join(left)} left: {self._where} {_STRICTER}"] if left else [])])

    @property
    def link(self) -> str:
        """The page where it is mended."""
        if self.credits is not None or self.cap is None:
            return about.CREDITS_PAGE
        return about.KEYS_PAGE if self.cap.scope in (OWN_LIMIT, "api_key") else about.PRIVACY_PAGE

    def as_dict(self) -> dict[str, Any]:
        """JSON form; money as decimal text."""
        return {
            "credits": None if self.credits is None else write_cost(self.credits),
            "cap": None if self.cap is None else self.cap.as_dict(),
            "threshold": write_cost(self.threshold),
            "text": self.text,
            "link": self.link,
        }

    @property
    def _credits_gone(self) -> bool:
        return self.credits is not None and self.credits <= 0

    @property
    def _cap_gone(self) -> bool:
        return self.cap is not None and self.cap.left <= 0

    @property
    def _where(self) -> str:
        if self.credits is None or self._credits_gone:
            return "near a limit"
        return f"below {show_cost(self.threshold).removesuffix('.00')}"

    def _overdraft(self) -> str:
        return f" ({show_cost(self.credits)})" if self.credits else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person was last told of, in US dollars; without what has recovered since."""

    credits: Decimal | None = None
    caps: Mapping[str, Decimal] = field(default_factory=dict)
    """By their scopes."""

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "credits": None if self.credits is None else write_cost(self.credits),
            "caps": {scope: write_cost(amount) for scope, amount in self.caps.items()},
        }


def read_told(record: Mapping[str, Any]) -> Told:
    """From the JSON form; what cannot be read was not told. A `cap` of no scope, of earlier times, is the key's own."""
    caps = record.get("caps", {OWN_LIMIT: record.get("cap")})
    amounts = {scope: read_cost(amount) for scope, amount in caps.items()} if isinstance(caps, Mapping) else {}
    return Told(
        credits=read_cost(record.get("credits")),
        caps={scope: amount for scope, amount in amounts.items() if amount is not None},
    )


def find_low(balance: Balance, threshold: Decimal) -> LowBalance | None:
    """What is low now, told or not; None if nothing is known to be. A threshold of 0 finds nothing."""
    if threshold <= 0:
        return None
    credits = balance.credits.left if balance.credits is not None else None
    low_credits = credits if credits is not None and credits < threshold else None
    cap = min(_list_near(balance, threshold), key=lambda each: each.left, default=None)
    return (
        None if low_credits is None and cap is None else LowBalance(threshold=threshold, credits=low_credits, cap=cap)
    )


def find_used_up(balance: Balance) -> LowBalance | None:
    """What nothing is left of, whatever a person wants to be told; None if nothing is known to be."""
    credits = balance.credits.left if balance.credits is not None else None
    gone = credits if credits is not None and credits <= 0 else None
    tightest = balance.key.tightest if balance.key is not None else None
    cap = tightest if tightest is not None and tightest.left <= 0 else None
    return None if gone is None and cap is None else LowBalance(threshold=Decimal(0), credits=gone, cap=cap)


def decide_notice(balance: Balance, threshold: Decimal, told: Told) -> tuple[LowBalance | None, Told]:
    """The notice that is due, if one is, and what to remember once it was shown; or, without one, from now on."""
    if threshold <= 0:
        return None, told
    low = find_low(balance, threshold)
    credits, cap = (low.credits, low.cap) if low else (None, None)
    near = {each.scope for each in _list_near(balance, threshold)}
    remembered = Told(
        credits=told.credits if balance.credits is None or credits is not None else None,
        caps={scope: left for scope, left in told.caps.items() if balance.key is None or scope in near},
    )
    is_due = _is_due(credits, remembered.credits)
    if cap is not None:
        is_due = is_due or _is_due(cap.left, remembered.caps.get(cap.scope))
    if low is None or not is_due:
        return None, remembered
    return low, Told(
        credits=remembered.credits if credits is None else credits,
        caps=remembered.caps if cap is None else {**remembered.caps, cap.scope: cap.left},
    )


def describe_cap(cap: Cap) -> str:
    """In words: `this key's daily limit of $5.00`."""
    return f"{name_cap(cap, reset=cap.reset)} of {show_cost(cap.limit)}"


def name_cap(cap: Cap, *, reset: str | None = None) -> str:
    """The same without the amount: `this key's limit`."""
    return _SCOPES.get(cap.scope, "a {reset}budget").format(reset=f"{reset} " if reset else "")


def _list_near(balance: Balance, threshold: Decimal) -> list[Cap]:
    return [cap for cap in balance.key.caps if _is_near(cap, threshold)] if balance.key is not None else []


def _is_near(cap: Cap, threshold: Decimal) -> bool:
    return cap.left * SHARE <= cap.limit or (cap.left < threshold and cap.left * SMALL_SHARE <= cap.limit)


def _is_due(left: Decimal | None, told: Decimal | None) -> bool:
    return left is not None and (told is None or (told > 0 and left * 2 <= told))
