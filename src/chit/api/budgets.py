"""Budgets of local tokens, exact however many calls come at once.

A call reserves the most it can cost, where that can be known, and begins while that still fits beside what was spent
and what is reserved. One that does not fit, or whose bound is unknown, begins once nothing else of its token is under
way. So no call begins when a budget is spent, and only the last one can exceed it, by its own remainder.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Literal

from chit.api.crowd import Crowd, Place
from chit.api.refusal import ApiRefusal
from chit.core.local_token import LocalToken, Period, TokenSpending
from chit.core.usage import show_cost
from chit.store.protocol import Store

Verdict = Literal["begin", "wait"]
_SPANS: dict[Period, tuple[str, str]] = {
    "day": (" a day", "It has more from midnight on. "),
    "month": (" a month", "It has more from the first of the month on. "),
    "total": ("", ""),
}


class _Account:
    """The calls of one token that are under way, and those that wait."""

    def __init__(self) -> None:
        self.reserves: dict[object, Decimal | None] = {}
        """The most that each running call can cost; None is unknown."""
        self.turn = asyncio.Lock()
        """Held by the one that waits first; who came later does not overtake it."""
        self.ended = asyncio.Event()
        self.users = 0


class Budgets:
    """Of all tokens. One process serves them: what others spend is seen once it is in the ledger."""

    def __init__(self, store: Store, *, crowd: Crowd | None = None, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives unix seconds."""
        self._store = store
        self._crowd = crowd or Crowd()
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    @asynccontextmanager
    async def enter(self, token: LocalToken, estimate: Decimal | None) -> AsyncIterator[None]:
        """Around a call that costs, from before it is sent until what it cost is in the ledger.

        `estimate` is an upper bound of that, US dollars; None is unknown. It may wait for other calls; cancelled then,
        it leaves nothing behind. Raises `ApiRefusal`: 402 once the budget is spent, 503 when too many wait, 401 if the
        token was revoked meanwhile.
        """
        account, place, call = self._accounts.setdefault(token.hash, _Account()), Place(self._crowd), object()
        account.users += 1
        try:
            await self._reserve(account, place, call, token, estimate)
            try:
                await self._crowd.begin(place)
                place.leave()
                try:
                    yield
                finally:
                    self._crowd.end()
            finally:
                del account.reserves[call]
                account.ended.set()
        finally:
            place.leave()
            account.users -= 1
            if not account.users:
                del self._accounts[token.hash]

    async def _reserve(
        self, account: _Account, place: Place, call: object, token: LocalToken, estimate: Decimal | None
    ) -> None:
        has_budget = next(token.terms.budgets(), None) is not None
        if not has_budget:
            account.reserves[call] = estimate
            return
        if account.turn.locked():
            place.take()
        async with account.turn:
            while True:
                account.ended.clear()
                reserves = list(account.reserves.values())  # before the ledger: who ends meanwhile counts twice, not 0
                spending = await self._store.find_token_spending(token.hash, now=self._clock())
                if _decide(token, spending, reserves, estimate) == "begin":
                    account.reserves[call] = estimate
                    return
                place.take()
                await account.ended.wait()


def _decide(
    token: LocalToken, spending: TokenSpending | None, reserves: list[Decimal | None], estimate: Decimal | None
) -> Verdict:
    """By the terms as they are now. Raises `ApiRefusal`."""
    if spending is None or spending.token.revoked_at is not None:
        raise ApiRefusal(401, f"The local token {token.name} was revoked meanwhile.", "invalid_api_key")
    lefts = []
    for period, budget in spending.token.terms.budgets():
        spent = getattr(spending, period).cost
        if spent >= budget:
            raise _refuse(spending.token, period, budget, spent)
        lefts.append(budget - spent)
    if not reserves or not lefts:
        return "begin"
    wanted = [*reserves, estimate]
    known = [each for each in wanted if each is not None]
    return "begin" if len(known) == len(wanted) and sum(known) <= min(lefts) else "wait"


def _refuse(token: LocalToken, period: Period, budget: Decimal, spent: Decimal) -> ApiRefusal:
    span, until = _SPANS[period]
    return ApiRefusal(
        402,
        f"The local token {token.name} has spent its budget of {show_cost(budget)}{span} ({show_cost(spent)}).",
        "budget_spent",
        f"{until}To raise it: chit token set {token.name} --budget AMOUNT/{period}",
    )
