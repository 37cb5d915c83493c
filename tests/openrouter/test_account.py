"""What a management key may ask and change, against the sandbox and against answers that are none."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.openrouter.test_client import PATIENT, say
from tests.upstream import Upstream

from chit.core.account_keys import NewKey
from chit.core.secret import Secret
from chit.errors import UpstreamError
from chit.openrouter import account as account_module
from chit.openrouter.account import change_account_key, create_account_key, fetch_activity, list_account_keys
from chit.openrouter.client import OpenRouterClient
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY, Key
from chit.sandbox.server import Sandbox


def manager() -> Secret:
    """The key that may."""
    return Secret(MANAGEMENT_KEY)


def nobody() -> Secret:
    """No key is used but the one that is given."""
    raise AssertionError


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """With one ordinary key."""
    async with Sandbox(pace=0) as box:
        yield box


def open_client(base_url: str) -> OpenRouterClient:
    """Without a key of its own."""
    return OpenRouterClient(base_url=base_url, key=nobody, timeouts=PATIENT)


async def test_a_key_from_its_making_to_its_end(sandbox: Sandbox) -> None:
    """It is made with its limit, works, is listed, and can be switched off and on."""
    async with open_client(sandbox.base_url) as client:
        made, text = await create_account_key(client, manager, NewKey(name="Mine", limit=Decimal("0.5"), reset="daily"))
        assert sandbox.account.keys[text].limit == Decimal("0.5")
        assert (made.name, made.limit, made.reset) == ("Mine", Decimal("0.5"), "daily")
        assert made.hash in [each.hash for each in await list_account_keys(client, manager)]
        for disabled in (True, False):
            await change_account_key(client, manager, made.hash, disabled=disabled)
            assert sandbox.account.keys[text].disabled is disabled
            (found,) = [each for each in await list_account_keys(client, manager) if each.hash == made.hash]
            assert found.disabled is disabled


async def test_many_keys(sandbox: Sandbox) -> None:
    """All pages are read, each key is there once, and a server that repeats itself comes to an end."""
    sandbox.account.keys |= {f"sk-or-v1-{number:064}": Key() for number in range(250)}
    async with open_client(sandbox.base_url) as client:
        assert len(await list_account_keys(client, manager)) == 251
    page: Any = [{"hash": f"{number:04}"} for number in range(account_module.PAGE)]
    async with Upstream(say(200, str({"data": page}).replace("'", '"').encode())) as upstream:
        async with open_client(upstream.base_url) as client:
            assert len(await list_account_keys(client, manager)) == 100
        assert len(upstream.requests) == 2


async def test_no_end_of_pages(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many are asked for."""
    monkeypatch.setattr(account_module, "MOST_PAGES", 1)
    sandbox.account.keys |= {f"sk-or-v1-{number:064}": Key() for number in range(250)}
    async with open_client(sandbox.base_url) as client:
        assert len(await list_account_keys(client, manager)) == 100


async def test_an_ordinary_key_may_not(sandbox: Sandbox) -> None:
    """It is said what kind is needed."""
    async with open_client(sandbox.base_url) as client:
        for ask in (list_account_keys, fetch_activity):
            with pytest.raises(UpstreamError) as refused:
                await ask(client, lambda: Secret(SANDBOX_KEY))
            assert (refused.value.kind, refused.value.status) == ("key_wrong_kind", 403)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"hash": "abc"}}',
        b'{"key": "sk-or-v1-abc"}',
        b'{"data": {"hash": "abc"}, "key": "not a key"}',
        b'{"data": {}, "key": "sk-or-v1-abc"}',
        b"{",
    ],
)
async def test_an_answer_without_a_key(body: bytes) -> None:
    """It is no key; that is said without repeating what might be one."""
    async with Upstream(say(201, body)) as upstream, open_client(upstream.base_url) as client:
        with pytest.raises(UpstreamError) as refused:
            await create_account_key(client, manager, NewKey(name="x"))
        assert refused.value.kind == "unexpected_reply"
        assert "sk-or-v1-abc" not in f"{refused.value.as_dict()}"
        assert len(upstream.requests) == 1


async def test_what_is_sent() -> None:
    """A POST and a PATCH, each once, with the management key and JSON."""
    async with Upstream(say(200, b'{"data": {"hash": "abc"}, "key": "sk-or-v1-abc"}')) as upstream:
        async with open_client(upstream.base_url) as client:
            await create_account_key(client, manager, NewKey(name="x"))
            await change_account_key(client, manager, "abc", disabled=True)
        first, second = upstream.requests
    assert (first.method, first.target, first.body) == ("POST", "/api/v1/keys", b'{"name":"x"}')
    assert (second.method, second.target, second.body) == ("PATCH", "/api/v1/keys/abc", b'{"disabled":true}')
    assert first.headers["authorization"] == f"Bearer {MANAGEMENT_KEY}"
    assert first.headers["content-type"] == "application/json"


async def test_activity(sandbox: Sandbox) -> None:
    """There is none in a fresh account."""
    async with open_client(sandbox.base_url) as client:
        assert await fetch_activity(client, manager) == []
