"""When little is left: OpenRouter then checks billing more strictly, and requests may take longer (field guide §5.3).

It does so while the account has "single digit dollars" **or** a key is close to its limit. A key with a limit of $5 and
$5 left is not close to it, so a cap is low when what is left is below the threshold *and* at most a tenth of the cap.

A person is told once. Again only when it recovered and fell anew, or when half of what was told, or all of it, is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chit import about
from chit.core.balance import OWN_LIMIT, Balance, Cap
from chit.core.usage import read_cost, show_cost, write_cost

SHARE = 10
"""One part in so many of a cap is close to its end."""
_STRICTER = "OpenRouter checks billing more strictly, so replies may start later"
_SCOPES: Mapping[str, str] = {
    OWN_LIMIT: "this key's {reset}limit of {limit}",
    "api_key": "this key's {reset}budget of {limit}",
    "member": "the member's {reset}budget of {limit}",
    "workspace": "the workspace's {reset}budget of {limit}",
    "workspace_default_key": "the workspace's {reset}budget for each key of {limit}",
    "workspace_default_member": "the workspace's {reset}budget for each member of {limit}",
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
    """What a person was last told of, in US dollars; None where nothing, or where it has recovered since."""

    credits: Decimal | None = None
    cap: Decimal | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        told = {"credits": self.credits, "cap": self.cap}
        return {name: None if amount is None else write_cost(amount) for name, amount in told.items()}


def read_told(record: Mapping[str, Any]) -> Told:
    """From the JSON form; what cannot be read was not told."""
    return Told(credits=read_cost(record.get("credits")), cap=read_cost(record.get("cap")))


def find_low(balance: Balance, threshold: Decimal) -> LowBalance | None:
    """What is low now, told or not; None if nothing is known to be. A threshold of 0 finds nothing."""
    if threshold <= 0:
        return None
    credits = balance.credits.left if balance.credits is not None else None
    low_credits = credits if credits is not None and credits < threshold else None
    near = [cap for cap in balance.key.caps if _is_near(cap, threshold)] if balance.key is not None else []
    cap = min(near, key=lambda each: each.left, default=None)
    return (
        None if low_credits is None and cap is None else LowBalance(threshold=threshold, credits=low_credits, cap=cap)
    )


def decide_notice(balance: Balance, threshold: Decimal, told: Told) -> tuple[LowBalance | None, Told]:
    """The notice that is due, if one is, and what to remember once it was shown; or, without one, from now on."""
    if threshold <= 0:
        return None, told
    low = find_low(balance, threshold)
    credits, cap = (low.credits, low.cap.left if low.cap else None) if low else (None, None)
    remembered = Told(
        credits=told.credits if balance.credits is None or credits is not None else None,
        cap=told.cap if balance.key is None or cap is not None else None,
    )
    if low is None or not (_is_due(credits, remembered.credits) or _is_due(cap, remembered.cap)):
        return None, remembered
    return low, Told(
        credits=remembered.credits if credits is None else credits, cap=remembered.cap if cap is None else cap
    )


def describe_cap(cap: Cap) -> str:
    """In words: `this key's daily limit of $5.00`."""
    words = _SCOPES.get(cap.scope, "a {reset}budget of {limit}")
    return words.format(reset=f"{cap.reset} " if cap.reset else "", limit=show_cost(cap.limit))


def _is_near(cap: Cap, threshold: Decimal) -> bool:
    return cap.left < threshold and cap.left * SHARE <= cap.limit


def _is_due(left: Decimal | None, told: Decimal | None) -> bool:
    return left is not None and (told is None or (told > 0 and left * 2 <= told))
