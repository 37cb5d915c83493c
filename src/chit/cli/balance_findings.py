"""The finding about the balance: its state and whether it is low. Amounts are nobody else's business."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal

from chit.cli.findings import Finding
from chit.cli.reach import Reach
from chit.core.balance import Balance, Credits, KeyAllowance, State
from chit.core.balance_records import read_credits, read_key
from chit.core.low_balance import LowBalance, find_low
from chit.errors import ChitError

_AMOUNTS = "amounts are left out: `chit balance` shows them"
_STATES: Mapping[State, str] = {
    "account": "the account's credits are known",
    "key": "what the key may still spend is known, the account's credits are not",
    "unknown": "unknown",
}
_NO_LIMIT = "the account's credits are not known, and the key has no limit of its own"
_ADD_KEY = "A management key can read the account's credits: chit key set --management"


def examine_balance(reach: Reach, threshold: Decimal, clock: Callable[[], float] = time.time) -> list[Finding]:
    """In one of its three states. `threshold` is in US dollars, below which it is low; `clock` gives unix seconds.

    Not through `BalanceWatch`, which records what it learns.
    """
    balance = Balance(credits=_read_credits(reach, clock()), key=_read_key(reach, clock()))
    hint = "" if reach.has_management_key else _ADD_KEY
    if balance.state == "unknown":
        return [Finding(topic="balance", verdict="note", text=_STATES["unknown"], hint=hint)]
    if balance.credits is None and balance.key is not None and not balance.key.caps:
        return [Finding(topic="balance", verdict="note", text=_NO_LIMIT, hint=hint)]
    state = _STATES[balance.state]
    low = find_low(balance, threshold)
    if low is not None:
        how = "used up" if _is_gone(low) else "low, so that replies may start later"
        return [Finding(topic="balance", verdict="warn", text=f"{state}: {how}; {_AMOUNTS}", hint=low.link)]
    return [Finding(topic="balance", verdict="ok", text=f"{state}: not low; {_AMOUNTS}", hint=hint)]


def _read_credits(reach: Reach, now: float) -> Credits | None:
    """Two zeros mean nothing (field guide §5.1)."""
    if reach.credits is None or isinstance(reach.credits, ChitError):
        return None
    credits = read_credits(reach.credits, now)
    return None if credits is None or credits.is_blank else credits


def _read_key(reach: Reach, now: float) -> KeyAllowance | None:
    if reach.key is None or isinstance(reach.key, ChitError):
        return None
    key = read_key(reach.key, now)
    return None if key.says_nothing else key


def _is_gone(low: LowBalance) -> bool:
    return (low.credits is not None and low.credits <= 0) or (low.cap is not None and low.cap.left <= 0)
