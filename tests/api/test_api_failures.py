"""What goes wrong on the way: told in OpenRouter's own words, with what to do about it, never sent again unasked."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import opened_shop
from tests.api.speech import CHAT, MESSAGES, PAID, QUESTION, RESPONSES, completion, encode, headed, say, stream
from tests.upstream import DONE, JSON, Exchange, Upstream, event, text_chunk

from chit.core import retry
from chit.errors import DiskFull, StoreError
from chit.openrouter.client import Timeouts
from chit.sandbox.account import SANDBOX_KEY
from chit.store.home import Home
from chit.vault.sources import explain_missing
from chit.vault.unlocked import explain_locked


def told(body: bytes) -> Any:
    """The error of a body, without what was added to it."""
    error = dict(json.loads(body)["error"])
    assert error.pop("hint")
    error.pop("link", None)
    return error


@pytest.mark.parametrize(
    ("status", "error", "id", "may_retry"),
    [
        (400, {"code": 400, "message": "bad", "metadata": {"x": [1.50]}}, None, False),
        (401, {"code": 401, "message": "no"}, None, False),
        (402, {"code": 402, "message": "no"}, None, False),
        (402, {"code": 402, "message": "no", "metadata": {"reason": "in_flight_budget_exhausted"}}, None, True),
        (403, {"code": 403, "message": "flagged"}, None, False),
        (429, {"code": 429, "message": "slow"}, None, True),
        (429, {"code": 429, "message": "slow"}, "gen-1", False),
        (500, {"code": 500, "message": "oops"}, None, False),
        (502, {"code": 502, "message": "down"}, None, True),
        (503, {"message": "full", "error_type": "provider_overloaded", "http_status": 503}, None, True),
        (504, {"code": 504, "message": "late"}, None, False),
    ],
)
async def test_a_refusal_keeps_its_words(
    status: int,
    error: dict[str, Any],
    id: str | None,
    may_retry: bool,
    tmp_path: Path,
) -> None:
    """Status, headers and every byte but for hint and link; whether to send again is what the retry table says."""
    body = encode({"error": error, "user_id": "u"})
    async with (
        Upstream(say(body, status=status, id=id, Retry_After="7")) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, told(got.body), got.json()["user_id"]) == (status, error, "u")
        assert got.headers["x-should-retry"] == ("true" if may_retry else "false")
        assert got.headers.get("retry-after") == ("7" if id else None)
        assert sum(request.method == "POST" for request in upstream.requests) == 1
        [conversation] = {m.conversation_id for m in [await last_reply(shop)]}
        [generation] = await shop.app.store.list_generations(conversation)
        assert (generation.state in ("failed", "unknown"), generation.error is not None) == (True, True)


async def last_reply(shop: Any) -> Any:
    """The newest message of the local API."""
    return await shop.app.store.get_message(await shop.app.store.find_last_reply("api"))


@pytest.mark.parametrize("path", PAID)
async def test_each_dialect_keeps_its_shape(path: str, tmp_path: Path) -> None:
    """Anthropic's, with the hint inside; and that of Responses, which tells its type beside the error."""
    body = encode(
        {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "error_type": "provider_overloaded"}
    )
    async with (
        Upstream(say(body, status=529, id=None)) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(path, {"model": "a/b", "input": "hi"})
        assert (got.status, told(got.body)) == (529, {"type": "overloaded_error", "message": "busy"})
        assert got.json()["type"] == "error"


@pytest.mark.parametrize(("path", "kind"), [(CHAT, "server_error"), (MESSAGES, "api_error")])
async def test_a_page_that_is_no_error_of_theirs(path: str, kind: str, tmp_path: Path) -> None:
    """An edge says it in HTML: programs get the shape they know, with all that was said."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(502, b"<html>\xff bad gateway", {"Content-Type": "text/html"})

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(path, QUESTION)
        error = got.json()["error"]
        assert (got.status, got.headers["content-type"], error["type"]) == (502, "application/json", kind)
        assert error["metadata"] == {"raw": "<html>\ufffd bad gateway"}
        assert got.headers["x-should-retry"] == "false"


async def test_a_failure_after_a_good_status(tmp_path: Path) -> None:
    """In a choice: status 200 stays, the words that came stay, and the hint is in the error."""
    body = json.loads(completion("par"))
    body["choices"][0] |= {"finish_reason": "error", "error": {"code": 502, "message": f"key {SANDBOX_KEY}"}}
    async with Upstream(say(encode(body))) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION)
        choice = got.json()["choices"][0]
        assert (got.status, choice["message"]["content"]) == (200, "par")
        assert choice["error"].pop("hint")
        choice["error"].pop("link", None)
        assert choice["error"]["code"] == 502
        assert SANDBOX_KEY.encode() not in got.body
        assert "x-should-retry" not in got.headers


async def test_what_cannot_be_read_goes_on_as_it_came(tmp_path: Path) -> None:
    """A good status and no JSON: programs see what they would have seen."""
    async with Upstream(say(b"<html>")) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.body) == (200, b"<html>")


@pytest.mark.parametrize(
    ("path", "begun", "failure", "inside"),
    [
        (CHAT, text_chunk("one"), {"id": "gen-1", "error": {"code": 502, "message": "gone"}, "choices": []}, ["error"]),
        (MESSAGES, b": x\n\n", {"type": "error", "error": {"type": "x", "message": "gone"}}, ["error"]),
        (
            RESPONSES,
            b": x\n\n",
            {"type": "response.failed", "response": {"error": {"code": "x", "message": "gone"}}},
            ["response", "error"],
        ),
        (RESPONSES, b": x\n\n", {"type": "error", "message": "gone", "code": "x"}, []),
    ],
)
async def test_an_error_in_the_middle(
    path: str, begun: bytes, failure: dict[str, Any], inside: list[str], tmp_path: Path
) -> None:
    """Its event gets the hint; all that came before and after it stays."""
    async with (
        Upstream(stream(begun, event(failure), DONE)) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(path, QUESTION | {"stream": True, "input": "hi"})
        assert (got.status, got.is_whole) == (200, True)
        assert got.body.startswith(begun)
        assert got.body.endswith(DONE)
        told = json.loads(got.body.removeprefix(begun).removesuffix(DONE).removeprefix(b"data: "))
        error = told
        for name in inside:
            error = error[name]
        assert error.pop("hint")
        error.pop("link", None)
        assert told == failure


async def test_a_stream_that_breaks_off_upstream_breaks_off_here(tmp_path: Path) -> None:
    """No end is invented; what had come is kept."""
    async with (
        Upstream(stream(text_chunk("one"), is_whole=False)) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(CHAT, QUESTION | {"stream": True})
        assert (got.status, got.body, got.is_whole) == (200, text_chunk("one"), False)
        assert (await last_reply(shop)).text == "one"


@pytest.mark.parametrize("body", [b"", b'{"id":"gen-1","choi'])
async def test_a_reply_that_breaks_off_is_no_reply(body: bytes, tmp_path: Path) -> None:
    """It may have been billed: the program is told so, and its SDK does not send again by itself."""

    async def answer(exchange: Exchange) -> None:
        if body:
            await exchange.open_stream(JSON | headed())
            await exchange.chunk(body)
        exchange.hang_up()

    async with Upstream(answer) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION)
        error = got.json()["error"]
        assert (got.status, error["type"], got.headers["x-should-retry"]) == (502, "server_error", "false")
        assert "billed" in error["hint"] or body
        assert len(upstream.requests) == 1


async def test_silence(tmp_path: Path) -> None:
    """504, and not sent again."""

    async def answer(exchange: Exchange) -> None:
        await exchange.gone()

    async with (
        Upstream(answer) as upstream,
        opened_shop(upstream.base_url, tmp_path, timeouts=Timeouts(first_byte_unary=0.01)) as shop,
    ):
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.headers["x-should-retry"]) == (504, "false")


async def test_only_what_never_left_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there: tried again here, and the program may, too."""
    monkeypatch.setattr(retry, "_BACK_OFF", (0.0, 0.0, 0.0))
    async with Upstream(say(b"")) as upstream:
        base_url = upstream.base_url
    async with opened_shop(base_url, tmp_path) as shop:
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.headers["x-should-retry"]) == (502, "true")
        assert (await last_reply(shop)).text == ""


@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirection_is_not_followed(status: int, tmp_path: Path) -> None:
    """Attack case 34: nor passed on."""
    async with (
        Upstream(say(b"", status=status, Location="http://127.0.0.1:9/", Retry_After="2.5")) as upstream,
        opened_shop(upstream.base_url, tmp_path) as shop,
    ):
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, "location" in got.headers, len(upstream.requests)) == (502, False, 1)
        assert got.headers["retry-after"] == "3"
        assert got.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("error", "code"), [(explain_locked(), "vault_locked"), (explain_missing("OpenRouter"), "no_api_key")]
)
@pytest.mark.parametrize("path", PAID)
async def test_without_a_key_nothing_begins(path: str, error: Exception, code: str, tmp_path: Path) -> None:
    """503 with the command that helps, in the caller's shape; no row, no call."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        shop.checks.append(error)
        got = await shop.call(path, QUESTION)
        told = got.json()
        assert (got.status, told["error"]["code"], got.headers["x-should-retry"]) == (503, code, "false")
        assert "chit key" in told["error"]["hint"]
        assert (told.get("type") == "error") == (path == MESSAGES)
        assert (upstream.requests, await shop.app.store.find_last_reply("api")) == ([], None)


async def test_a_key_that_goes_meanwhile(tmp_path: Path) -> None:
    """Locked between the look and the sending: told in the same way."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:

        def refuse() -> Any:
            raise explain_locked()

        shop.app.client._key = refuse
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.json()["error"]["code"], upstream.requests) == (503, "vault_locked", [])


async def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise G9: refused before anything is sent; and what cannot be kept is not shown."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:

        def refuse(_: Home) -> None:
            raise DiskFull("the disk is full", hint="Make room.")

        with monkeypatch.context() as patch:
            patch.setattr(Home, "check_room", refuse)
            got = await shop.call(CHAT, QUESTION | {"stream": True})
        assert (got.status, got.json()["error"]["code"], upstream.requests) == (507, "disk_full", [])

        async def fail(*_: Any, **__: Any) -> None:
            raise StoreError("the store broke")

        with monkeypatch.context() as patch:
            patch.setattr(shop.app.store, "record_end", fail)
            got = await shop.call(CHAT, QUESTION)
            await asyncio.sleep(0)
        assert (got.status, got.json()["error"]["code"], b"yes" in got.body) == (503, "store_failed", False)
        assert got.json()["error"]["message"] == "The store broke."


async def test_tokens_that_cannot_be_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails lets nobody in, and says so."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:

        async def fail(*_: Any, **__: Any) -> None:
            raise StoreError("the store broke")

        monkeypatch.setattr(shop.app.store, "find_token", fail)
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.json()["error"]["code"], upstream.requests) == (503, "store_failed", [])


async def test_a_bug_is_told_in_the_same_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """500, without a detail of it."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:

        async def fail(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("secret")

        monkeypatch.setattr(shop.app.store, "find_prefix", fail)
        got = await shop.call(CHAT, QUESTION)
        assert (got.status, got.json()["error"]["code"], b"secret" in got.body) == (500, "bug", False)
        assert (await shop.call("/v1/models")).status == 200
