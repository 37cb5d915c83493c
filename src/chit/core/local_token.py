"""Local tokens: what a program may do that calls the local API, and what it has spent.

A token is 256 bits of chance, shown once; kept is its hash, from which nobody gets back to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from hashlib import sha256
from string import ascii_letters, digits
from typing import Any, Literal

from chit.core.usage import read_cost, write_cost

BYTES = 32
"""Of chance, in each token."""
PREFIX = "sk-chit-"
"""By which a token is known for one, here and by programs that look for `sk-`."""
_DIGITS = digits + ascii_letters
_LENGTH = 43
"""Of 256 bits in these digits."""

Period = Literal["day", "month", "total"]
PERIODS: tuple[Period, ...] = ("day", "month", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a token may do. Budgets are US dollars; None sets no limit."""

    day: Decimal | None = None
    """Of a day of the local time zone."""
    month: Decimal | None = None
    total: Decimal | None = None
    """Of its whole life."""
    models: tuple[str, ...] = ()
    """Model ids, with `*` for any run of characters: `openai/*`. None of them allows every model."""
    private: bool = False
    """Nothing of what is said is kept, only costs and ids."""

    def budgets(self) -> Iterator[tuple[Period, Decimal]]:
        """Those that are set."""
        for period, budget in (("day", self.day), ("month", self.month), ("total", self.total)):
            if budget is not None:
                yield period, budget  # type: ignore[misc] # the names above are periods

    def allows(self, model: str) -> bool:
        """A variant is another model: `openai/gpt-5` does not allow `openai/gpt-5:nitro`, but `openai/gpt-5*` does.

        A preset can name any model, and is allowed only by `*` alone and by what has an @ in it.
        """
        return not self.models or any(
            fnmatchcase(model, _escape(pattern)) and ("@" in pattern or "@" not in model or pattern == "*")
            for pattern in self.models
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalToken:
    """One program that may call. Times are unix seconds."""

    hash: str
    """SHA-256 of the token, in hex."""
    name: str
    """What a person knows it by; no two have the same that are not revoked."""
    terms: Terms = field(default_factory=Terms)
    created_at: float = 0.0
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a token spent in one period: the sums of charges that have ended."""

    cost: Decimal = Decimal(0)
    """US dollars: settled, else reported."""
    calls: int = 0
    unknown: int = 0
    """Calls that may have been billed and of which nothing will tell; they count nothing."""
    awaited: int = 0
    """Calls whose cost is not known before it settles; they count nothing until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpending:
    """A token, and what it spent: today, this month, ever."""

    token: LocalToken
    day: Spent
    month: Spent
    total: Spent
    last_at: float | None = None
    """When its newest call was sent, unix seconds."""


def write_token(chance: bytes) -> str:
    """A token from 32 bytes of chance: letters and digits after a prefix."""
    if len(chance) != BYTES:
        raise ValueError(f"a token is made of {BYTES} bytes")
    number, text = int.from_bytes(chance), ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        text += _DIGITS[digit]
    return PREFIX + text


def hash_token(token: str) -> str:
    """As it is kept. Whatever text was given for a token has one."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def encode_terms(terms: Terms) -> dict[str, Any]:
    """As JSON, without what sets no limit."""
    budgets: dict[str, Any] = {period: write_cost(budget) for period, budget in terms.budgets()}
    models = {"models": list(terms.models)} if terms.models else {}
    return {**budgets, **models, **({"private": True} if terms.private else {})}


def decode_terms(terms: Mapping[str, Any]) -> Terms:
    """From what `encode_terms` wrote. Raises `ValueError` for a limit that cannot be read: none would be unlimited."""
    budgets: dict[str, Any] = {}
    for period in PERIODS:
        budgets[period] = read_cost(terms.get(period))
        if budgets[period] is None and terms.get(period) is not None:
            raise ValueError(f"a budget is {terms[period]!r}")
    models = terms.get("models", [])
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise ValueError(f"the models are {models!r}")
    return Terms(**budgets, models=tuple(models), private=terms.get("private") is True)


def _escape(pattern: str) -> str:
    """`*` is the only wildcard."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
