"""The balance: what is kept of it, for whom, and what is asked only once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.balances import LOCKED, NOWHERE, Account, Clock, Keyring, MoodyStore, at_work
from tests.canaries import find_leaks
from tests.upstream import Upstream, until

from chit.core.secret import Secret
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.store.home import Home
from chit.vault.fingerprint import KEY_MARKS, fingerprint


async def test_offline_keeps_what_is_known_with_its_age(tmp_path: Path) -> None:
    """A failure changes neither amounts nor their time; it says why, also to the next process."""
    account, clock = Account(), Clock()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url, clock=clock) as bench:
        before = await bench.watch.refresh()
        account.key = account.credits = (500, {"error": {"message": "Internal Server Error", "code": 500}})
        clock.now += 100
        after = await bench.watch.refresh()
        async with at_work(tmp_path, upstream.base_url, clock=clock) as other:
            assert await other.watch.load() == after
    assert (after.credits, after.key) == (before.credits, before.key)
    assert (after.asked_at, after.tried_at) == (1_000_000.0, 1_000_100.0)
    assert after.credits_problem is not None
    assert bench.watch.trouble is not None


async def test_what_one_process_knows_the_next_one_knows(tmp_path: Path) -> None:
    """Within a minute nobody asks again, whichever process did; after it, or with a clock set back, somebody does."""
    account, clock = Account(), Clock()
    async with Upstream(account) as upstream:
        async with at_work(tmp_path, upstream.base_url, clock=clock) as first:
            await first.watch.refresh_if_due()
        async with at_work(tmp_path, upstream.base_url, clock=clock) as second:
            clock.now += 59
            balance = await second.watch.refresh_if_due()
            assert (balance.state, account.asked) == ("account", ["key", "credits"])
            assert second.told == [balance]
            clock.now += 1
            await second.watch.refresh_if_due()
            assert len(account.asked) == 4
            clock.now -= 1000
            await second.watch.refresh_if_due()
            assert len(account.asked) == 6


async def test_a_failure_counts_as_asked(tmp_path: Path) -> None:
    """A key that is refused is not tried with every command."""
    account = Account()
    account.key = account.credits = (401, {"error": {"message": "User not found.", "code": 401}})
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        await bench.watch.refresh_if_due()
        await bench.watch.refresh_if_due()
    assert len(account.asked) == 2


async def test_questions_at_the_same_time_are_one(tmp_path: Path) -> None:
    """Whoever asks while somebody else does gets that answer."""
    account = Account()
    account.gate.clear()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        asking = [asyncio.create_task(bench.watch.refresh()) for _ in range(3)]
        await until(lambda: len(account.asked) == 2)
        account.gate.set()
        first, *others = await asyncio.gather(*asking)
    assert others == [first, first]
    assert len(account.asked) == 2


async def test_a_question_that_is_given_up_is_asked_by_the_next(tmp_path: Path) -> None:
    """Cancelling one leaves nothing behind that blocks or lies."""
    account = Account()
    account.gate.clear()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        given_up = asyncio.create_task(bench.watch.refresh())
        await until(lambda: len(account.asked) == 2)
        waiting = asyncio.create_task(bench.watch.refresh())
        given_up.cancel()
        account.gate.set()
        assert (await waiting).state == "account"
    assert given_up.cancelled()


async def test_another_key_does_not_show_the_balance_of_the_first(tmp_path: Path) -> None:
    """Not in the same process, not in the next, and the first finds its own again."""
    keys = Keyring(SANDBOX_KEY, MANAGEMENT_KEY)
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, keys) as bench:
        known = await bench.watch.refresh()
        for other in (Keyring("sk-or-v1-other", MANAGEMENT_KEY), Keyring(SANDBOX_KEY, None), Keyring(None, None)):
            keys.inference, keys.management = other.inference, other.management
            assert (await bench.watch.load()).state == "unknown"
            assert await bench.watch.take_notice() is None
        keys.inference, keys.management = SANDBOX_KEY, MANAGEMENT_KEY
        assert await bench.watch.load() == known
        async with at_work(tmp_path, NOWHERE) as elsewhere:
            assert (await elsewhere.watch.load()).state == "unknown"


async def test_a_vault_that_locks_does_not_make_forget(tmp_path: Path) -> None:
    """A page that stays open shows what it knew, and why it is old; a key that was deleted takes it along."""
    keys = Keyring(SANDBOX_KEY, MANAGEMENT_KEY)
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, keys) as bench:
        known = await bench.watch.refresh()
        keys.inference = keys.management = LOCKED
        after = await bench.watch.refresh()
        assert (after.credits, after.key) == (known.credits, known.key)
        assert after.key_problem is not None
        assert after.key_problem.kind == "locked"
        keys.inference = keys.management = None
        assert (await bench.watch.refresh()).state == "unknown"
        assert bench.watch.trouble is not None


def marks(**keys: str) -> str:
    """The setting that says which keys Chit last used."""
    return json.dumps({"vault_id": "v", "fingerprints": {name: fingerprint(Secret(key)) for name, key in keys.items()}})


@pytest.mark.parametrize("inference", [SANDBOX_KEY, LOCKED])
async def test_a_locked_vault_does_not_make_the_next_process_forget(tmp_path: Path, inference: Any) -> None:
    """By the marks that are kept of the keys, the balance is found with its age and reason, and told no second time."""
    clock = Clock()
    async with Sandbox() as sandbox:
        sandbox.account.change({"total_usage": 20})
        async with at_work(tmp_path, sandbox.base_url, clock=clock) as bench:
            await bench.store.record_setting(KEY_MARKS, marks(inference=SANDBOX_KEY, management=MANAGEMENT_KEY))
            known = await bench.watch.refresh()
            assert await bench.watch.take_notice() is not None
        clock.now += 100
        async with at_work(tmp_path, sandbox.base_url, Keyring(inference, LOCKED), clock) as bench:
            after = await bench.watch.refresh()
            assert await bench.watch.take_notice() is None
    assert (after.state, after.credits, after.tried_at) == ("account", known.credits, clock.now)
    assert after.credits_problem is not None
    assert after.credits_problem.kind == "locked"


async def test_a_locked_key_that_is_not_the_one_that_was_asked_with(tmp_path: Path) -> None:
    """Where the marks speak of another management key, what the first one knew is not shown."""
    async with Sandbox() as sandbox:
        async with at_work(tmp_path, sandbox.base_url) as bench:
            await bench.watch.refresh()
            await bench.store.record_setting(KEY_MARKS, marks(management="sk-or-v1-another00000000"))
        async with at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, LOCKED)) as bench:
            assert (await bench.watch.load()).state == "unknown"


async def test_marks_that_cannot_be_read_leave_those_of_this_process(tmp_path: Path) -> None:
    """A store that fails while the vault is locked costs nothing that is known here."""
    store, keys = MoodyStore(Home(tmp_path)), Keyring(SANDBOX_KEY, MANAGEMENT_KEY)
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, keys, store=store) as bench:
        known = await bench.watch.refresh()
        store.fails, keys.management = True, LOCKED
        assert await bench.watch.load() == known


async def test_nothing_of_a_key_is_kept(tmp_path: Path) -> None:
    """Neither the database nor its log holds a key or the label that shows a piece of one."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        sandbox.account.change({"total_usage": 20})
        await bench.watch.refresh()
        await bench.watch.take_notice()
        assert list(find_leaks(tmp_path)) == []
        name = bench.watch._bound_to
        kept = [await bench.store.find_setting(f"{what} {name}") for what in ("balance", "balance_told")]
    assert None not in kept
    assert not [word for word in ("c0f...e00", "e00", "label") if word in f"{name}{kept}"]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"credits": 7, "key": true, "tried_at": "x"}'])
async def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    """Whatever stands in the settings, the balance is asked for anew."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        await bench.watch.refresh()
        name = f"balance {bench.watch._bound_to}"
        await bench.store.record_setting(name, text)
        async with at_work(tmp_path, sandbox.base_url) as other:
            assert (await other.watch.load()).state == "unknown"
            assert (await other.watch.refresh_if_due()).state == "account"


async def test_a_store_that_fails_costs_only_the_memory(tmp_path: Path) -> None:
    """The balance is known here all the same; nobody is told what could not be remembered as told."""
    store = MoodyStore(Home(tmp_path))
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, store=store) as bench:
        sandbox.account.change({"total_usage": 20})
        store.fails = True
        assert (await bench.watch.refresh()).state == "account"
        assert await bench.watch.take_notice() is None
        store.fails = False
        assert await bench.watch.take_notice() is not None
