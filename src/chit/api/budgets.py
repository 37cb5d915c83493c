"""Budgets of local tokens, exact however many calls come at once.

A call reserves the most it can cost, where that can be known, and begins while that still fits beside what was spent
and what is reserved. One that does not fit, or whose bound is unknown, begins once nothing else of its token is under
way. So no call begins when a budget is spent, and only the last one can exceed it, by its own remainder.

A reply that broke off has no cost before it settles, a few seconds later. Until then it counts as if it still ran, but
for `PATIENCE` seconds at most: a record that does not come shuts nobody out.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from shlex import quote

from chit.api.crowd import Crowd, Place
from chit.api.refusal import ApiRefusal
from chit.core.local_token import LocalToken, Period, TokenSpending
from chit.core.usage import show_cost
from chit.store.protocol import Store

_SPANS: dict[Period, tuple[str, str]] = {
    "day": (" a day", "It has more from midnight on. "),
    "month": (" a month", "It has more from the first of the month on. "),
    "total": ("", ""),
}


PATIENCE = 10.0
_MOST = 256
"""Calls that are remembered so."""
_LOOK = 0.25
"""Seconds between two looks at what settles."""


class _Account:
    """The calls of one token that are under way, and those that wait."""

    def __init__(self) -> None:
        self.reserves: dict[object, Decimal | None] = {}
        """The most that each running call can cost; None is unknown."""
        self.turn = asyncio.Lock()
        """Held by the one that waits first; who came later does not overtake it."""
        self.ended = asyncio.Event()
        self._gone: deque[tuple[float, Decimal | None]] = deque(maxlen=_MOST)
        """When calls ended whose cost may not be known yet, and the most of each."""
        self._given_up = 0
        """Calls that wait to be settled and are waited for no longer."""

    def end(self, call: object, now: float | None) -> None:
        """It is no longer under way; `now` is None if it never began."""
        cost = self.reserves.pop(call)
        if now is not None:
            self._gone.append((now, cost))
        self.ended.set()

    def list_unsettled(self, awaited: int, now: float) -> list[Decimal | None]:
        """The most that those can cost that have just ended; `awaited` calls of the token wait to be settled."""
        while self._gone and (not awaited or now - self._gone[0][0] >= PATIENCE):
            self._gone.popleft()
        self._given_up = min(self._given_up, awaited) if self._gone else awaited
        costs = [cost for _, cost in self._gone]
        known = sorted((cost for cost in costs if cost is not None), reverse=True)
        dearest = [None] * (len(costs) - len(known)) + known
        return dearest[: awaited - self._given_up]


class Budgets:
    """Of all tokens. One process serves them: what others spend is seen once it is in the ledger."""

    def __init__(
        self,
        store: Store,
        *,
        crowd: Crowd | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives unix seconds, `monotonic` seconds that only grow."""
        self._store = store
        self._crowd = crowd or Crowd()
        self._clock = clock
        self._monotonic = monotonic
        self._accounts: dict[str, _Account] = {}

    @asynccontextmanager
    async def enter(self, token: LocalToken, estimate: Decimal | None) -> AsyncIterator[None]:
        """Around a call that costs, from before it is sent until what it cost is in the ledger.

        `estimate` is an upper bound of that, US dollars; None is unknown. It may wait for other calls; cancelled then,
        it leaves nothing behind. Raises `ApiRefusal`: 402 once the budget is spent, 503 when too many wait, 401 if the
        token was revoked meanwhile.
        """
        account, place, call = self._accounts.setdefault(token.hash, _Account()), Place(self._crowd), object()
        try:
            await self._reserve(account, place, call, token, estimate)
            ended = None
            try:
                await self._crowd.begin(place)
                place.leave()
                try:
                    yield
                finally:
                    self._crowd.end()
                    ended = self._monotonic()
            finally:
                account.end(call, ended)
        finally:
            place.leave()

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
                running = list(account.reserves.values())  # before the ledger: who ends meanwhile counts twice, not 0
                spending = await self._store.find_token_spending(token.hash, now=self._clock())
                least = _find_left(token, spending)
                awaited = 0 if spending is None else spending.total.awaited
                unsettled = account.list_unsettled(awaited, self._monotonic())
                if least is None or _fits([*running, *unsettled], estimate, least):
                    account.reserves[call] = estimate
                    return
                place.take()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK if unsettled else None):
                        await account.ended.wait()


def _find_left(token: LocalToken, spending: TokenSpending | None) -> Decimal | None:
    """What may still be spent by the terms as they are now; None without any limit. Raises `ApiRefusal`."""
    if spending is None or spending.token.revoked_at is not None:
        raise ApiRefusal(401, f"The local token {token.name} was revoked meanwhile.", "invalid_api_key")
    least = None
    for period, budget in spending.token.terms.budgets():
        spent = getattr(spending, period).cost
        if spent >= budget:
            raise _refuse(spending.token, period, budget, spent)
        least = budget - spent if least is None else min(least, budget - spent)
    return least


def _fits(reserves: Sequence[Decimal | None], estimate: Decimal | None, left: Decimal) -> bool:
    """Whether one more may begin beside these."""
    known = [cost for cost in (*reserves, estimate) if cost is not None]
    return not reserves or (len(known) == len(reserves) + 1 and sum(known) <= left)


def _refuse(token: LocalToken, period: Period, budget: Decimal, spent: Decimal) -> ApiRefusal:
    span, until = _SPANS[period]
    return ApiRefusal(
        402,
        f"The local token {token.name} has spent its budget of {show_cost(budget)}{span} ({show_cost(spent)}).",
        "budget_spent",
        f"{until}To raise it: chit token set {quote(token.name)} --budget AMOUNT/{period}",
    )
