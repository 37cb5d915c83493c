"""The GET endpoints, the control endpoint, the server itself."""

from decimal import Decimal
from typing import Any

import pytest
from tests.sandbox.caller import Caller

from chit.sandbox import server
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Account, Key
from chit.sandbox.catalogue import CATALOGUE
from chit.sandbox.ledger import Generation
from chit.sandbox.pricing import Price
from chit.sandbox.script import content
from chit.sandbox.server import Sandbox

RECORD_MEMBERS = set(
    [
        "id",
        "request_id",
        "upstream_id",
        "total_cost",
        "cache_discount",
        "upstream_inference_cost",
        "created_at",
        "model",
        "app_id",
        "streamed",
        "cancelled",
        "provider_name",
        "latency",
        "moderation_latency",
        "generation_time",
        "finish_reason",
        "service_tier",
        "tokens_prompt",
        "tokens_completion",
        "native_tokens_prompt",
        "native_tokens_completion",
        "native_tokens_completion_images",
        "native_tokens_reasoning",
        "native_tokens_cached",
        "num_media_prompt",
        "num_input_audio_prompt",
        "num_media_completion",
        "num_search_results",
        "num_fetches",
        "web_search_engine",
        "origin",
        "usage",
        "is_byok",
        "native_finish_reason",
        "external_user",
        "api_type",
        "preset_id",
        "router",
        "provider_responses",
        "user_agent",
        "http_referer",
        "data_region",
        "workspace_id",
        "session_id",
        "response_cache_source_id",
    ]
)


async def test_a_record_settles_later_with_every_member(caller: Caller) -> None:
    """`/generation` is 404 until it has settled, then agrees with the reply; every call is counted."""
    caller.sandbox.settle_after = 3600
    answer = await caller.complete("sandbox/citations", user="u", session_id="s", key=SANDBOX_KEY)
    generation_id = answer.json["id"]
    missing = await caller.send("GET", f"/generation?id={generation_id}")
    assert (missing.status, missing.json["error"]["message"]) == (404, f"Generation {generation_id} not found")
    assert caller.sandbox.settle_after == 3600
    caller.sandbox.settle_after = 0
    record = (await caller.send("GET", f"/generation?id={generation_id}")).json["data"]
    assert record.keys() == RECORD_MEMBERS
    assert record["total_cost"] == record["usage"] == answer.json["usage"]["cost"]
    assert (record["external_user"], record["session_id"], record["num_search_results"]) == ("u", "s", 2)
    assert record["tokens_completion"] == answer.json["usage"]["completion_tokens"]
    assert caller.sandbox.ledger.lookups == {generation_id: 2}
    assert (await caller.send("GET", "/generation?id=gen-0-x")).status == 404


async def test_credits_need_a_management_key(caller: Caller) -> None:
    """Management keys see both totals, ordinary keys 403 or, if so set, the misleading zeros."""
    await caller.complete("sandbox/echo")
    totals = (await caller.send("GET", "/credits", key=MANAGEMENT_KEY)).json["data"]
    assert (totals["total_credits"], totals["total_usage"] > 0) == (25, True)
    refused = await caller.send("GET", "/credits")
    assert (refused.status, refused.json["error"]["message"]) == (
        403,
        "Only management keys can perform this operation",
    )
    caller.sandbox.account.credits_for_ordinary_keys = "zeros"
    assert (await caller.send("GET", "/credits")).json["data"] == {"total_credits": 0, "total_usage": 0}


async def test_a_key_describes_itself(caller: Caller) -> None:
    """`/key` shows kind, usage and what is left, never less than nothing."""
    await caller.complete("sandbox/byok")
    key = caller.sandbox.account.keys[SANDBOX_KEY]
    key.limit, key.limit_remaining, key.limit_reset = 5, Decimal("1.25"), "daily"
    shown = (await caller.send("GET", "/key")).json["data"]
    assert (shown["limit"], shown["limit_remaining"], shown["label"]) == (5, 1.25, "sk-or-v1-c0f...e00")
    assert shown["byok_usage"] > shown["usage"] > 0
    key.limit_remaining = -1
    assert (await caller.send("GET", "/auth/key")).json["data"]["limit_remaining"] == 0
    assert (await caller.send("GET", "/key", key=MANAGEMENT_KEY)).json["data"]["is_management_key"]
    await caller.complete("openai/gpt-oss-20b:free", key="sk-or-v1-new")
    shown = (await caller.send("GET", "/key", key="sk-or-v1-new")).json["data"]
    assert shown["free_model_daily_requests"] == {"limit": 1000, "used": 1, "remaining": 999}
    assert (shown["budgets"], shown["effective_budget"]) == ([], None)


async def test_a_key_shows_its_budgets(caller: Caller) -> None:
    """Every layer as it was set, also at run time, and the one that leaves the least as the effective one."""
    budgets = [{"scope": scope, "limit_usd": 10, "remaining_usd": left} for scope, left in (("member", 9), ("key", 2))]
    caller.sandbox.account.keys[SANDBOX_KEY].budgets = budgets
    shown = (await caller.send("GET", "/key")).json["data"]
    assert (shown["budgets"], shown["effective_budget"]) == (budgets, budgets[1])
    await caller.send("PATCH", "/sandbox/account", json={"keys": {SANDBOX_KEY: {"budgets": budgets[:1]}}})
    assert (await caller.send("GET", "/key")).json["data"]["effective_budget"] == budgets[0]


async def test_spending_lowers_what_is_left() -> None:
    """A cap with its own remainder shrinks with every bill, BYOK cost included if the key says so."""
    async with Sandbox(pace=0, account=Account(keys={})) as sandbox:
        assert sandbox.account.keys == {}
    usage = _byok_generation().make_usage()
    key = Key(limit=1, limit_remaining=1, include_byok_in_limit=True)
    key.charge(usage)
    assert key.remaining() == 1 - usage.cost - usage.upstream_cost
    account = Account()
    account.charge(None, usage)
    assert account.balance == 25 - usage.cost


def _byok_generation() -> Generation:
    generation = Generation(
        id="g", model="m", provider="p", streamed=False, created=0, price=Price.of("1", "1"), is_byok=True
    )
    generation.steps.append(content("x"))
    return generation


@pytest.mark.parametrize("path", ["/key", "/credits", "/models/user", "/generation?id=x"])
async def test_lookups_need_a_key(caller: Caller, path: str) -> None:
    """Without a key 401, with an expired one too."""
    caller.sandbox.account.keys[SANDBOX_KEY].expires_at = "2020-01-01T00:00:00"
    for key in ("", SANDBOX_KEY):
        assert (await caller.send("GET", path, key=key)).status == 401


async def test_keys_expire_in_their_own_zone(caller: Caller) -> None:
    """A key with a later expiry works."""
    caller.sandbox.account.keys[SANDBOX_KEY].expires_at = "2999-01-01T00:00:00+02:00"
    assert (await caller.send("GET", "/key")).status == 200


async def test_models_are_listed(caller: Caller) -> None:
    """The catalogue is public; `/models/user` follows the data policy; `q` filters."""
    models = (await caller.send("GET", "/models", key="")).json
    assert models["total_count"] == len(models["data"]) > len(CATALOGUE)
    assert all(isinstance(row["pricing"]["prompt"], str) for row in models["data"])
    caller.sandbox.account.data_policy = "deny"
    mine = (await caller.send("GET", "/models/user")).json["data"]
    assert not [row for row in mine if row["id"].endswith(":free")]
    found = (await caller.send("GET", "/models?q=sonnet")).json["data"]
    assert all("sonnet" in row["id"] for row in found)


async def test_endpoints_and_providers(caller: Caller) -> None:
    """A model's endpoints name their providers, all of which `/providers` knows."""
    endpoints = (await caller.send("GET", "/models/anthropic/claude-haiku-4.5/endpoints")).json["data"]["endpoints"]
    providers = {row["name"]: row["slug"] for row in (await caller.send("GET", "/providers")).json["data"]}
    assert {row["provider_name"]: row["tag"] for row in endpoints}.items() <= providers.items()
    assert (await caller.send("GET", "/models/no/such/endpoints")).status == 404


async def test_unknown_paths_are_json(caller: Caller) -> None:
    """Paths and methods that do not exist answer in OpenRouter's envelope."""
    for method, path, status in (
        ("GET", "/nix", 404),
        ("POST", "/rerank", 404),
        ("GET", "/chat/completions", 404),
        ("GET", "/sandbox", 404),
        ("PUT", "/sandbox/account", 405),
    ):
        answer = await caller.send(method, path)
        assert (answer.status, answer.json["error"]["code"]) == (status, status)


async def test_huge_bodies_are_refused(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> None:
    """A body beyond the cap is answered 413 in JSON."""
    monkeypatch.setattr(server, "_LARGEST_BODY", 10)
    async with Sandbox() as small:
        url = f"{small.base_url}/chat/completions"
        async with caller.session.post(url, data=b"x" * 100, headers={"Authorization": "Bearer x"}) as answer:
            assert (answer.status, (await answer.json())["error"]["message"]) == (413, "Request payload too large")


async def test_the_account_changes_at_run_time(caller: Caller) -> None:
    """PATCH sets members of the account and of keys, forgets keys, and never shows a key's text."""
    keys = {SANDBOX_KEY: {"limit": "2.5", "label": "mine"}, MANAGEMENT_KEY: None}
    changed = await caller.send("PATCH", "/sandbox/account", json={"total_credits": 9.5, "keys": keys})
    assert (changed.json["balance"], changed.json["keys"]["sk-or-v1-c0f...e00"]["limit"]) == ("9.5", "2.5")
    assert SANDBOX_KEY.encode() not in changed.body
    assert caller.sandbox.account.balance == Decimal("9.5")
    assert (await caller.send("GET", "/sandbox/account")).json == changed.json
    unlimited = await caller.send("PATCH", "/sandbox/account", json={"keys": {SANDBOX_KEY: {"limit": None}}})
    assert unlimited.json["keys"]["sk-or-v1-c0f...e00"]["limit"] is None


@pytest.mark.parametrize(
    "change",
    [{"nix": 1}, {"data_policy": "maybe"}, {"total_credits": "much"}, {"total_usage": None}, [], {"keys": 7}],
)
async def test_wrong_changes_are_refused(caller: Caller, change: Any) -> None:
    """Unknown members and impossible values are answered 400 with a reason."""
    answer = await caller.send("PATCH", "/sandbox/account", json=change)
    assert (answer.status, bool(answer.json["error"]["message"])) == (400, True)


async def test_pages_may_not_control(caller: Caller) -> None:
    """A request with an `Origin` comes from a page, and is refused."""
    answer = await caller.send("POST", "/sandbox/reset", headers={"Origin": "https://evil.example"})
    assert answer.status == 403


async def test_the_ledger_tells_all_but_keys(caller: Caller) -> None:
    """The ledger shows requests, generations and bills, and of a key only its last four characters."""
    await caller.complete("sandbox/echo", headers_kept=True)
    ledger = await caller.send("GET", "/sandbox/ledger")
    (request,) = ledger.json["requests"]
    assert (request["key_last4"], request["body"]["headers_kept"]) == ("ee00", True)
    assert not [name for name in request["headers"] if name.lower() == "authorization"]
    assert SANDBOX_KEY.encode() not in ledger.body
    assert ledger.json["generations"][0]["billed"] == ledger.json["billed"]
    assert Decimal(ledger.json["billed"]) == caller.sandbox.ledger.billed > 0
    assert (await caller.send("POST", "/sandbox/reset")).json == {"reset": True}
    assert (await caller.send("GET", "/sandbox/ledger")).json["requests"] == []


async def test_the_account_can_be_replaced(caller: Caller) -> None:
    """A test may hand the running sandbox another account, and read its pace."""
    caller.sandbox.account = Account(default_model=None)
    assert (await caller.complete()).status == 400
    assert caller.sandbox.pace == 0


async def test_a_taken_port_is_an_error() -> None:
    """A second sandbox on the same port raises `OSError`; closing what never started is harmless."""
    async with Sandbox() as first:
        port = int(first.base_url.split(":")[2].split("/")[0])
        second = Sandbox()
        with pytest.raises(OSError, match="address already in use"):
            await second.start(port=port)
        await second.close()
    assert (await second.start()) == second.base_url
    await second.close()


def test_ipv6_hosts_are_bracketed() -> None:
    """A base URL is valid for both kinds of addresses."""
    assert server.make_base_url("::1", 80) == "http://[::1]:80/api/v1"
    assert server.make_base_url("127.0.0.1", 80) == "http://127.0.0.1:80/api/v1"


async def test_ids_never_meet() -> None:
    """Two sandboxes with the same seed give different ids in the same second."""
    boxes = [Sandbox(seed=0)._box for _ in range(2)]
    assert len({box.make_generation_id(1.0) for box in boxes for _ in range(100)}) == 200
