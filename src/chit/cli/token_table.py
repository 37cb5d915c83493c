"""Local tokens as a list for a person, and as JSON."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from chit.cli.balance_table import tell_age
from chit.cli.terminal import neutralise
from chit.core.local_token import PERIODS, Spent, Terms, TokenSpending, encode_terms
from chit.core.usage import show_cost, write_cost

_SPANS = {"day": "a day", "month": "a month", "total": "in all"}


def write_tokens(tokens: Sequence[TokenSpending], now: float) -> str:
    """Three lines for each; `now` in unix seconds, to tell ages by."""
    return "".join(f"{neutralise(line)}\n" for each in tokens for line in _write(each, now))


def describe_terms(terms: Terms) -> str:
    """`$5 a day, only openai/*, private`."""
    budgets = [f"{show_cost(budget)} {_SPANS[period]}" for period, budget in terms.budgets()]
    models = f"only {', '.join(terms.models)}" if terms.models else "any model"
    return ", ".join([*(budgets or ["no budget"]), models, *(["private"] if terms.private else [])])


def token_record(each: TokenSpending) -> dict[str, Any]:
    """One of `chit token list --json`: money as decimal text, times as unix seconds."""
    token, total = each.token, each.total
    terms = encode_terms(token.terms)
    return {
        "name": token.name,
        "created_at": token.created_at,
        "revoked_at": token.revoked_at,
        "budgets": {period: terms.get(period) for period in PERIODS},
        "models": list(token.terms.models),
        "private": token.terms.private,
        "spent": {period: write_cost(getattr(each, period).cost) for period in PERIODS},
        "calls": total.calls,
        "unknown": total.unknown,
        "awaited": total.awaited,
        "last_call_at": each.last_at,
    }


def _write(each: TokenSpending, now: float) -> Iterator[str]:
    token = each.token
    ended = "" if token.revoked_at is None else f" (revoked {tell_age(now - token.revoked_at)})"
    yield f"{token.name}{ended}"
    yield f"  {describe_terms(token.terms)}"
    terms = token.terms
    spent = [
        _spent("today", each.day, terms.day),
        _spent("this month", each.month, terms.month),
        _spent("in all", each.total, terms.total),
    ]
    calls = f"{each.total.calls:,} call{'' if each.total.calls == 1 else 's'}"
    last = "" if each.last_at is None else f", the last {tell_age(now - each.last_at)}"
    yield f"  {' · '.join(spent)} · {calls}{last}"
    if each.total.unknown:
        yield f"  {each.total.unknown:,} of them may have been billed as well: what they cost never came"
    if each.total.awaited:
        yield f"  {each.total.awaited:,} of them still to be settled, and not counted yet"


def _spent(when: str, spent: Spent, budget: Decimal | None) -> str:
    return f"{when} {show_cost(spent.cost)}{'' if budget is None else f' of {show_cost(budget)}'}"
