"""The composition root: everything wired, adopted at the start, and closed whatever fails."""

import asyncio
from pathlib import Path

import pytest
from tests.upstream import give_key, opened, until

from chit.app import open_app
from chit.core.messages import TextPart
from chit.engine import Engine
from chit.errors import StoreDamaged, StoreError
from chit.openrouter.client import Timeouts
from chit.prefs import UserPrefs
from chit.sandbox.server import Sandbox
from chit.settlement import Settler
from chit.store import sqlite as sqlite_module

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
