"""What is left to spend, in one of three honest states: account credits, what a key may still spend, unknown.

Only a management key can read the account's credits; an ordinary one is told 403, or two zeros that mean nothing
(field guide §5.1, trap 1). Unknown is None, never zero. JSON forms keep OpenRouter's names, so that
`core.balance_records` reads its records and our own copies alike; money is decimal text.
"""

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Literal

from chit.core.usage import write_cost

State = Literal["account", "key", "unknown"]
ProblemKind = Literal["missing", "wrong_kind", "locked", "failed"]
_EXACT = Context(prec=1000)
WINDOWS = ("", "_daily", "_weekly", "_monthly")
"""How OpenRouter names spending since ever, of this day, week and month."""
OWN_LIMIT = "key_limit"
"""The scope of a key's own limit, in OpenRouter's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something is not known, or not known anew."""

    kind: ProblemKind
    """No key for it, one that is not of the kind it should be, a locked vault, or a question that failed."""
    text: str

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """The account's lifetime totals, in US dollars."""

    total_credits: Decimal
    total_usage: Decimal
    asked_at: float
    """Unix seconds."""

    @property
    def left(self) -> Decimal:
        """The balance; can be negative."""
        return _EXACT.subtract(self.total_credits, self.total_usage)

    @property
    def is_blank(self) -> bool:
        """Two zeros: what some ordinary keys are told, whatever the account has."""
        return not self.total_credits and not self.total_usage

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "left": write_cost(self.left),
            "total_credits": write_cost(self.total_credits),
            "total_usage": write_cost(self.total_usage),
            "asked_at": self.asked_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A limit on spending, in US dollars: a key's own, or a budget that is checked for it."""

    scope: str
    """`key_limit` for a key's own; else as OpenRouter names the layer (field guide §5.2)."""
    limit: Decimal
    left: Decimal
    """Can be negative."""
    reset: str | None = None
    """`daily`, `weekly`, `monthly`; None is never, or not told."""
    resets_at: str | None = None
    """ISO 8601."""

    def as_dict(self) -> dict[str, Any]:
        """JSON form, as an entry of `budgets`."""
        return {
            "scope": self.scope,
            "limit_usd": write_cost(self.limit),
            "remaining_usd": write_cost(self.left),
            "reset_interval": self.reset,
            "resets_at": self.resets_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """US dollars by window, in UTC; weeks begin on Monday."""

    ever: Decimal | None = None
    day: Decimal | None = None
    week: Decimal | None = None
    month: Decimal | None = None

    def as_dict(self, prefix: str) -> dict[str, Any]:
        """`usage`, `usage_daily`, … with `prefix` for `usage`."""
        amounts = (self.ever, self.day, self.week, self.month)
        return {f"{prefix}{window}": _money(amount) for window, amount in zip(WINDOWS, amounts, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRequests:
    """The account's requests to free models in this UTC day."""

    limit: int | None
    used: int | None
    left: int

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"limit": self.limit, "used": self.used, "remaining": self.left}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAllowance:
    """What one key has spent and may still spend. It says nothing of the account's credits."""

    asked_at: float
    """Unix seconds."""
    has_limit: bool | None = None
    """Whether it has a limit of its own; without one it may spend what the account has (trap 2)."""
    limit: Decimal | None = None
    left: Decimal | None = None
    reset: str | None = None
    spent: Spent = Spent()
    spent_byok: Spent = Spent()
    """With provider keys of one's own; never added to `spent`."""
    counts_byok: bool | None = None
    """Whether that counts toward the limit."""
    free_requests: FreeRequests | None = None
    budgets: tuple[Cap, ...] = ()
    effective_budget: Cap | None = None
    """The layer that blocks first."""
    is_management: bool | None = None

    @property
    def caps(self) -> tuple[Cap, ...]:
        """Every limit that is known in full."""
        own = () if self.limit is None or self.left is None else (self._own_cap(self.limit, self.left),)
        effective = () if self.effective_budget is None else (self.effective_budget,)
        return (*own, *effective, *self.budgets)

    @property
    def tightest(self) -> Cap | None:
        """The cap that leaves the least."""
        return min(self.caps, key=lambda cap: cap.left, default=None)

    def _own_cap(self, limit: Decimal, left: Decimal) -> Cap:
        return Cap(scope=OWN_LIMIT, limit=limit, left=left, reset=self.reset)

    @property
    def says_nothing(self) -> bool:
        """Whether nothing in the record could be read."""
        return self == KeyAllowance(asked_at=self.asked_at)

    def as_dict(self) -> dict[str, Any]:
        """JSON form; of the label, which shows a piece of the key, nothing is kept."""
        return {
            "has_limit": self.has_limit,
            "limit": _money(self.limit),
            "limit_remaining": _money(self.left),
            "limit_reset": self.reset,
            **self.spent.as_dict("usage"),
            **self.spent_byok.as_dict("byok_usage"),
            "include_byok_in_limit": self.counts_byok,
            "free_model_daily_requests": None if self.free_requests is None else self.free_requests.as_dict(),
            "budgets": [budget.as_dict() for budget in self.budgets],
            "effective_budget": None if self.effective_budget is None else self.effective_budget.as_dict(),
            "is_management_key": self.is_management,
            "asked_at": self.asked_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is known, how old it is, and why the rest is not known."""

    credits: Credits | None = None
    key: KeyAllowance | None = None
    credits_problem: Problem | None = None
    """Why the credits are not known, or are old."""
    key_problem: Problem | None = None
    tried_at: float | None = None
    """When OpenRouter was last asked, whatever came of it; unix seconds."""

    @property
    def state(self) -> State:
        """The best of what is known."""
        return "account" if self.credits is not None else "key" if self.key is not None else "unknown"

    @property
    def asked_at(self) -> float | None:
        """Since when what the state is named after is known; unix seconds."""
        known = self.credits or self.key
        return None if known is None else known.asked_at

    def newer_than(self, moment: float) -> "Balance":
        """Without what was asked before `moment`, unix seconds."""
        credits = self.credits if self.credits is not None and self.credits.asked_at >= moment else None
        key = self.key if self.key is not None and self.key.asked_at >= moment else None
        return Balance(credits=credits, key=key)

    def as_dict(self) -> dict[str, Any]:
        """JSON form: every member present, null where unknown."""
        parts = {
            "credits": self.credits,
            "key": self.key,
            "credits_problem": self.credits_problem,
            "key_problem": self.key_problem,
        }
        shown = {name: None if part is None else part.as_dict() for name, part in parts.items()}
        return {"state": self.state, **shown, "tried_at": self.tried_at}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else write_cost(amount)
