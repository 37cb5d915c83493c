"""What a management key may do in the sandbox, as OpenRouter lets it."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.sandbox.caller import Caller

from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Key


async def ask(caller: Caller, method: str, path: str, *, key: str = MANAGEMENT_KEY, **options: Any) -> Any:
    """What comes back, with its status."""
    answer = await caller.send(method, path, key=key, **options)
    return answer.status, answer.json


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/keys"), ("POST", "/keys"), ("PATCH", "/keys/x"), ("GET", "/activity")]
)
async def test_only_a_management_key_may(caller: Caller, method: str, path: str) -> None:
    """An ordinary key is refused as such, and none at all as well."""
    assert (await ask(caller, method, path, key=SANDBOX_KEY))[0] == 403
    assert (await ask(caller, method, path, key=""))[0] == 401


async def test_keys(caller: Caller) -> None:
    """Made, used, switched off and on; its text is told once."""
    status, made = await ask(caller, "POST", "/keys", json={"name": "n", "limit": 2, "expires_at": "2999-01-01"})
    assert status == 201
    assert made["data"]["limit_remaining"] == 2
    hash = made["data"]["hash"]
    assert (await ask(caller, "GET", "/key", key=made["key"]))[0] == 200
    _, changed = await ask(caller, "PATCH", f"/keys/{hash}", json={"disabled": True})
    assert changed["data"]["disabled"] is True
    assert (await ask(caller, "GET", "/key", key=made["key"]))[0] == 401
    names = [
        [each["name"] for each in (await ask(caller, "GET", f"/keys{query}"))[1]["data"]]
        for query in ("", "?include_disabled=true")
    ]
    assert [("n" in each) for each in names] == [False, True]
    assert made["key"] not in str((await ask(caller, "GET", "/keys?include_disabled=true"))[1])


async def test_pages(caller: Caller) -> None:
    """A hundred at once."""
    caller.sandbox.account.keys |= {f"sk-or-v1-{number:064}": Key() for number in range(150)}
    counts = [len((await ask(caller, "GET", f"/keys?offset={offset}"))[1]["data"]) for offset in (0, 100, 200)]
    assert counts == [100, 51, 0]


async def test_mistakes(caller: Caller) -> None:
    """A key without a name, what is no JSON or no object, and a key that is not there."""
    for body in (b"{}", b"[", b"[]"):
        assert (await ask(caller, "POST", "/keys", data=body))[0] == 400
    assert (await ask(caller, "PATCH", "/keys/unknown", data=b"{}"))[0] == 404
    _, listed = await ask(caller, "GET", "/keys")
    hash = listed["data"][0]["hash"]
    assert (await ask(caller, "PATCH", f"/keys/{hash}", data=b"["))[1]["data"]["disabled"] is False


async def test_activity(caller: Caller) -> None:
    """What was billed on days that are over, by day and endpoint; never today's, and nothing older than thirty days."""
    for _ in range(4):
        await caller.send(
            "POST", "/chat/completions", json={"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]}
        )
    assert (await ask(caller, "GET", "/activity"))[1] == {"data": []}
    yesterday = time.time() - 86_400
    entries = caller.sandbox.ledger.generations
    for entry, at in zip(entries, (yesterday, yesterday, time.time() - 40 * 86_400), strict=False):
        entry.created = at
    _, told = await ask(caller, "GET", "/activity")
    (row,) = told["data"]
    assert row["date"] == datetime.fromtimestamp(yesterday, UTC).date().isoformat()
    assert (row["model"], row["requests"], row["byok_usage_inference"]) == (entries[0].model, 2, 0)
    assert row["usage"] == pytest.approx(float(sum(each.billed.cost for each in entries[:2] if each.billed)))


async def test_endpoints_that_keep_nothing(caller: Caller) -> None:
    """Those that do not train, without a key."""
    status, told = await ask(caller, "GET", "/endpoints/zdr", key="")
    assert status == 200
    models = {each["model_id"] for each in told["data"]}
    assert "openai/gpt-5-mini" in models
    assert "openai/gpt-oss-20b:free" not in models
