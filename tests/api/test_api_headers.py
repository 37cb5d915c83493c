"""Which headers go on, there and back."""

from pathlib import Path

from multidict import CIMultiDict, CIMultiDictProxy
from tests.api.shop import opened_shop
from tests.api.speech import CHAT, QUESTION, completion, say
from tests.upstream import Upstream

from chit.api.headers import pass_back, pass_onwards
from chit.sandbox.account import SANDBOX_KEY


def test_only_what_openrouter_knows_goes_on() -> None:
    """Attribution, metadata, caching, sessions and betas; no key, no host, no address of theirs."""
    given = {
        "HTTP-Referer": "https://example.com",
        "X-OpenRouter-Metadata": "enabled",
        "x-session-id": "s",
        "anthropic-beta": "b",
        "Anthropic-Version": "v",
        "x-anthropic-beta": "c",
        "Authorization": "Bearer x",
        "x-api-key": "x",
        "api-key": "x",
        "Host": "evil.example",
        "Cookie": "a=b",
        "User-Agent": "u",
        "X-Base-URL": "http://evil.example",
        "Accept-Encoding": "br",
    }
    assert pass_onwards(CIMultiDictProxy(CIMultiDict(given))) == {
        "http-referer": "https://example.com",
        "x-openrouter-metadata": "enabled",
        "x-session-id": "s",
        "anthropic-beta": "b",
        "anthropic-version": "v",
        "x-anthropic-beta": "c",
    }


def test_an_old_title_is_in_the_place_of_ours() -> None:
    """Under both names; one under the new name stays."""
    old = pass_onwards(CIMultiDictProxy(CIMultiDict({"X-Title": "Mine"})))
    assert old == {"x-title": "Mine", "x-openrouter-title": "Mine"}
    both = pass_onwards(CIMultiDictProxy(CIMultiDict({"X-Title": "old", "X-OpenRouter-Title": "new"})))
    assert both == {"x-title": "old", "x-openrouter-title": "new"}


def test_what_says_something_of_the_reply_comes_back() -> None:
    """Nothing of the connection, no cookies, no addresses."""
    came = {
        "content-type": "text/event-stream; charset=utf-8",
        "retry-after": "3",
        "x-ratelimit-reset": "9",
        "x-generation-id": "gen-1",
        "anthropic-ratelimit-x": "1",
        "connection": "close",
        "content-encoding": "gzip",
        "content-length": "5",
        "location": "http://evil.example",
        "set-cookie": "a=b",
        "server": "x",
        "access-control-allow-origin": "*",
    }
    assert list(pass_back(came)) == [
        "content-type",
        "retry-after",
        "x-ratelimit-reset",
        "x-generation-id",
        "anthropic-ratelimit-x",
    ]


async def test_they_go_over_our_own(tmp_path: Path) -> None:
    """Who names itself is named; who does not calls as Chit; the key is ours in any case."""
    async with Upstream(say(completion())) as upstream, opened_shop(upstream.base_url, tmp_path) as shop:
        await shop.call(CHAT, QUESTION)
        await shop.call(CHAT, QUESTION, headers={"X-Title": "Mine", "HTTP-Referer": "https://mine.example"})
        ours, theirs = (request.headers for request in upstream.requests)
        assert (ours["x-openrouter-title"], "http-referer" in ours) == ("Chit", False)
        assert (theirs["x-openrouter-title"], theirs["http-referer"]) == ("Mine", "https://mine.example")
        for headers in (ours, theirs):
            assert headers["authorization"] == f"Bearer {SANDBOX_KEY}"
            assert headers["user-agent"].startswith("chit/")
