"""The sandbox in the server, beside the person's own home."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.upstream import until
from tests.web.office import PASSPHRASE, Office, Setting, opened

from chit.core.messages import TextPart
from chit.errors import DiskFull
from chit.notices import GenerationEnded, HomeChanged
from chit.sandbox.server import Sandbox
from chit.vault.passphrase import Passphrase
from chit.web.errands import Errands
from chit.web.sandbox_room import SandboxPlace

HELLO = (TextPart("Hello?"),)
ECHO = {"model": "sandbox/echo"}
LONG = {"model": "sandbox/long"}


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home with a locked vault, and an upstream."""
    async with Sandbox(pace=0, settle_after=0) as upstream:
        setting = Setting(home=tmp_path / "home", upstream=upstream)
        await setting.seal_plainly()
        yield setting


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """It is open, and shows the person's own home."""
    async with opened(setting) as office:
        yield office


async def test_into_the_sandbox_and_back(office: Office) -> None:
    """It has a key, is never locked, and has a home of its own; each way is told once, if asked for twice."""
    browser = await office.sign_in()
    own = office.desk.app
    for _ in range(2):
        state = (await browser.ask("POST", "/sandbox")).json()
        assert (state["is_sandbox"], state["has_key"], state["locked"]) == (True, True, False)
        assert state["home"] == str(office.setting.home / "sandbox")
    await office.desk.check_key()
    running = await office.desk.app.engine.send(HELLO, parameters=ECHO)
    assert (await running.wait()).text
    assert running.error is None
    for _ in range(2):
        state = (await browser.ask("DELETE", "/sandbox")).json()
        assert (state["is_sandbox"], state["locked"]) == (False, True)
        assert state["home"] == str(office.setting.home)
    assert office.desk.app is own
    assert not office.setting.upstream.ledger.generations
    told = [each for each in office.notices if isinstance(each, HomeChanged)]
    assert told == [HomeChanged(True), HomeChanged(False)]
    assert [type(each) for each in office.notices].count(GenerationEnded) == 1


async def test_it_is_remembered_while_it_is_chosen(setting: Setting) -> None:
    """A restart comes back to the sandbox and to what was said there, until the person has left it."""
    async with opened(setting) as office:
        await office.desk.enter_sandbox()
        running = await office.desk.app.engine.send(HELLO, parameters=ECHO)
        await running.wait()
    async with opened(setting) as office:
        assert office.desk.is_sandbox
        assert (await office.desk.app.store.get_message(running.message.id)).text
        await office.desk.leave_sandbox()
    async with opened(setting) as office:
        assert not office.desk.is_sandbox


async def test_what_runs_there_is_stopped_and_kept(office: Office) -> None:
    """Leaving stops a running reply of the sandbox; its text is there on the next visit."""
    await office.desk.enter_sandbox()
    running = await office.desk.app.engine.send(HELLO, parameters=LONG)
    async for _ in running.watch():
        break
    await office.desk.leave_sandbox()
    await office.desk.enter_sandbox()
    generation = await office.desk.app.store.get_generation(running.generation.id)
    assert generation.state == "stopped"


async def test_what_runs_at_home_goes_on(office: Office) -> None:
    """A reply that comes in at home is finished there, and told to no page of the sandbox."""
    desk = office.desk
    await desk.unlock(Passphrase(PASSPHRASE))
    office.setting.upstream.pace = 1.0
    running = await desk.app.engine.send(HELLO, parameters=LONG)
    async for _ in running.watch():
        break
    await desk.enter_sandbox()
    assert (await desk.own.store.get_generation(running.generation.id)).state == "streaming"
    await running.stop()
    assert (await desk.own.store.get_generation(running.generation.id)).state == "stopped"
    assert not [each for each in office.notices if isinstance(each, GenerationEnded)]


async def test_a_sandbox_that_cannot_start_at_the_beginning(setting: Setting) -> None:
    """The server starts with the person's own home, and says what went wrong."""
    async with opened(setting) as office:
        await office.desk.enter_sandbox()

    @asynccontextmanager
    async def fail() -> AsyncIterator[SandboxPlace]:
        raise OSError("no port is free")
        yield

    setting.open_sandbox = fail
    async with opened(setting) as office:
        state = await office.desk.describe()
        assert (state.is_sandbox, state.warning) == (False, "the sandbox could not be opened: no port is free")


async def test_a_choice_that_cannot_be_kept_is_not_made(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the person stays at home, and is told."""

    async def fail(_name: str, _value: str) -> None:
        raise DiskFull("the disk is full")

    monkeypatch.setattr(office.desk.own.store, "record_setting", fail)
    browser = await office.sign_in()
    assert (await browser.ask("POST", "/sandbox")).status == 507
    assert not office.desk.is_sandbox
    monkeypatch.undo()
    assert (await browser.ask("POST", "/sandbox")).status == 200


async def test_the_end_does_not_wait_for_ever() -> None:
    """Work that hangs is broken off after its last seconds; work that ends is waited for."""
    errands, begun = Errands(), asyncio.Event()
    ended = []

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("broken off")

    caller = asyncio.create_task(errands.run(hang()))
    await begun.wait()
    await errands.close(0)
    assert ended == ["broken off"]
    await until(caller.done)
    await errands.close()
