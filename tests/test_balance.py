"""The balance: what is asked with which key, and what the answers mean."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.balances import LOCKED, NOWHERE, Account, Keyring, at_work
from tests.upstream import Upstream

from chit.core.balance_answers import AMBIGUOUS, NO_MANAGEMENT_KEY, NOT_MANAGEMENT, UNREADABLE
from chit.errors import KeyNotFound, KeyUnavailable
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Key
from chit.sandbox.server import Sandbox

# --- the three states ------------------------------------------------------------------------------------------------


async def test_a_key_without_a_limit_and_no_management_key(tmp_path: Path) -> None:
    """What most people have: the key's usage, no limit, and no word about credits, least of all zero."""
    async with (
        Sandbox() as sandbox,
        at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, None)) as bench,
    ):
        balance = await bench.watch.refresh()
    assert (balance.state, balance.credits, balance.credits_problem) == ("key", None, NO_MANAGEMENT_KEY)
    assert balance.key is not None
    assert (balance.key.has_limit, balance.key.tightest) == (False, None)
    assert (balance.key_problem, bench.watch.trouble) == (None, None)


async def test_both_keys_give_both(tmp_path: Path) -> None:
    """Credits of the account beside what the key may still spend."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        sandbox.account.change({"total_usage": "26.5", "keys": {SANDBOX_KEY: {"limit": 5, "usage": "1.25"}}})
        balance = await bench.watch.refresh()
    assert balance.state == "account"
    assert balance.credits is not None
    assert balance.credits.left == Decimal("-1.5")
    assert balance.key is not None
    assert balance.key.left == Decimal("3.75")
    assert (balance.credits_problem, balance.key_problem) == (None, None)


@pytest.mark.parametrize("missing", [None, KeyNotFound("it is for another address")])
async def test_a_management_key_alone_gives_credits(tmp_path: Path, missing: KeyUnavailable | None) -> None:
    """Without a key for inference the account is known, and why the key is not."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, Keyring(missing, MANAGEMENT_KEY)) as bench:
        balance = await bench.watch.refresh()
    assert (balance.state, balance.key) == ("account", None)
    assert balance.key_problem is not None
    assert balance.key_problem.kind == "missing"


async def test_an_inference_key_that_is_a_management_key_can_ask(tmp_path: Path) -> None:
    """Where the key says so of itself, credits are asked with it."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, Keyring(MANAGEMENT_KEY, None)) as bench:
        balance = await bench.watch.refresh()
    assert (balance.state, balance.credits_problem) == ("account", None)


@pytest.mark.parametrize("answer", ["forbidden", "zeros"])
async def test_an_ordinary_key_stored_as_management_is_told(tmp_path: Path, answer: Any) -> None:
    """Neither 403 nor two zeros are a balance; what an earlier key of that name knew is not shown either."""
    async with (
        Sandbox() as sandbox,
        at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, "sk-or-v1-ordinary")) as bench,
    ):
        sandbox.account.credits_for_ordinary_keys = answer
        balance = await bench.watch.refresh()
        assert await bench.watch.take_notice() is None
    assert (balance.state, balance.credits, balance.credits_problem) == ("key", None, NOT_MANAGEMENT)


async def test_a_key_that_turns_ordinary_loses_its_credits(tmp_path: Path) -> None:
    """What was known with it is dropped once OpenRouter says what it is."""
    account = Account()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        assert (await bench.watch.refresh()).state == "account"
        account.kinds[MANAGEMENT_KEY] = False
        account.credits = (403, {"error": {"message": "Only management keys can perform this operation"}})
        assert (await bench.watch.refresh()).credits is None


async def test_a_new_account_has_a_true_zero(tmp_path: Path) -> None:
    """Two zeros from a management key are the balance, and low."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url) as bench:
        sandbox.account.change({"total_credits": 0})
        balance = await bench.watch.refresh()
        notice = await bench.watch.take_notice()
    assert balance.credits is not None
    assert balance.credits.left == 0
    assert notice is not None
    assert notice.text.startswith("no account credits are left:")


@pytest.mark.parametrize("kind", [None, "yes"])
async def test_zeros_from_a_key_of_unknown_kind_are_unknown(tmp_path: Path, kind: Any) -> None:
    """An old deployment may not say what the key is: then nothing is made up."""
    account = Account()
    account.kinds[MANAGEMENT_KEY] = kind
    account.credits = (200, {"data": {"total_credits": 0, "total_usage": 0}})
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        balance = await bench.watch.refresh()
    assert (balance.state, balance.credits_problem) == ("key", AMBIGUOUS)


async def test_zeros_and_then_silence_are_unknown(tmp_path: Path) -> None:
    """Where the kind of the key cannot be asked for, two zeros stay two zeros."""
    account = Account()
    account.key = (500, {"error": {"message": "no"}})
    account.credits = (200, {"data": {"total_credits": 0, "total_usage": 0}})
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        balance = await bench.watch.refresh()
    assert (balance.state, balance.credits_problem) == ("unknown", AMBIGUOUS)


async def test_a_management_key_that_is_forbidden_for_now_is_no_ordinary_one(tmp_path: Path) -> None:
    """A 403 at the edge keeps what is known and says what OpenRouter said."""
    account = Account()
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        before = await bench.watch.refresh()
        account.credits = (403, {"error": {"message": "Not from your country"}})
        after = await bench.watch.refresh()
    assert after.credits == before.credits
    assert after.credits_problem is not None
    assert after.credits_problem.kind == "failed"


@pytest.mark.parametrize("inference", [LOCKED, SANDBOX_KEY])
async def test_a_locked_vault_is_told(tmp_path: Path, inference: Any) -> None:
    """It may hold the management key, so "there is none" would be a lie."""
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, Keyring(inference, LOCKED)) as bench:
        balance = await bench.watch.refresh()
    assert balance.state == ("unknown" if inference is LOCKED else "key")
    assert balance.credits_problem is not None
    assert (balance.credits_problem.kind, "chit key unlock" in balance.credits_problem.text) == ("locked", True)
    assert (bench.watch.trouble is LOCKED) == (inference is LOCKED)


async def test_a_management_key_for_another_address_is_told(tmp_path: Path) -> None:
    """It is missing here, with the reason."""
    keys = Keyring(SANDBOX_KEY, KeyNotFound("it was stored for elsewhere"))
    async with Sandbox() as sandbox, at_work(tmp_path, sandbox.base_url, keys) as bench:
        problem = (await bench.watch.refresh()).credits_problem
    assert problem is not None
    assert (problem.kind, problem.text) == ("missing", "it was stored for elsewhere")


async def test_a_disabled_key_is_unknown_and_why(tmp_path: Path) -> None:
    """A refusal is no state of the money, and its error decides the exit code."""
    async with (
        Sandbox() as sandbox,
        at_work(tmp_path, sandbox.base_url, Keyring(SANDBOX_KEY, None)) as bench,
    ):
        sandbox.account.keys[SANDBOX_KEY] = Key(disabled=True)
        balance = await bench.watch.refresh()
    assert (balance.state, balance.asked_at) == ("unknown", None)
    assert balance.key_problem is not None
    assert balance.key_problem.kind == "failed"
    assert bench.watch.trouble is not None
    assert bench.watch.trouble.kind == "key_rejected"


async def test_a_key_that_was_sent_tells_more_than_one_that_is_missing(tmp_path: Path) -> None:
    """With a management key that cannot reach OpenRouter, that is the trouble, not the absent other key."""
    async with at_work(tmp_path, NOWHERE, Keyring(None, MANAGEMENT_KEY)) as bench:
        await bench.watch.refresh()
    assert bench.watch.trouble is not None
    assert bench.watch.trouble.kind == "offline"


@pytest.mark.parametrize("body", [{"data": {}}, {"data": {"limit": "x", "total_credits": True, "total_usage": []}}])
async def test_answers_that_cannot_be_read_are_unknown(tmp_path: Path, body: Any) -> None:
    """Garbage is no balance, and no crash."""
    account = Account()
    account.kinds = {}
    account.key = account.credits = (200, body)
    async with Upstream(account) as upstream, at_work(tmp_path, upstream.base_url) as bench:
        balance = await bench.watch.refresh()
    assert (balance.state, balance.key_problem, balance.credits_problem) == ("unknown", UNREADABLE, UNREADABLE)
    assert bench.watch.trouble is None
