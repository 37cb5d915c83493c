"""The balance on a terminal: its state first, then every figure under what it belongs to."""

from collections.abc import Iterator

from chit.about import KEYS_PAGE, MANAGEMENT_KEYS_PAGE
from chit.cli.columns import wrap
from chit.cli.terminal import neutralise
from chit.core.balance import Balance, Credits, KeyAllowance, Problem, Spent
from chit.core.low_balance import describe_cap
from chit.core.moments import tell_age
from chit.core.usage import show_cost

Lines = Iterator[tuple[str, str]]
_UNKNOWN = "–"
_TITLE_WIDTH = 26
_INDENT = 4
"""Of an address that is too wide to stand beside a title."""


def write_table(balance: Balance, now: float, columns: int | None) -> str:
    """The lines as text; `now` in unix seconds, to tell ages by. Without `columns` nothing is wrapped."""
    return "".join(
        f"{line.rstrip()}\n" for title, text in balance_lines(balance, now) for line in _wrap(title, text, columns)
    )


def balance_lines(balance: Balance, now: float) -> list[tuple[str, str]]:
    """Titles and texts."""
    credits, key = list(_credits_lines(balance, now)), list(_key_lines(balance, now))
    match balance.state:
        case "account":
            return credits + key
        case "key":
            return key + credits
        case _:
            return [("balance", "unknown"), *credits, *key]


def _wrap(title: str, text: str, columns: int | None) -> Iterator[str]:
    text = neutralise(text)
    if columns is not None and " " not in text and _TITLE_WIDTH + len(text) > columns:
        yield from [title] if title else []
        yield " " * _INDENT + text  # whole, to be clicked or copied
        return
    first, *rest = wrap(text, None if columns is None else columns - _TITLE_WIDTH)
    yield f"{title:<{_TITLE_WIDTH}}{first}"
    yield from (" " * _TITLE_WIDTH + line for line in rest)


def _credits_lines(balance: Balance, now: float) -> Lines:
    credits, problem = balance.credits, balance.credits_problem
    if credits is not None:
        yield "account credits", f"{show_cost(credits.left)} left"
        yield from _totals(credits)
        yield "  as of", _tell_time(credits.asked_at, now, problem)
        return
    yield "account credits", f"unknown: {problem.text}" if problem else "unknown"
    if problem is not None and problem.kind in ("missing", "wrong_kind"):
        yield "", "add a management key to see your balance: chit key set --management"
        yield "", MANAGEMENT_KEYS_PAGE


def _totals(credits: Credits) -> Lines:
    yield "  bought", show_cost(credits.total_credits)
    yield "  used", show_cost(credits.total_usage)


def _key_lines(balance: Balance, now: float) -> Lines:
    key, problem = balance.key, balance.key_problem
    if key is None:
        yield "this key", f"unknown: {problem.text}" if problem else "unknown"
        return
    yield "this key may still spend", _allowance(key)
    yield "  limit", {True: _tell_limit(key), False: "none", None: _UNKNOWN}[key.has_limit]
    yield "  used", _tell_spent(key.spent)
    if any((key.spent_byok.ever, key.spent_byok.month)):
        counted = " · counts toward the limit" if key.counts_byok else ""
        yield "  provider keys (BYOK)", f"{_tell_spent(key.spent_byok)}{counted}"
    if key.free_requests is not None:
        of = "" if key.free_requests.limit is None else f" of {key.free_requests.limit:,}"
        yield "  free requests", f"{key.free_requests.left:,}{of} left today"
    for budget in key.budgets:
        until = f", resets {budget.resets_at}" if budget.resets_at else ""
        yield "  budget", f"{show_cost(budget.left)} of {describe_cap(budget)}{until}"
    yield "  as of", _tell_time(key.asked_at, now, problem)
    yield "  change it", KEYS_PAGE


def _allowance(key: KeyAllowance) -> str:
    tightest = key.tightest
    if tightest is not None:
        return f"{show_cost(tightest.left)} of {describe_cap(tightest)}"
    return "what the account has: it has no limit of its own" if key.has_limit is False else "unknown"


def _tell_limit(key: KeyAllowance) -> str:
    reset = f", reset {key.reset}" if key.reset else ""
    return f"{show_cost(key.limit)}, {show_cost(key.left)} left{reset}"


def _tell_spent(spent: Spent) -> str:
    windows = ((spent.day, "today"), (spent.week, "this week"), (spent.month, "this month"), (spent.ever, "ever"))
    return " · ".join(f"{show_cost(amount)} {name}" for amount, name in windows)


def _tell_time(asked_at: float, now: float, problem: Problem | None) -> str:
    """With a problem it is old, and the problem is why."""
    return tell_age(now - asked_at) + (f", and not since: {problem.text}" if problem else "")
