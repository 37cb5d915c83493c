"""The composition root: everything wired, adopted at the start, and closed whatever fails."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.canaries import echo_forms, find_canary, find_leaks
from tests.upstream import Exchange, Upstream, collect, event, give_key, opened, text_chunk, until

from chit.app import check_key_marks, open_app, record_key_marks
from chit.core.messages import TextPart
from chit.engine import Engine
from chit.errors import StoreDamaged, StoreError
from chit.openrouter.client import Timeouts
from chit.prefs import UserPrefs
from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.settlement import Settler
from chit.store import sqlite as sqlite_module
from chit.vault.fingerprint import KEY_MARKS, Marks

HELLO = (TextPart("Hello?"),)


async def test_a_reply_is_settled_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `settling`, a finished reply's record becomes extra data of its message without anyone asking."""
    monkeypatch.setattr(sqlite_module, "FIRST_LOOK", 0.0)
    async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, tmp_path, settling=True) as app:
        running = await app.engine.send(HELLO, parameters={"model": "sandbox/echo"})
        await running.wait()
        async with asyncio.timeout(20):
            await app.settler.wait_settled(running.generation.generation_id or "", 20)
        message = await app.store.get_message(running.message.id)
    assert message.extra["OpenRouter"]["generation"]["id"] == running.generation.generation_id
    assert message.extra["OpenRouter"]["completion"]["id"] == running.generation.generation_id


async def test_without_settling_nothing_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who settles for itself is left to it, even for what is due."""
    monkeypatch.setattr(sqlite_module, "FIRST_LOOK", 0.0)
    async with Sandbox(pace=0, settle_after=0) as sandbox:
        async with opened(sandbox.base_url, tmp_path) as app:
            await (await app.engine.send(HELLO, parameters={"model": "sandbox/echo"})).wait()
        assert not sandbox.ledger.lookups


async def test_preferences_reach_the_parts(tmp_path: Path) -> None:
    """Model, name and address of the preferences are what the request carries."""
    async with Sandbox(pace=0) as sandbox:
        prefs = UserPrefs(
            home=tmp_path,
            base_url=sandbox.base_url,
            model="sandbox/echo",
            app_name="Tester",
            app_url="https://t.example",
        )
        async with open_app(prefs, key=give_key, settling=False) as app:
            assert app.prefs is prefs
            await (await app.engine.send(HELLO)).wait()
        (received,) = sandbox.ledger.requests
    assert received.body["model"] == "sandbox/echo"
    assert received.headers["X-OpenRouter-Title"] == "Tester"
    assert received.headers["HTTP-Referer"] == "https://t.example"


async def test_timeouts_reach_the_client(tmp_path: Path) -> None:
    """Limits given to the app hold for its calls."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path, timeouts=Timeouts(idle=0.05)) as app:
        running = await app.engine.send(HELLO, parameters={"model": "sandbox/stall"})
        async with asyncio.timeout(20):
            await running.wait()
    assert running.generation.state == "cut"


async def test_a_second_app_leaves_alone_what_the_first_runs(tmp_path: Path) -> None:
    """Only rows of processes that are gone are adopted."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as first:
        running = await first.engine.send(HELLO, parameters={"model": "sandbox/stall"})
        await until(lambda: running.generation.state == "streaming")
        async with opened(sandbox.base_url, tmp_path) as second:
            row = await second.store.get_generation(running.generation.id)
            assert row.owner == first.store.owner
            assert row.state in ("sent", "streaming")
        await running.stop()
    assert running.generation.state == "stopped"


async def test_everything_is_closed_although_the_background_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours in the background is raised at the end, after client and store were closed."""

    async def break_down(_: Settler) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Settler, "run", break_down)
    with pytest.raises(RuntimeError, match="a bug"):
        async with opened("http://127.0.0.1:9/api/v1", tmp_path, settling=True) as app:
            await asyncio.sleep(0)
    with pytest.raises(StoreError, match="closed"):
        await app.store.list_pending()


async def test_everything_is_closed_although_the_start_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that cannot be adopted from is an error, and its owner's lock is given back."""

    async def fail(engine: Engine) -> None:
        assert engine._store.owner
        raise StoreDamaged("broken")

    monkeypatch.setattr(Engine, "adopt", fail)
    with pytest.raises(StoreDamaged):
        async with opened("http://127.0.0.1:9/api/v1", tmp_path):
            pass
    assert list((tmp_path / "run").iterdir()) == []


async def test_an_error_inside_is_not_hidden(tmp_path: Path) -> None:
    """What the caller raises comes out as it is, with everything closed."""
    with pytest.raises(ValueError, match="mine"):
        async with opened("http://127.0.0.1:9/api/v1", tmp_path, settling=True):
            raise ValueError("mine")
    assert list((tmp_path / "run").iterdir()) == []


# --- keys that upstream repeats (security and reliability §1, redaction) ---------------------------------------------


def _echo(how: str) -> Callable[[Exchange], Awaitable[None]]:
    """An upstream that repeats the key it was sent, in every form, in an error of that kind."""

    async def answer(exchange: Exchange) -> None:
        error: dict[str, Any] = {"code": 401, "message": echo_forms(exchange.request.headers["authorization"])}
        error["metadata"] = {"provider_name": error["message"], "raw": json.dumps(error), "headers": {"x": "y"}}
        if how == "refused":
            await exchange.reply(401, json.dumps({"error": error, "user_id": error["message"]}).encode())
        elif how == "not json":
            await exchange.reply(401, str(error["message"]).encode())
        elif how == "good status":
            await exchange.reply(200, json.dumps({"error": error}).encode())
        else:
            await exchange.open_stream()
            await exchange.chunk(text_chunk("Half"))
            data = event({"id": "gen-1", "error": error, "choices": [{"delta": {}, "error": error}]})
            middle = data.index(SANDBOX_KEY.encode()) + 20
            await exchange.chunk(data[:middle])
            await exchange.chunk(data[middle:] if how == "stream" else data[middle:].rstrip())
            await exchange.chunk(b"")

    return answer


@pytest.mark.parametrize("how", ["refused", "not json", "good status", "stream", "unended stream"])
async def test_a_key_that_upstream_repeats_is_kept_and_shown_nowhere(how: str, tmp_path: Path) -> None:
    """Database, its log, error and events are without the key, in whatever form and wherever the error repeats it."""
    async with Upstream(_echo(how)) as upstream, opened(upstream.base_url, tmp_path) as app:
        running = await app.engine.send(HELLO, parameters={"model": "a/b"}, stream="stream" in how)
        events = await collect(running)
        while_open = list(find_leaks(tmp_path))
        row = await app.store.get_generation(running.generation.id)
    assert find_canary(upstream.requests[0].headers["authorization"]), "the key was sent"
    assert running.error is not None
    assert "sk-or-…ee00" in json.dumps(running.error.as_dict(), ensure_ascii=False)
    told = [str(running.error), repr(running.error.as_dict()), repr(events), repr(row), repr(running.generation)]
    assert [find_canary(text) for text in told] == [None] * len(told)
    assert [*while_open, *find_leaks(tmp_path)] == []


def _hide(text: str) -> str:
    return text.replace("hunter2", "***")


async def test_keys_that_the_caller_knows_are_hidden_too(tmp_path: Path) -> None:
    """`scrub` is asked about every text of a failure."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(402, b'{"error": {"message": "hunter2"}}')

    async with Upstream(answer) as upstream:
        prefs = UserPrefs(home=tmp_path, base_url=upstream.base_url)
        async with open_app(prefs, key=give_key, settling=False, scrub=_hide) as app:
            running = await app.engine.send(HELLO, parameters={"model": "a/b"}, stream=False)
            await running.wait()
    assert running.error is not None
    assert running.error.as_dict()["raw"] == '{"error": {"message": "***"}}'


# --- keys that somebody else changed (attack case 39) ----------------------------------------------------------------


def _marks(vault_id: str | None = None, **fingerprints: str) -> Marks:
    return Marks(vault_id=vault_id, fingerprints=fingerprints)


async def test_a_key_changed_from_outside_is_told_once(tmp_path: Path) -> None:
    """The first sight is silent, the same key too, another key or vault is told, and after that expected."""
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        assert await check_key_marks(app.store, _marks("v1", inference="11111111")) is None
        assert await check_key_marks(app.store, _marks("v1", inference="11111111")) is None
        assert "inference key" in (await check_key_marks(app.store, _marks("v1", inference="22222222")) or "")
        assert await check_key_marks(app.store, _marks("v1", inference="22222222")) is None
        assert "vault file" in (await check_key_marks(app.store, _marks("v2", inference="22222222")) or "")
        assert await check_key_marks(app.store, _marks("v2", inference="22222222")) is None


async def test_our_own_change_is_not_told(tmp_path: Path) -> None:
    """After a save of ours its marks are the ones expected, in every process."""
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        await record_key_marks(app.store, _marks(inference="11111111"))
        await record_key_marks(app.store, _marks(inference="22222222"))
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        assert await check_key_marks(app.store, _marks(inference="22222222")) is None
        assert await check_key_marks(app.store, _marks(inference="11111111")) is not None


async def test_a_locked_vault_does_not_make_forget(tmp_path: Path) -> None:
    """Where nothing can be seen nothing is told, and a key that was changed meanwhile is told when it is seen."""
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        await check_key_marks(app.store, _marks("v1", inference="11111111", management="33333333"))
        assert await check_key_marks(app.store, _marks()) is None
        assert "vault file" in (await check_key_marks(app.store, _marks("v2")) or "")
        assert "management key" in (await check_key_marks(app.store, _marks("v2", management="44444444")) or "")


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"vault_id": 1, "fingerprints": {"inference": 1}}'])
async def test_marks_that_cannot_be_read_are_a_first_sight(text: str, tmp_path: Path) -> None:
    """Whatever stands in the setting, the check neither fails nor warns of what it does not know."""
    async with opened("http://127.0.0.1:9/api/v1", tmp_path) as app:
        await app.store.record_setting(KEY_MARKS, text)
        assert await check_key_marks(app.store, _marks("v1", inference="11111111")) is None
        assert await check_key_marks(app.store, _marks("v2", inference="11111111")) is not None
