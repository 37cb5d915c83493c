"""Who serves a model."""

import json
from decimal import Decimal

import pytest
from tests.openrouter.test_client import PATIENT
from tests.upstream import Exchange, Upstream

from chit.core.secret import Secret
from chit.errors import KeyUnavailable, UpstreamError
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.offers import fetch_offers
from chit.sandbox.server import Sandbox


def no_key() -> Secret:
    """There is none."""
    raise KeyUnavailable("no key", hint="")


def open_client(base_url: str) -> OpenRouterClient:
    """Of somebody without a key."""
    return OpenRouterClient(base_url=base_url, key=no_key, timeouts=PATIENT)


async def test_offers_without_a_key() -> None:
    """All of it is public: prices, uptime, and what is done with data."""
    async with Sandbox(pace=0) as sandbox, open_client(sandbox.base_url) as client:
        offers = await fetch_offers(client, "deepseek/deepseek-chat")
        (free,) = await fetch_offers(client, "openai/gpt-oss-20b:free")
        with pytest.raises(UpstreamError) as missing:
            await fetch_offers(client, "no/such")
    assert [each.provider for each in offers] == ["DeepInfra", "Novita"]
    assert {each.keeps_nothing for each in offers} == {True}
    assert offers[0].uptime == Decimal("99.9")
    assert offers[0].policy == "https://deepinfra.example/privacy"
    assert free.keeps_nothing is False
    assert missing.value.status == 404


async def test_what_else_there_is_may_fail() -> None:
    """Without providers and retention there are still endpoints; an id cannot leave its place in the address."""

    async def answer(exchange: Exchange) -> None:
        found = exchange.request.target.endswith("/endpoints")
        body = {"data": {"endpoints": [{"tag": "t"}]}} if found else {"error": {"message": "no", "code": 500}}
        await exchange.reply(200 if found else 500, json.dumps(body).encode())

    async with Upstream(answer) as upstream, open_client(upstream.base_url) as client:
        (offer,) = await fetch_offers(client, "a/../b?x")
    assert (offer.tag, offer.keeps_nothing, offer.policy) == ("t", None, None)
    assert "/api/v1/models/a/..%2Fb%3Fx/endpoints" in [request.target for request in upstream.requests]


async def test_no_list_of_endpoints() -> None:
    """Then nobody serves it."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, b'{"data": {"endpoints": 5}}')

    async with Upstream(answer) as upstream, open_client(upstream.base_url) as client:
        assert await fetch_offers(client, "a/b") == []
