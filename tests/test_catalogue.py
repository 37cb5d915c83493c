"""The catalogue: fetched once a day, kept in the store, never in the way."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.upstream import Exchange, Upstream, opened

from chit.app import App, open_app
from chit.catalogue import FRESH_SECONDS, Catalogue
from chit.core.kept_catalogue import SETTING
from chit.core.secret import Secret
from chit.errors import DiskFull, KeyUnavailable, UpstreamError
from chit.prefs import UserPrefs
from chit.sandbox.account import MANAGEMENT_KEY
from chit.sandbox.server import Sandbox

MODELS = [{"id": "a/b", "name": "B", "description": "long"}, {"id": "c/d"}, {"name": "without an id"}]


class Clock:
    """Time that stands still until it is moved."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now


def make(app: App, clock: Clock, base_url: str | None = None) -> Catalogue:
    """A catalogue over an open app."""
    return Catalogue(store=app.store, client=app.client, base_url=base_url or app.prefs.base_url, clock=clock)


async def answer(exchange: Exchange) -> None:
    """The models, without their longest members' worth of trouble."""
    await exchange.reply(200, json.dumps({"data": MODELS}).encode())


async def test_it_is_fetched_once_a_day(tmp_path: Path) -> None:
    """Another catalogue on the same store fetches nothing; a day later, after a jump back or elsewhere, it does."""
    clock = Clock()
    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        models = await make(app, clock).list_models()
        assert await make(app, clock).list_models() == models
        assert len(upstream.requests) == 1
        clock.now += FRESH_SECONDS
        await make(app, clock).list_models()
        clock.now -= 2 * FRESH_SECONDS
        await make(app, clock).list_models()
        await make(app, clock, "http://127.0.0.1:9/else").list_models()
    assert [request.target for request in upstream.requests] == ["/api/v1/models/user"] * 4
    assert models == [{"id": "a/b", "name": "B"}, {"id": "c/d"}, {"name": "without an id"}]


async def test_what_is_kept_is_had_without_asking(tmp_path: Path) -> None:
    """Nothing at first; later what was fetched, however old."""
    clock = Clock()
    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        assert list(await make(app, clock).list_kept()) == []
        models = await make(app, clock).list_models()
        clock.now += 100 * FRESH_SECONDS
        assert await make(app, clock).list_kept() == models
    assert len(upstream.requests) == 1


async def test_ids_are_what_suggestions_need(tmp_path: Path) -> None:
    """Records without an id are passed over."""
    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        assert await make(app, Clock()).find_ids(20) == ("a/b", "c/d")


async def test_an_old_one_is_better_than_none(tmp_path: Path) -> None:
    """Where OpenRouter cannot be asked the models of yesterday do; without any, it is an error that says why."""
    clock = Clock()
    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        models = await make(app, clock).list_models()
        base_url = upstream.base_url
    async with opened(base_url, tmp_path) as app:
        clock.now += 2 * FRESH_SECONDS
        assert await make(app, clock).list_models() == models
        for damaged in ("not JSON", "{}", json.dumps({"base_url": base_url, "models": 1, "fetched_at": clock.now})):
            await app.store.record_setting(SETTING, damaged)
            with pytest.raises(UpstreamError) as caught:
                await make(app, clock).list_models()
        assert await make(app, clock).find_ids(20) == ()
    assert caught.value.kind == "offline"


async def test_what_is_kept_is_not_trusted(tmp_path: Path) -> None:
    """Entries that are no objects are passed over."""
    clock = Clock()
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        kept = {"base_url": app.prefs.base_url, "fetched_at": clock.now, "models": [1, None, {"id": "a/b"}]}
        await app.store.record_setting(SETTING, json.dumps(kept))
        assert await make(app, clock).find_ids(20) == ("a/b",)


async def test_models_that_cannot_be_kept_are_still_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the next one a fetch, and this one nothing."""

    async def refuse(*_: Any) -> None:
        raise DiskFull("the disk is full")

    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        monkeypatch.setattr(app.store, "record_setting", refuse)
        assert len(await make(app, Clock()).list_models()) == len(MODELS)


async def test_the_public_list_does_where_the_own_one_is_refused(tmp_path: Path) -> None:
    """Something to suggest from is there for any key."""

    async def refuse(exchange: Exchange) -> None:
        if exchange.request.target.endswith("/user"):
            await exchange.reply(403, b'{"error": {"code": 403, "message": "no"}}')
        else:
            await answer(exchange)

    async with Upstream(refuse) as upstream, opened(upstream.base_url, tmp_path) as app:
        assert len(await make(app, Clock()).list_models()) == len(MODELS)


async def test_it_does_not_keep_an_error_waiting(tmp_path: Path) -> None:
    """An upstream that says nothing costs the limit, not more, and no failure."""

    async def stall(exchange: Exchange) -> None:
        await exchange.gone()

    async with Upstream(stall) as upstream, opened(upstream.base_url, tmp_path) as app:
        assert await make(app, Clock()).find_ids(0.05) == ()
    assert len(upstream.requests) == 1


async def test_the_sandbox_has_one(tmp_path: Path) -> None:
    """The whole way, over real records."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        assert "openai/gpt-5-mini" in await make(app, Clock()).find_ids(20)
    assert MANAGEMENT_KEY not in json.dumps(sandbox.ledger.as_dict())


async def test_without_a_key(tmp_path: Path) -> None:
    """The public list is asked for where that will do, and only there."""
    async with Sandbox(pace=0) as sandbox:
        prefs = UserPrefs(home=tmp_path, base_url=sandbox.base_url)
        async with open_app(prefs, key=no_key, settling=False) as app:
            with pytest.raises(KeyUnavailable):
                await app.catalogue.list_models()
            assert len(await app.catalogue.list_models(may_lack_key=True)) > 3


async def test_asked_for_anew(tmp_path: Path) -> None:
    """However young the list is."""
    async with Upstream(answer) as upstream, opened(upstream.base_url, tmp_path) as app:
        catalogue = make(app, Clock())
        for is_fresh in (False, True, False):
            assert len(await catalogue.list_models(is_fresh=is_fresh)) == 3
    assert len(upstream.requests) == 2


def no_key() -> Secret:
    """There is none."""
    raise KeyUnavailable("no key", hint="")
