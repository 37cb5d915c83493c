"""The findings about the balance: its state, whether it is low, and what keeps the account from being read.

Amounts are nobody else's business. The rules are those of `chit balance`; not through `BalanceWatch`, which records
what it learns.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from chit.cli.connection_findings import UNREACHED, find_upstream_failure
from chit.cli.exits import DONE
from chit.cli.findings import Finding
from chit.cli.reach import Reach
from chit.core.balance import Balance, Credits, KeyAllowance
from chit.core.balance_answers import NOT_MANAGEMENT, Reason, judge_credits
from chit.core.balance_records import read_key
from chit.core.guidance_info import EXIT_NO_MONEY
from chit.core.low_balance import LowBalance, find_low, find_used_up, name_cap
from chit.errors import ChitError, UpstreamError, VaultLocked

_AMOUNTS = "amounts are left out: `chit balance` shows them"
_ACCOUNT = "the account's credits are known"
_KEY = "what the key may still spend is known, the account's credits are not"
_NO_LIMIT = "the account's credits are not known, and the key has no limit of its own"
_ADD_KEY = "A management key can read the account's credits: chit key set --management"
_STORE_ANOTHER = "Store another: chit key set --management"
_UNLOCK = "The vault is locked, and a management key may be in it: chit key unlock"


def examine_balance(reach: Reach, threshold: Decimal) -> list[Finding]:
    """In one of its three states. `threshold` is in US dollars, below which it is low."""
    judged = None if reach.credits is None else judge_credits(reach.credits, 0)
    credits, reason = (judged, None) if isinstance(judged, Credits) else (None, judged)
    balance = Balance(credits=credits, key=_read_key(reach))
    return [_tell_state(balance, threshold, reach), *_tell_reason(reason)]


def _read_key(reach: Reach) -> KeyAllowance | None:
    if reach.key is None or isinstance(reach.key, ChitError):
        return None
    key = read_key(reach.key, 0)
    return None if key.says_nothing else key


def _tell_state(balance: Balance, threshold: Decimal, reach: Reach) -> Finding:
    gone, low = find_used_up(balance), find_low(balance, threshold)
    hint = _find_hint(balance, reach)
    if gone is not None:
        text = f"used up: {_name(gone)}; {_AMOUNTS}"
        return Finding(topic="balance", verdict="bad", text=text, hint=_mend(gone), exit_code=EXIT_NO_MONEY)
    if low is not None:
        text = f"low, so that replies may start later: {_name(low)}; {_AMOUNTS}"
        return Finding(topic="balance", verdict="warn", text=text, hint=_mend(low))
    if balance.state == "unknown":
        was_asked = reach.key is not None or reach.credits is not None
        text = "unknown" if was_asked else "unknown, since nothing was asked"
        return Finding(topic="balance", verdict="note", text=text, hint=hint)
    if balance.credits is None and balance.key is not None and not balance.key.caps:
        return Finding(topic="balance", verdict="note", text=_NO_LIMIT, hint=hint)
    state = _ACCOUNT if balance.state == "account" else _KEY
    return Finding(topic="balance", verdict="ok", text=f"{state}: not low; {_AMOUNTS}", hint=hint)


def _find_hint(balance: Balance, reach: Reach) -> str:
    """How the account's credits could be known, where everything else is as it should be."""
    if balance.credits is not None or reach.key is None or isinstance(reach.key, ChitError):
        return ""
    if isinstance(reach.management_problem, VaultLocked):
        return _UNLOCK
    return "" if reach.has_management_key or reach.management_problem is not None else _ADD_KEY


def _name(low: LowBalance) -> str:
    credits = ["the account's credits"] if low.credits is not None else []
    return " and ".join([*credits, *([name_cap(low.cap)] if low.cap is not None else [])])


def _mend(low: LowBalance) -> str:
    return f"{'Add credits' if low.credits is not None else 'Look at it'}: {low.link}"


def _tell_reason(reason: Reason) -> Iterator[Finding]:
    """In our own words: OpenRouter's may name the account or the key. What the connection's finding tells is left."""
    if reason is None or (isinstance(reason, ChitError) and reason.kind in UNREACHED):
        return
    if reason is NOT_MANAGEMENT:
        yield Finding(topic="balance", verdict="warn", text=NOT_MANAGEMENT.text, hint=_STORE_ANOTHER)
    elif not isinstance(reason, ChitError):
        yield Finding(topic="balance", verdict="note", text=reason.text)
    elif isinstance(reason, UpstreamError) and reason.status == 401:
        text = "the stored management key is refused (HTTP status 401): it was revoked, disabled, or has expired"
        yield Finding(topic="balance", verdict="warn", text=text, hint=_STORE_ANOTHER)
    else:
        failure = find_upstream_failure("balance", reason)
        text = f"the account's credits cannot be read: {failure.text}"
        yield replace(failure, verdict="warn", text=text, exit_code=DONE)
