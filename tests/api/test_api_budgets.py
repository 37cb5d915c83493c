"""Budgets hold exactly, however many calls come at once (attack case 43)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.contract_tokens import NOON, a_token, call

from chit.api.budgets import PATIENCE, Budgets
from chit.api.crowd import Crowd
from chit.api.refusal import ApiRefusal
from chit.core.generation import Settlement
from chit.core.local_token import LocalToken, Spent, Terms, TokenSpending
from chit.core.usage import sum_costs
from chit.store.sqlite import SqliteStore, open_store

NOBODY = Decimal(0)


class Bank:
    """Calls of one token that take a moment, over a real store."""

    def __init__(self, store: SqliteStore, budgets: Budgets, moment: list[float]) -> None:
        self.store = store
        self.budgets = budgets
        self.moment = moment
        """Unix seconds, and seconds that only grow."""
        self.token = a_token()
        self.begun: list[Decimal | None] = []
        self.most = 0
        """How many ran at once."""
        self.running = 0

    async def change(self, terms: Terms) -> None:
        """What the token may do."""
        await self.store.change_terms("editor", lambda _: terms)
        self.token = replace(self.token, terms=terms)

    async def spend(self, cost: str | None, estimate: str | None = None, **members: Any) -> int | None:
        """One call; the status with which it was refused, or None."""
        bound = None if estimate is None else Decimal(estimate)
        try:
            async with self.budgets.enter(self.token, bound):
                self.begun.append(None if cost is None else Decimal(cost))
                self.running += 1
                self.most = max(self.most, self.running)
                await call(self.store, cost, at=self.moment[0], **members)
                self.running -= 1
        except ApiRefusal as refusal:
            return refusal.status
        return None

    async def spend_all(self, calls: int, cost: str, estimate: str | None = None) -> list[int | None]:
        """So many at once."""
        return list(await asyncio.gather(*(self.spend(cost, estimate) for _ in range(calls))))

    async def look(self) -> TokenSpending:
        """What was spent."""
        found = await self.store.find_token_spending(self.token.hash, now=self.moment[0])
        assert found is not None
        return found


@asynccontextmanager
async def open_bank(folder: Path, terms: Terms, **limits: int) -> AsyncIterator[Bank]:
    """With a token of these terms."""
    store = open_store(folder / "home")
    moment = [NOON]
    budgets = Budgets(store, crowd=Crowd(**limits), clock=lambda: moment[0], monotonic=lambda: moment[0])
    bank = Bank(store, budgets, moment)
    bank.token = replace(bank.token, terms=terms)
    await store.record_token(bank.token)
    yield bank
    await store.close()


@pytest.mark.parametrize(("budget", "cost", "begin"), [("1", "0.3", 4), ("1", "0.25", 4), ("0.5", "0.01", 50)])
async def test_case_43_a_program_drains_no_more_than_its_budget(
    tmp_path: Path, budget: str, cost: str, begin: int
) -> None:
    """Of 200 parallel calls of unknown price exactly as many begin as are needed to spend it; the others get 402."""
    async with open_bank(tmp_path, Terms(day=Decimal(budget))) as bank:
        outcomes = await bank.spend_all(200, cost)
        assert outcomes.count(402) == 200 - begin
        assert len(bank.begun) == begin
        assert bank.most == 1
        assert (await bank.look()).day == Spent(cost=Decimal(cost) * begin, calls=begin)
        assert await bank.spend(cost) == 402


async def test_known_bounds_run_beside_each_other_and_never_beyond(tmp_path: Path) -> None:
    """Where each call's price is bounded, many run at once, and not a pico-dollar more than the budget is spent."""
    async with open_bank(tmp_path, Terms(total=Decimal("0.5"))) as bank:
        outcomes = await bank.spend_all(200, "0.01", "0.01")
        assert (outcomes.count(None), outcomes.count(402)) == (50, 150)
        assert bank.most > 10
        assert (await bank.look()).total.cost == Decimal("0.5")


async def test_bounds_that_are_not_reached_leave_room(tmp_path: Path) -> None:
    """What a call did not spend of its reserve is there for the next: the whole budget can be used."""
    async with open_bank(tmp_path, Terms(month=Decimal("0.5"))) as bank:
        outcomes = await bank.spend_all(200, "0.01", "0.2")
        assert outcomes.count(None) == 50
        assert 1 < bank.most <= 2
        assert (await bank.look()).month.cost == Decimal("0.5")


async def test_only_the_last_call_exceeds(tmp_path: Path) -> None:
    """A bound that does not fit begins alone, since it may not be reached; if it is, by that call's own remainder."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        assert await bank.spend("0.9", "0.9") is None
        assert await bank.spend_all(20, "0.4", "0.4") == [None, *[402] * 19]
        assert (await bank.look()).day.cost == Decimal("1.3")


async def test_a_token_without_a_budget_is_not_held_up(tmp_path: Path) -> None:
    """Its calls run at once, and the ledger is not asked."""
    async with open_bank(tmp_path, Terms()) as bank:
        assert await bank.spend_all(50, "9") == [None] * 50
        assert bank.most > 10


async def test_each_token_has_its_own(tmp_path: Path) -> None:
    """One that waits or is spent keeps no other from calling."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        other = a_token("agent", terms=Terms(day=Decimal(1)))
        await bank.store.record_token(other)
        async with bank.budgets.enter(bank.token, None):
            waiting = asyncio.ensure_future(bank.spend("1"))
            async with bank.budgets.enter(other, None):
                assert not waiting.done()
        assert await waiting is None


@pytest.mark.parametrize(
    ("terms", "message", "hint"),
    [
        (Terms(day=Decimal(1)), "$1.00 a day ($2.00)", "It has more from midnight on."),
        (Terms(month=Decimal(2)), "$2.00 a month ($2.00)", "from the first of the month on."),
        (Terms(total=Decimal("0.5")), "$0.50 ($2.00)", "To raise it: chit token set editor --budget AMOUNT/total"),
    ],
)
async def test_it_says_what_is_spent_and_how_to_go_on(tmp_path: Path, terms: Terms, message: str, hint: str) -> None:
    """402, which budget, how much of it, when there is more, and the command that raises it."""
    async with open_bank(tmp_path, Terms()) as bank:
        await bank.spend("2")
        await bank.change(terms)
        with pytest.raises(ApiRefusal) as caught:
            async with bank.budgets.enter(bank.token, NOBODY):
                pass
        assert (caught.value.status, caught.value.code, caught.value.headers) == (402, "budget_spent", {})
        assert message in caught.value.message
        assert hint in caught.value.hint


async def test_a_new_day_and_month_bring_more(tmp_path: Path) -> None:
    """By the clock of the place where one is; what was spent in all stays spent."""
    async with open_bank(tmp_path, Terms(day=Decimal(1), month=Decimal(2), total=Decimal(3))) as bank:
        bank.moment[0] = datetime(2026, 3, 30, 23, 59, 59).timestamp()
        assert [await bank.spend("1"), await bank.spend("1")] == [None, 402]
        bank.moment[0] = datetime(2026, 3, 31).timestamp()
        assert [await bank.spend("1"), await bank.spend("1")] == [None, 402]
        bank.moment[0] = datetime(2026, 3, 31, 12).timestamp()
        assert await bank.spend("1") == 402
        bank.moment[0] = datetime(2026, 4, 1).timestamp()
        assert [await bank.spend("1"), await bank.spend("1")] == [None, 402]
        bank.moment[0] = datetime(2027, 1, 1).timestamp()
        assert await bank.spend("1") == 402


async def test_a_settlement_changes_what_is_left(tmp_path: Path) -> None:
    """Reported cost counts until it settles: less gives room back, more takes it."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        assert [await bank.spend("1", id="gen-1"), await bank.spend("1")] == [None, 402]
        await settle(bank, "gen-1", "0.25")
        assert [await bank.spend("0.5", id="gen-2"), await bank.spend("0.1", id="gen-3")] == [None, None]
        await settle(bank, "gen-3", "0.3")
        assert await bank.spend("0.1") == 402


async def settle(bank: Bank, id: str, cost: str) -> None:
    """OpenRouter's record has come."""
    record = {"id": id, "total_cost": cost}
    await bank.store.record_settlement(Settlement(generation_id=id, state="settled", record=record))


async def test_another_process_is_seen_once_it_is_in_the_ledger(tmp_path: Path) -> None:
    """What it settles, spends or changes counts at the next call."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        script = (
            "import asyncio, pathlib, sys\n"
            "from chit.store.sqlite import open_store\n"
            "from tests.store.contract_tokens import call\n"
            "async def main():\n"
            "    store = open_store(pathlib.Path(sys.argv[1]))\n"
            "    await asyncio.gather(*(call(store, '0.01') for _ in range(100)))\n"
            "    await store.close()\n"
            "asyncio.run(main())\n"
        )
        assert await bank.spend("0.005") is None
        command = [sys.executable, "-c", script, str(tmp_path / "home")]
        process = await asyncio.to_thread(subprocess.run, command, check=False, cwd=Path(__file__).parents[2])
        assert process.returncode == 0
        assert await bank.spend("0.01") == 402
        assert (await bank.look()).day == Spent(cost=Decimal("1.005"), calls=101)


async def test_who_is_revoked_while_waiting_is_told(tmp_path: Path) -> None:
    """401, and nothing is sent."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        async with bank.budgets.enter(bank.token, None):
            waiting = [asyncio.ensure_future(bank.spend("1")) for _ in range(3)]
            await asyncio.sleep(0)
            await bank.store.revoke_token("editor", now=7.0)
        assert await asyncio.gather(*waiting) == [401] * 3
        bank.token = a_token("nobody", terms=bank.token.terms)
        assert await bank.spend("1") == 401
        assert bank.begun == []


async def test_terms_that_change_count_at_once(tmp_path: Path) -> None:
    """A budget that was raised, or lifted, while a call waits lets it begin."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        async with bank.budgets.enter(bank.token, Decimal("0.9")):
            waiting = asyncio.ensure_future(bank.spend("0.5", "0.5"))
            await asyncio.sleep(0)
            assert not waiting.done()
            await bank.store.change_terms("editor", lambda _: Terms())
            later = asyncio.ensure_future(bank.spend("0.5", "0.5"))
            async with asyncio.timeout(10):
                async with bank.budgets.enter(a_token("x"), None):
                    pass
        assert [await waiting, await later] == [None, None]


async def test_a_full_queue_is_told_at_once(tmp_path: Path) -> None:
    """Those that wait for money take places as those that wait for room do: 503, and when to come again."""
    async with open_bank(tmp_path, Terms(day=Decimal(1)), running=10, waiting=3) as bank:
        async with bank.budgets.enter(bank.token, None):
            waiting = [asyncio.ensure_future(bank.spend("0.1")) for _ in range(5)]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=10)
            assert [each.result() for each in done] == [503] * len(done)
        outcomes = await asyncio.gather(*waiting)
        assert (outcomes.count(503), outcomes.count(None)) == (2, 3)
        assert await bank.spend("0.1") is None


async def test_who_leaves_while_waiting_leaves_nothing(tmp_path: Path) -> None:
    """Neither a place, nor a reserve, nor its turn: the next one begins."""
    async with open_bank(tmp_path, Terms(day=Decimal(1)), running=1, waiting=2) as bank:
        async with bank.budgets.enter(bank.token, Decimal("0.4")):
            room = asyncio.ensure_future(bank.spend("0.4", "0.4"))  # has its reserve, and waits for room
            money = asyncio.ensure_future(bank.spend("0.4", "0.4"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for waiting in (money, room):
                waiting.cancel()
            await asyncio.wait([money, room])
            assert (money.cancelled(), room.cancelled()) == (True, True)
            last = asyncio.ensure_future(bank.spend("0.6", "0.6"))
        assert await last is None
        assert bank.begun == [Decimal("0.6")]


async def test_room_is_limited_over_all_tokens(tmp_path: Path) -> None:
    """So many run at once, whoever they are of."""
    async with open_bank(tmp_path, Terms(), running=3) as bank:
        assert await bank.spend_all(30, "1") == [None] * 30
        assert bank.most == 3


async def test_a_call_that_fails_gives_its_reserve_back(tmp_path: Path) -> None:
    """Whatever it raises comes out."""
    async with open_bank(tmp_path, Terms(day=Decimal(1)), running=1) as bank:
        for _ in range(3):
            with pytest.raises(RuntimeError):
                async with bank.budgets.enter(bank.token, Decimal(1)):
                    raise RuntimeError
        assert await bank.spend("1", "1") is None


class Aftermath:
    """Replies that broke off: what they cost is known only when it settles."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    async def break_off(self, id: str, estimate: str | None) -> None:
        """One that ends so."""
        assert await self._bank.spend(None, estimate, id=id, state="stopped") is None

    async def try_one(self, estimate: str | None) -> "asyncio.Future[int | None]":
        """Another one, which has had every chance to begin."""
        trying = asyncio.ensure_future(self._bank.spend("0.1", estimate))
        for _ in range(5):
            await asyncio.sleep(0)
        return trying


@pytest.mark.parametrize(("estimate", "mine"), [("0.8", "0.5"), ("0.8", None), (None, "0.1")])
async def test_a_reply_that_broke_off_is_waited_for(tmp_path: Path, estimate: str | None, mine: str | None) -> None:
    """Its reserve stays until its cost is known, so that nobody drains a budget by breaking off."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        after = Aftermath(bank)
        await after.break_off("gen-1", estimate)
        waiting = await after.try_one(mine)
        assert len(bank.begun) == 1
        await settle(bank, "gen-1", "0.9")
        assert await waiting is None
        assert await bank.spend("0.1") == 402


async def test_bounded_replies_that_broke_off_hold_nobody_up(tmp_path: Path) -> None:
    """What fits beside their reserves begins at once."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        after = Aftermath(bank)
        for number in range(3):
            await after.break_off(f"gen-{number}", "0.2")
        assert await bank.spend("0.1", "0.4") is None


async def test_a_record_that_does_not_come_shuts_nobody_out(tmp_path: Path) -> None:
    """After a while a call of unknown cost counts nothing; others that break off later are waited for again."""
    async with open_bank(tmp_path, Terms(day=Decimal(1))) as bank:
        after = Aftermath(bank)
        await after.break_off("gen-1", None)
        waiting = await after.try_one(None)
        assert not waiting.done()
        bank.moment[0] += PATIENCE
        assert await waiting is None
        assert await bank.spend("0.1") is None
        await after.break_off("gen-2", None)
        waiting = await after.try_one(None)
        assert len(bank.begun) == 4
        await settle(bank, "gen-2", "0.1")
        assert await waiting is None
        assert (await bank.look()).total.awaited == 1


class Ledger:
    """A store that holds nothing but what a token spent."""

    def __init__(self, token: LocalToken) -> None:
        self._token = token
        self.costs: list[Decimal] = []

    async def find_token_spending(self, digest: str, *, now: float) -> TokenSpending:
        """At any time. Another task may run meanwhile."""
        spent = Spent(cost=sum_costs(self.costs), calls=len(self.costs))
        await asyncio.sleep(0)
        return TokenSpending(token=self._token, day=Spent(), month=Spent(), total=spent)


CENTS = st.integers(0, 40).map(lambda cents: Decimal(cents) / 100)


@given(
    budget=CENTS,
    calls=st.lists(st.tuples(CENTS, st.none() | CENTS, st.integers(0, 6), st.integers(0, 3)), max_size=25),
    running=st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_no_call_begins_on_a_spent_budget(
    budget: Decimal, calls: list[tuple[Decimal, Decimal | None, int, int]], running: int
) -> None:
    """Whatever calls cost, reserve and take, whenever they come or leave; bounds that hold are never exceeded by more
    than one call.
    """
    token = a_token(terms=Terms(total=budget))
    store: Any = Ledger(token)

    async def run() -> list[int | None]:
        budgets = Budgets(store, crowd=Crowd(running=running, waiting=30), clock=lambda: NOON)

        async def one(cost: Decimal, extra: Decimal | None, ticks: int, _: int) -> int | None:
            try:
                async with budgets.enter(token, None if extra is None else cost + extra):
                    assert sum_costs(store.costs) < budget
                    for _ in range(ticks):
                        await asyncio.sleep(0)
                    store.costs.append(cost)
            except ApiRefusal as refusal:
                return refusal.status
            return None

        tasks = []
        for each in calls:
            tasks.append(asyncio.ensure_future(one(*each)))
            for _ in range(each[3]):
                await asyncio.sleep(0)
        async with asyncio.timeout(20):
            return await asyncio.gather(*tasks)

    outcomes = asyncio.run(run())
    spent = sum_costs(store.costs)
    assert outcomes.count(None) == len(store.costs)
    assert set(outcomes) <= {None, 402}
    assert spent - (store.costs[-1] if store.costs else 0) < budget or not store.costs
    assert (402 in outcomes) <= (spent >= budget)
