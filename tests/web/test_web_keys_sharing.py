"""The vault that is open in the server, shared with commands; and what other processes had open before."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.canaries import PERSONS_KEY
from tests.cli.person import Person
from tests.vault.doubles import make_content, make_entry
from tests.web.office import PASSPHRASE, Office, Setting, opened

from chit.core.messages import TextPart
from chit.errors import VaultLocked
from chit.notices import LockChanged
from chit.sandbox.server import Sandbox
from chit.vault.age_worker import AgeWorker
from chit.vault.agent import Agent
from chit.vault.agent_client import AgentClient
from chit.vault.agent_process import start_agent
from chit.vault.agent_socket import find_path, is_ours, open_listener
from chit.vault.passphrase import Passphrase
from chit.vault.store import SecretStore
from chit.vault.unlocked import Unlocked
from chit.vault.vault_file import find_stamp
from chit.web.instance_file import Instance, save_instance
from chit.web.key_sharing import KeySharing

HELLO = (TextPart("Hello?"),)
ECHO = {"model": "sandbox/echo"}


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home with a locked vault, and an upstream."""
    async with Sandbox(pace=0, settle_after=0) as upstream:
        setting = Setting(home=tmp_path / "home", upstream=upstream)
        await setting.seal_plainly()
        yield setting


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """An office with a locked vault."""
    async with opened(setting) as office:
        yield office


async def run(setting: Setting, *arguments: str) -> tuple[int, str, str]:
    """`chit` in a process, for the same home and without a key of its own."""
    person = Person(home=setting.home, upstream=setting.upstream, variables={"OPENROUTER_API_KEY": ""})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chit",
        *arguments,
        env=person.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_command_uses_the_key_of_the_server(setting: Setting) -> None:
    """`chit ask` and `chit key status` find the vault open; after `chit key lock` the pages are locked as well."""
    setting.seal()
    setting.handed = replace(setting.handed, sealer=AgeWorker())
    async with opened(setting) as office:
        browser = await office.sign_in()
        code, _, err = await run(setting, "ask", "--model", "sandbox/echo", "Hello")
        assert (code, "locked" in err) == (3, True)
        assert (await browser.ask("POST", "/unlock", passphrase=PASSPHRASE)).status == 200
        code, out, err = await run(setting, "ask", "--model", "sandbox/echo", "Hello")
        assert (code, "Hello" in out) == (0, True), err
        assert PERSONS_KEY in setting.upstream.account.keys
        code, out, _ = await run(setting, "key", "lock")
        assert (code, out) == (0, "The vault is locked.\n")
        assert office.desk.locked
        assert office.notices[-1] == LockChanged(True)
    assert not is_ours(find_path(setting.home))


async def test_a_command_unlocks_the_pages(office: Office) -> None:
    """What `chit key unlock` hands over opens the pages too, which are told of it."""
    stamp = find_stamp(office.setting.home)
    content = make_content(inference=make_entry(PERSONS_KEY, base_url=office.setting.upstream.base_url))
    assert await AgentClient(office.setting.home).hold(content, stamp)
    assert not office.desk.locked
    assert office.notices == [LockChanged(False)]


async def test_an_agent_that_runs_already_hands_over(setting: Setting) -> None:
    """What a command had unlocked before stays unlocked in the server, and the command's process ends."""
    content = make_content(inference=make_entry(PERSONS_KEY, base_url=setting.upstream.base_url))
    await start_agent(setting.home, content, find_stamp(setting.home), idle_seconds=60)
    async with opened(setting) as office:
        state = await office.desk.describe()
        assert (state.has_key, state.locked, state.vault.sharing_problem, state.warning) == (True, False, None, None)
        assert await AgentClient(setting.home).find("inference")
    assert not is_ours(find_path(setting.home))


async def test_a_vault_that_changed_is_not_handed_over(setting: Setting) -> None:
    """What was unlocked before the file changed is of no use: the agent says so, and the server starts locked."""
    content = make_content(inference=make_entry(PERSONS_KEY, base_url=setting.upstream.base_url))
    await start_agent(setting.home, content, (1, 2, 3), idle_seconds=60)
    async with opened(setting) as office:
        state = await office.desk.describe()
        assert (state.locked, state.vault.sharing_problem) == (True, None)


async def test_another_server_keeps_the_socket(setting: Setting) -> None:
    """A second server of one home says that it cannot share; locked it can be unlocked on its own."""
    async with opened(setting):
        async with opened(setting) as second:
            assert (await second.desk.describe()).vault.sharing_problem is not None
            await second.desk.unlock(Passphrase(PASSPHRASE))
            assert not second.desk.locked
        assert await AgentClient(setting.home).find_status()


@pytest.fixture
async def unlocked(setting: Setting) -> AsyncIterator[Unlocked]:
    """What an agent that does not end holds."""
    unlocked = Unlocked(idle_seconds=60, clock=setting.clock)
    content = make_content(inference=make_entry(PERSONS_KEY, base_url=setting.upstream.base_url))
    unlocked.hold(content, find_stamp(setting.home))
    agent = Agent(setting.home, unlocked, lambda: find_stamp(setting.home))
    await agent.open()
    yield unlocked
    await agent.close()


async def test_what_cannot_be_taken_over_is_locked(setting: Setting, unlocked: Unlocked) -> None:
    """An unlocked agent that is asked to end and does not: nothing stays open here that a command could not lock."""
    store = SecretStore(setting.home, base_url=setting.prefs.base_url, keychain=setting.handed.keychain)
    sharing = KeySharing(store, handover_tries=2)
    await sharing.open()
    assert (unlocked.is_locked, store.unlocked.is_locked) == (True, True)
    assert sharing.problem == "a running Chit already keeps the vault unlocked for others"
    await sharing.close()


async def test_another_server_stays_unlocked(setting: Setting, unlocked: Unlocked) -> None:
    """Where another process serves this home its vault is used as a command would use it, until it is locked."""
    save_instance(setting.home / "run", Instance(port=1, pid=os.getppid(), secret=""))
    async with opened(setting) as office:
        assert not unlocked.is_locked
        await office.desk.check_key()
        assert (office.desk.locked, office.desk.ring.sharing.problem is None) == (False, False)
        unlocked.lock()
        with pytest.raises(VaultLocked):
            await office.desk.check_key()
        assert office.desk.locked


async def test_a_dead_server_is_no_server(setting: Setting) -> None:
    """What a server left that was killed keeps nobody from taking over."""
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    save_instance(setting.home / "run", Instance(port=1, pid=ended.pid, secret=""))
    content = make_content(inference=make_entry(PERSONS_KEY, base_url=setting.upstream.base_url))
    await start_agent(setting.home, content, find_stamp(setting.home), idle_seconds=60)
    async with opened(setting) as office:
        assert (office.desk.locked, office.desk.ring.sharing.problem) == (False, None)


async def test_a_taken_lock_without_a_socket_is_told(setting: Setting) -> None:
    """Somebody who holds the lock and does not answer keeps commands unserved, and nothing else."""
    listener = open_listener(setting.home)
    os.unlink(listener.path)
    async with opened(setting) as office:
        assert office.desk.ring.sharing.problem is not None
        listener.close()
        await office.desk.unlock(Passphrase(PASSPHRASE))
        assert office.desk.ring.sharing.problem is None


async def test_two_openings_at_once_are_one(office: Office) -> None:
    """Two unlocks in the same moment share the vault once, and neither takes the other for another process."""
    sharing = office.desk.ring.sharing
    await sharing.close()
    await office.desk.ring.store.unlock(Passphrase(PASSPHRASE))
    await asyncio.gather(*(sharing.open() for _ in range(3)))
    assert sharing.problem is None
    assert not office.desk.locked
