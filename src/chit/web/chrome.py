"""What stands around every screen: the model field, the balance with its notice, the sandbox's badge, the theme."""

import time
from typing import Any

from chit import about
from chit.app import App
from chit.core.balance import Balance
from chit.core.low_balance import find_low
from chit.web import pages
from chit.web.desk import Desk

_LABELS = {about.CREDITS_PAGE: "Add credits", about.KEYS_PAGE: "Open key settings"}


def write_chrome(desk: Desk) -> dict[str, Any]:
    """The members of `/view/chrome`."""
    return {
        "model_field": pages.render("model_field", model=preferred_model(desk)),
        "badge": pages.render("badge") if desk.is_sandbox else None,
        "theme": desk.prefs.theme,
        "balance": write_balance(desk.app.balance.balance, desk),
        "notice": write_notice(desk.app.balance.balance, desk),
    }


def preferred_model(desk: Desk) -> str:
    """Of new conversations; empty is the account's default."""
    return "" if desk.is_sandbox else desk.prefs.model or ""


def write_balance(balance: Balance, desk: Desk) -> str:
    """In one of its three states."""
    amount, what = None, "balance unknown"
    if balance.state == "account" and balance.credits is not None:
        amount, what = balance.credits.left, "account credits"
    elif balance.state == "key" and balance.key is not None:
        cap = balance.key.tightest
        amount = cap.left if cap is not None else None
        without = "key without a limit" if balance.key.has_limit is False else "balance unknown"
        what = "this key may still spend" if cap is not None else without
    age = None if balance.asked_at is None else max(0.0, time.time() - balance.asked_at)
    return pages.render(
        "balance",
        state=balance.state,
        amount=amount,
        what=what,
        age=age,
        wants_management_key=balance.state != "account" and not desk.is_sandbox,
    )


def write_notice(balance: Balance, desk: Desk) -> str | None:
    """That requests may be slower, for as long as it holds; a person can hide it."""
    low = find_low(balance, desk.prefs.low_balance)
    if low is None or desk.is_sandbox:
        return None
    return pages.render("notice", text=low.text, link=low.link, label=_LABELS.get(low.link, "Open settings"))


def tell_balance(app: App, desk: Desk) -> dict[str, Any]:
    """The members of a `balance` event."""
    return {"html": write_balance(app.balance.balance, desk), "notice": write_notice(app.balance.balance, desk)}
