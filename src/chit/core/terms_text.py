"""The terms of a local token as a person writes and reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chit.core.local_token import PERIODS, PREFIX, Period, Terms
from chit.core.stray_secret import holds_key
from chit.core.usage import read_cost
from chit.errors import InputError

_NONE = "none"
_LONGEST = 60
"""Characters of a name: it stands in a line of a list."""
_LONGEST_MODEL = 200


def read_name(text: str) -> str:
    """A name for a token. Raises `InputError`, which repeats nothing that might be secret."""
    name = text.strip()
    if holds_key(name) or name.startswith(PREFIX):
        raise InputError("a token's name must not be a key or a token", hint="Name the program: chit token create NAME")
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise InputError(
            f"a token's name is one line of at most {_LONGEST} characters", hint="For example: chit token create editor"
        )
    return name


def read_budgets(texts: Iterable[str], terms: Terms) -> Terms:
    """`terms` with what each text says: `5/day`, `50/month`, `200/total`, or `none/day`. Raises `InputError`."""
    seen: dict[Period, str] = {}
    for text in texts:
        amount, _, period = text.strip().lower().rpartition("/")
        if period not in PERIODS:
            raise InputError(
                f"a budget is an amount and what it is for, not {text!r}", hint="Write 5/day, 50/month or 200/total."
            )
        if period in seen:
            raise InputError(f"there are two budgets for a {period}: {seen[period]} and {text}")
        seen[period] = text
        changed: dict[str, Any] = {period: None if amount == _NONE else _read_amount(amount, text)}
        terms = replace(terms, **changed)
    return terms


def read_models(texts: Sequence[str]) -> tuple[str, ...]:
    """Model ids and patterns, each once. Raises `InputError`."""
    for text in texts:
        if not text.isprintable() or any(map(str.isspace, text)) or not 0 < len(text) <= _LONGEST_MODEL:
            raise InputError(f"{text!r} is no model id", hint="Write author/slug, or author/* for all of an author's.")
        if "/" not in text and "*" not in text:
            raise InputError(
                f"{text} is no model id: the author is missing",
                hint=f"Write author/{text}, or */{text} for any author.",
            )
    return tuple(dict.fromkeys(texts))


def _read_amount(amount: str, text: str) -> Decimal:
    budget = read_cost(amount.strip().removeprefix("$"))
    if budget is None or budget < 0:
        raise InputError(
            f"{text!r} is no budget: it begins with an amount in dollars, such as 5 or 0.50",
            hint="Write 5/day, or none/day for no limit.",
        )
    return budget
