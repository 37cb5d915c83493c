"""The catalogue for programs."""

import json
from pathlib import Path

import pytest
from tests.api.shop import opened_shop
from tests.api.speech import CATALOGUE, MESSAGES, QUESTION
from tests.upstream import Exchange, Upstream


async def tell(exchange: Exchange) -> None:
    """The catalogue, whatever is asked for."""
    await exchange.reply(200, CATALOGUE, {"Content-Type": "application/json; charset=utf-8", "Server": "x"})


async def test_the_list_comes_as_it_was_sent(tmp_path: Path) -> None:
    """The same bytes, for the same query."""
    async with Upstream(tell) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call("/v1/models?category=programming&x=%20")
        assert (got.status, got.body) == (200, CATALOGUE)
        assert (got.headers["content-type"], got.headers["server"]) == ("application/json; charset=utf-8", "Chit")
        await shop.call("/v1/models")
        await shop.call("/v1/models/user")
        await shop.call("/v1/models/a/b/endpoints?x=1")
        assert [request.target for request in upstream.requests] == [
            "/api/v1/models?category=programming&x=%20",
            "/api/v1/models",
            "/api/v1/models/user",
            "/api/v1/models/a/b/endpoints?x=1",
        ]


@pytest.mark.parametrize(("name", "id"), [("a/b", "a/b"), ("a%2Fb", "a/b"), ("a/c-1", "a/c")])
async def test_one_model(name: str, id: str, tmp_path: Path) -> None:
    """By its id, which has a slash, or by its lasting name."""
    async with Upstream(tell) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(f"/v1/models/{name}")
        [model] = [each for each in json.loads(CATALOGUE)["data"][:2] if each["id"] == id]
        assert (got.status, got.json(), got.headers["content-type"]) == (200, model, "application/json")


async def test_a_model_that_there_is_not(tmp_path: Path) -> None:
    """404 in the shape that programs know."""
    async with Upstream(tell) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call("/v1/models/no/such")
        error = got.json()["error"]
        assert (got.status, error["code"], error["type"]) == (404, "model_not_found", "not_found_error")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/a/b"])
async def test_a_list_that_is_refused(path: str, tmp_path: Path) -> None:
    """In OpenRouter's words, with the hint."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(429, b'{"error":{"code":429,"message":"slow"}}', {"Retry-After": "2"})

    async with Upstream(refuse) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path)
        assert (got.status, got.json()["error"]["code"], bool(got.json()["error"]["hint"])) == (429, 429, True)
        assert (got.headers["retry-after"], got.headers["x-should-retry"]) == ("2", "true")


@pytest.mark.parametrize("body", [b"<html>", b'{"data":5}', b"[]"])
async def test_a_list_that_is_none(body: bytes, tmp_path: Path) -> None:
    """No model can be found in it."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, body)

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        assert (await shop.call("/v1/models")).body == body
        got = await shop.call("/v1/models/a/b")
        assert (got.status, got.json()["error"]["type"]) == (502, "server_error")


async def test_offline(tmp_path: Path) -> None:
    """502 in the same shape."""
    async with Upstream(tell) as upstream:
        base_url = upstream.base_url
    async with opened_shop(base_url, tmp_path) as shop:
        got = await shop.call("/v1/models")
        assert (got.status, bool(got.json()["error"]["hint"])) == (502, True)


async def test_counting_tokens_is_refused_in_words(tmp_path: Path) -> None:
    """OpenRouter has none: Anthropic's shape, a hint, and no call."""
    async with Upstream(tell) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(f"{MESSAGES}/count_tokens?beta=true", QUESTION)
        told = got.json()
        assert (got.status, told["type"], told["error"]["code"]) == (501, "error", "not_supported")
        assert told["error"]["hint"]
        assert (got.headers["x-should-retry"], upstream.requests) == ("false", [])
