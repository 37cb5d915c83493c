"""The balance over time: when it is asked for, and when a person is told that it is low."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from tests.balances import Account, Clock, Keyring, at_work, out_of_money
from tests.upstream import DONE, Exchange, Upstream, give_key, opened, text_chunk, until

from chit import balance as balance_module
from chit.app import open_app
from chit.balance import is_about_money
from chit.core.messages import TextPart
from chit.core.secret import Secret
from chit.errors import ChitError
from chit.notices import BalanceChanged, GenerationEnded, SettlementChanged
from chit.prefs import UserPrefs
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Key
from chit.sandbox.server import Sandbox

HELLO = (TextPart("Hello?"),)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The background neither waits at the start nor between questions."""
    monkeypatch.setattr(balance_module, "HEAD_START_SECONDS", 0)
    monkeypatch.setattr(balance_module, "PAUSE_SECONDS", 0)


# --- the notice ------------------------------------------------------------------------------------------------------


async def test_a_low_balance_is_told_once_in_all_processes(tmp_path: Path) -> None:
    """Once by whoever asks first; again after half of it is gone, and after it recovered and fell anew."""
    clock = Clock()

    async def spend(sandbox: Sandbox, left: str) -> str | None:
        """What two processes, one after the other, are told at that balance."""
        sandbox.account.change({"total_usage": str(25 - Decimal(left))})
        clock.now += 100
        told = []
        for _ in range(2):
            async with at_work(tmp_path, sandbox.base_url, clock=clock) as bench:
                await bench.watch.refresh_if_due()
                told += [notice.text for notice in [await bench.watch.take_notice()] if notice]
        assert len(told) <= 1
        return told[0].partition(" of ")[0] if told else None

    async with Sandbox() as sandbox:
        told = [await spend(sandbox, left) for left in ("10", "9.99", "8", "4.99", "4", "12", "9", "8", "0", "-1")]
    assert told == [
        None,
        "$9.99",
        None,
        "$4.99",
        None,
        None,
        "$9.00",
        None,
        "no account credits are left: OpenRouter refuses what would be charged there",
        None,
    ]


async def test_a_recovery_counts_although_nobody_asked_for_notices(tmp_path: Path) -> None:
    """What a process saw recover while no page was open is news when it falls again."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        for usage, is_told in (("20", True), ("0", None), ("20", True), ("20", False)):
            sandbox.account.change({"total_usage": usage})
            await bench.watch.refresh()
            if is_told is not None:
                assert (await bench.watch.take_notice() is not None) == is_told


async def test_a_key_near_its_limit_is_told_without_a_management_key(tmp_path: Path) -> None:
    """A fresh small limit is no news, its last quarter is, and a new day starts anew."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, None)) as bench:
        told = []
        for left in (5, 1.3, 1, 0.6, 0.5, 5, 1):
            sandbox.account.keys[SANDBOX_KEY] = Key(limit=5, limit_remaining=left, limit_reset="daily")
            await bench.watch.refresh()
            notice = await bench.watch.take_notice()
            told.append(notice.text[:44] if notice else None)
    near = "of this key's daily limit of $5.00"
    assert told == [None, None, f"$1.00 {near} lef", None, f"$0.50 {near} lef", None, f"$1.00 {near} lef"]


async def test_a_budget_counts_as_a_limit(tmp_path: Path) -> None:
    """What blocks first is what is told, with the page where budgets are set."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, None)) as bench:
        budget = {"scope": "workspace", "limit_usd": 20, "remaining_usd": 1.5, "reset_interval": "monthly"}
        sandbox.account.keys[SANDBOX_KEY] = Key(limit=5, budgets=[budget])
        await bench.watch.refresh()
        notice = await bench.watch.take_notice()
    assert notice is not None
    assert notice.text.startswith("$1.50 of the workspace's monthly budget of $20.00 left")


async def test_a_threshold_of_zero_never_tells(tmp_path: Path) -> None:
    """Neither of credits nor of limits."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, low_balance="0") as bench:
        sandbox.account.change({"total_usage": 30, "keys": {SANDBOX_KEY: {"limit": 5, "limit_remaining": 0}}})
        await bench.watch.refresh()
        assert await bench.watch.take_notice() is None


async def test_the_threshold_changes_while_it_runs(tmp_path: Path) -> None:
    """What a person sets holds from the next notice on, and zero silences at once."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        sandbox.account.change({"total_usage": 10})
        await bench.watch.refresh()
        assert await bench.watch.take_notice() is None
        for threshold, is_told in (("20", True), ("0", False)):
            bench.watch.change_threshold(Decimal(threshold))
            assert (await bench.watch.take_notice() is not None) == is_told


async def test_what_is_old_is_no_news(tmp_path: Path) -> None:
    """A balance of hours ago may have been topped up since: nobody is told of it."""
    clock = Clock()
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, clock=clock) as bench:
        sandbox.account.change({"total_usage": 20})
        await bench.watch.refresh()
        clock.now += 3601
        assert await bench.watch.take_notice() is None
        clock.now -= 1
        assert await bench.watch.take_notice() is not None


async def test_signing_in_then_adding_a_management_key(tmp_path: Path) -> None:
    """At first only the key is known; with a management key the balance appears, and its notice."""
    keys = Keyring(SANDBOX_KEY, None)
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, keys) as bench:
        sandbox.account.change({"total_usage": "16.58"})
        first = await bench.watch.refresh_if_due()
        assert (first.state, await bench.watch.take_notice()) == ("key", None)
        keys.management = MANAGEMENT_KEY
        second = await bench.watch.refresh_if_due()
        notice = await bench.watch.take_notice()
        assert [balance.state for balance in bench.told] == ["key", "account"]
    assert second.credits is not None
    assert second.credits.left == Decimal("8.42")
    assert notice is not None
    assert notice.text.startswith("$8.42 of account credits left: below $10")
    assert notice.link == "https://openrouter.ai/settings/credits"


# --- the background --------------------------------------------------------------------------------------------------


async def asked(account: Account, count: int) -> None:
    """Wait until that many questions came in."""
    await until(lambda: len(account.asked) >= count)


@pytest.mark.usefixtures("eager")
async def test_it_asks_at_the_start_and_after_replies_once_a_minute(tmp_path: Path) -> None:
    """A reply within the minute waits for its end; other notices are nothing; when it is over one question follows."""
    account, clock = Account(), Clock()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, clock=clock, runs=True) as bench:
        await until(lambda: len(bench.told) == 1)
        bench.notices.publish(SettlementChanged("gen-1"))
        clock.now += 59.99
        bench.notices.publish(GenerationEnded("m", "gen-1"))
        bench.notices.publish(GenerationEnded("m", "gen-2", ChitError("no")))
        await asyncio.sleep(0)
        assert len(account.asked) == 2
        clock.now += 1
        await until(lambda: len(bench.told) == 2)
        bench.notices.publish(SettlementChanged("gen-1"))
    assert account.asked.count("key") == account.asked.count("credits") == 2


@pytest.mark.usefixtures("eager")
async def test_it_asks_at_once_when_money_ran_out(tmp_path: Path) -> None:
    """A 402 does not wait for the minute."""
    account = Account()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, runs=True) as bench:
        await until(lambda: len(bench.told) == 1)
        bench.notices.publish(GenerationEnded("m", None, out_of_money()))
        await until(lambda: len(bench.told) == 2)
        bench.notices.publish(GenerationEnded("m", "gen-1"))
        await until(lambda: bench.watch._ended.is_set())
        bench.notices.publish(GenerationEnded("m", None, out_of_money()))
        await until(lambda: len(bench.told) == 3)


@pytest.mark.usefixtures("eager")
async def test_a_question_from_before_the_money_ran_out_is_no_answer(tmp_path: Path) -> None:
    """Who asks after a 402 while an earlier question is under way gets a later answer, in one question more."""
    account = Account()
    account.gate.clear()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, runs=True) as bench:
        await asked(account, 2)
        bench.notices.publish(GenerationEnded("m", None, out_of_money()))
        asking = [asyncio.create_task(bench.watch.refresh()) for _ in range(2)]
        await asyncio.sleep(0)
        account.gate.set()
        balances = await asyncio.gather(*asking)
        await until(lambda: not bench.watch._ran_out.is_set())
    assert balances == [bench.told[1]] * 2
    assert (len(bench.told), len(account.asked)) == (2, 4)


@pytest.mark.usefixtures("eager")
async def test_what_another_process_asked_is_not_asked_again(tmp_path: Path) -> None:
    """After a reply, when the minute is over here but not there, its answer is taken over and published."""
    account, clock = Account(), Clock()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, clock=clock, runs=True) as bench:
        await until(lambda: len(bench.told) == 1)
        clock.now += 61
        async with at_work(tmp_path, upstream.base_url, clock=clock) as other:
            theirs = await other.watch.refresh()
        bench.notices.publish(GenerationEnded("m", "gen-1"))
        await until(lambda: len(bench.told) == 2)
        assert bench.watch.balance == theirs
    assert len(account.asked) == 4


async def test_many_failures_for_want_of_money_are_few_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a question the background pauses, however many requests fail meanwhile."""
    monkeypatch.setattr(balance_module, "HEAD_START_SECONDS", 0)
    monkeypatch.setattr(balance_module, "PAUSE_SECONDS", 3600)
    account = Account()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, runs=True) as bench:
        await until(lambda: len(bench.told) == 1)
        for _ in range(20):
            bench.notices.publish(GenerationEnded("m", None, out_of_money()))
            await asyncio.sleep(0.001)
        await until(lambda: len(bench.told) == 2)
    assert len(account.asked) == 4


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (None, False),
        (ChitError("no"), False),
        (out_of_money(429), False),
        (out_of_money(), True),
        (out_of_money(403, "key_limit"), True),
        (out_of_money(403, "budget"), True),
        (out_of_money(200, "credits_exhausted"), True),
        (out_of_money(403, "moderation"), False),
    ],
)
def test_what_is_about_money(error: ChitError | None, is_it: bool) -> None:
    """402, in the status or in the stream, and the limits that answer 403 (trap 3)."""
    assert is_about_money(error) == is_it


# --- in the whole of Chit --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
async def test_a_refusal_for_want_of_credits_is_followed_by_a_question(tmp_path: Path) -> None:
    """From the engine's end of a generation to the published balance, without anyone asking."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, settling=True) as app:
        told: list[BalanceChanged] = []
        app.notices.subscribe(lambda notice: told.append(notice) if isinstance(notice, BalanceChanged) else None)
        await until(lambda: len(told) == 1)
        await (await app.engine.send(HELLO, parameters={"model": "sandbox/error-credits"})).wait()
        await until(lambda: len(told) == 2)
        assert app.balance.balance.state == "key"


async def test_the_management_key_reaches_the_balance(tmp_path: Path) -> None:
    """`open_app` takes the way to it, and the threshold from the preferences."""

    async def find() -> Secret:
        return Secret(MANAGEMENT_KEY)

    async with Sandbox() as sandbox:
        prefs = UserPrefs(home=tmp_path, base_url=sandbox.base_url, low_balance=Decimal(30))
        async with open_app(prefs, key=give_key, management_key=find, settling=False) as app:
            assert (await app.balance.refresh()).state == "account"
            assert await app.balance.take_notice() is not None


@pytest.mark.usefixtures("eager")
async def test_a_balance_that_hangs_holds_up_nothing(tmp_path: Path) -> None:
    """While OpenRouter never answers about the balance, a question is answered, and the end is clean."""
    balance_asked = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            balance_asked.set()
            await exchange.gone()
            return
        await exchange.open_stream()
        await exchange.chunk(text_chunk("Hi", finish="stop"))
        await exchange.chunk(DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path, settling=True) as app:
        async with asyncio.timeout(20):
            await balance_asked.wait()
            message = await (await app.engine.send(HELLO, parameters={"model": "a/b"})).wait()
    assert message.text == "Hi"


async def test_without_settling_no_balance_is_asked_for(tmp_path: Path) -> None:
    """A caller who does everything on demand is left to it."""
    account = Account()
    async with Upstream(account) as upstream, opened(upstream.base_url, tmp_path) as app:
        app.notices.publish(GenerationEnded("m", None, out_of_money()))
        await app.balance.load()
    assert account.asked == []
