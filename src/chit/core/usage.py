"""Tokens and exact money.

A cost on the wire is a JSON number with up to 19 decimals. `Decimal(repr(number))` gives back every digit of it; sums
are made of integer pico-dollars, so that no total depends on the order of its terms (design §5, "Money"). Unknown is
None, never zero.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

PICO = 10**12
_WIDEST, _FINEST = 12, -400
"""Powers of ten. No cost is a trillion dollars, or finer than any JSON number; what claims to be is unknown."""
_EXACT = Context(prec=1000, rounding=ROUND_HALF_EVEN)
"""Wide enough for every cost and every sum of them, and independent of what the program around us has set."""


def read_cost(value: Any) -> Decimal | None:
    """US dollars from a JSON number or numeric string; None for null, booleans, NaN, infinities and anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        cost = Decimal(value if isinstance(value, str) else repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return None
    if not cost.is_finite():
        return None
    return cost if cost.adjusted() < _WIDEST and int(cost.as_tuple().exponent) > _FINEST else None


def write_cost(cost: Decimal) -> str:
    """Plain decimal text with every digit: `0.0000198`, never `1.98E-5`."""
    return format(cost, "f")


def to_pico(cost: Decimal) -> int:
    """Integer pico-dollars, rounded half to even. Only for sums."""
    return int(_EXACT.to_integral_value(_EXACT.scaleb(cost, 12)))


def from_pico(pico: int) -> Decimal:
    """Dollars from pico-dollars, exactly, without trailing zeros."""
    cost = _EXACT.normalize(_EXACT.scaleb(Decimal(pico), -12))
    return cost if cost else Decimal(0)


def sum_costs(costs: Iterable[Decimal]) -> Decimal:
    """Exact to the pico-dollar, whatever the order."""
    return from_pico(sum(to_pico(cost) for cost in costs))


def show_cost(cost: Decimal | None) -> str:
    """For people: `$8.42`, `$0.00284`; as many digits as matter, never rounded to $0.00; unknown is a dash."""
    if cost is None:
        return "–"
    sign, size = ("-" if cost < 0 else ""), abs(cost)
    if size == 0:
        return "$0"
    if size >= 1:
        return f"{sign}${size:.2f}"
    digits = max(2, 2 - size.adjusted())  # three significant digits
    text = f"{size:.{digits}f}".rstrip("0")
    return f"{sign}${text.ljust(4, '0')}"


def read_count(value: Any) -> int | None:
    """A token count: a non-negative integer (or an integral float); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 2**63 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A reply's own size and price (field guide §3.2). `cost` is what the account was charged, in US dollars."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    """Part of `completion_tokens`."""
    cached_tokens: int | None = None
    """Part of `prompt_tokens`."""
    cost: Decimal | None = None
    upstream_cost: Decimal | None = None
    """What the provider bills the owner of a provider key (BYOK); never added to `cost`."""
    is_byok: bool = False


def read_usage(usage: Any) -> Usage:
    """From a reply's `usage` member; anything missing or malformed is None."""
    if not isinstance(usage, Mapping):
        return Usage()
    if "input_tokens" in usage:
        usage = _translate(usage)
    return Usage(
        prompt_tokens=read_count(usage.get("prompt_tokens")),
        completion_tokens=read_count(usage.get("completion_tokens")),
        reasoning_tokens=read_count(_inside(usage, "completion_tokens_details", "reasoning_tokens")),
        cached_tokens=read_count(_inside(usage, "prompt_tokens_details", "cached_tokens")),
        cost=read_cost(usage.get("cost")),
        upstream_cost=read_cost(_inside(usage, "cost_details", "upstream_inference_cost")),
        is_byok=usage.get("is_byok") is True,
    )


def _translate(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    """From the words of Responses and of Messages; there, what a cache took or gave stands beside the input."""
    cached, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    beside = sum(read_count(each) or 0 for each in (cached, written))
    sent = read_count(usage["input_tokens"])
    return {
        "prompt_tokens": None if sent is None else sent + beside,
        "completion_tokens": usage.get("output_tokens"),
        "completion_tokens_details": usage.get("output_tokens_details"),
        "prompt_tokens_details": usage.get("input_tokens_details") if cached is None else {"cached_tokens": cached},
        **usage,
    }


def _inside(value: Mapping[str, Any], member: str, name: str) -> Any:
    inner = value.get(member)
    return inner.get(name) if isinstance(inner, Mapping) else None
