"""Serving the keys of an unlocked vault to commands of the same user."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.vault.doubles import KEY, OTHER, SetClock, make_content, make_entry

from chit.errors import VaultError, VaultLocked
from chit.vault.agent import Agent
from chit.vault.agent_client import AgentClient, AgentStatus
from chit.vault.agent_process import start_agent
from chit.vault.agent_socket import MOST_LINE, find_path, is_ours, open_listener
from chit.vault.content import encode_content
from chit.vault.entry import encode_entry
from chit.vault.key_info import describe_content
from chit.vault.unlocked import Unlocked

STAMP = (1, 2, 3)


class Serving:
    """An agent, its client, and what they share."""

    def __init__(self, home: Path, *, idle_seconds: float = 60.0) -> None:
        self.home = home
        self.clock = SetClock()
        self.changes: list[bool] = []
        self.locked = asyncio.Event()
        self.stamp: tuple[int, int, int] | None = STAMP
        self.unlocked = Unlocked(idle_seconds=idle_seconds, clock=self.clock, on_change=self._note)
        self.agent = Agent(home, self.unlocked, lambda: self.stamp)
        self.client = AgentClient(home)

    def _note(self, locked: bool) -> None:
        self.changes.append(locked)
        if locked:
            self.locked.set()


@contextlib.asynccontextmanager
async def serve(home: Path, **options: Any) -> AsyncIterator[Serving]:
    """An agent that listens, with an unlocked vault."""
    serving = Serving(home, **options)
    serving.unlocked.hold(make_content(), STAMP)
    await serving.agent.open()
    yield serving
    await serving.agent.close()


async def say(home: Path, data: bytes) -> bytes:
    """What comes back for bytes of any kind, until the other side closes."""
    reader, writer = await asyncio.open_unix_connection(os.fspath(find_path(home)))
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        writer.write_eof()
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_command_gets_the_keys(tmp_path: Path) -> None:
    """The key that is there is given, one that is not is not, and the status shows neither in the clear."""
    async with serve(tmp_path) as serving:
        entry = await serving.client.find("inference")
        assert entry is not None
        assert encode_entry(entry) == encode_entry(make_entry())
        assert await serving.client.find("management") is None
        status = await serving.client.find_status()
        assert status == AgentStatus(locked=False, seconds_left=60, keys=tuple(describe_content(make_content())))
        assert b"canary" not in await say(tmp_path, b'{"do": "status"}\n')


async def test_a_command_locks(tmp_path: Path) -> None:
    """Locking is told, twice is no error, and a locked agent says so."""
    async with serve(tmp_path) as serving:
        assert await serving.client.lock()
        assert await serving.client.lock()
        assert serving.changes == [False, True]
        with pytest.raises(VaultLocked):
            await serving.client.find("inference")
        assert await serving.client.find_status() == AgentStatus(locked=True)


async def test_it_locks_by_itself(tmp_path: Path) -> None:
    """Nobody need ask: when the time is over the keys are forgotten; the status does not put it off."""
    serving = Serving(tmp_path)
    serving.unlocked.hold(make_content(), STAMP)
    serving.clock.now += 59.99
    await serving.agent.open()
    status = await serving.client.find_status()
    assert status is not None
    assert not status.locked
    serving.clock.now += 0.01
    await serving.locked.wait()
    await serving.agent.close()


async def test_it_waits_for_what_never_locks(tmp_path: Path) -> None:
    """Without a time to lock it serves on."""
    async with serve(tmp_path, idle_seconds=0) as serving:
        serving.clock.now += 10**9
        assert await serving.client.find("inference") is not None


async def test_a_command_hands_over_what_it_saved(tmp_path: Path) -> None:
    """New content takes the old one's place, unlocks a locked one, and counts for the file of its stamp only."""
    async with serve(tmp_path) as serving:
        await serving.client.lock()
        serving.stamp = (4, 5, 6)
        assert await serving.client.hold(make_content(inference=make_entry(OTHER)), (4, 5, 6))
        entry = await serving.client.find("inference")
        assert entry is not None
        assert encode_entry(entry)["key"] == OTHER
        serving.stamp = (7, 8, 9)
        with pytest.raises(VaultLocked, match="changed from outside"):
            await serving.client.find("inference")
        assert serving.changes == [False, True, False, True]


async def test_too_much_is_not_handed_over(tmp_path: Path) -> None:
    """Content beyond the length of a line is not sent at all."""
    async with serve(tmp_path) as serving:
        content = make_content(**{f"k{number}": make_entry(label="x" * 99) for number in range(400)})
        assert len(encode_content(content)) > MOST_LINE
        assert not await serving.client.hold(content, STAMP)


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"no json\n",
        b"[" * 50_000 + b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"do": "steal"}\n',
        b'{"do": "get"}\n',
        b'{"do": "get", "name": 1}\n',
        b'{"do": "hold", "content": {}, "stamp": [1, 2, 3]}\n',
        b'{"do": "hold", "content": {}, "stamp": null}\n',
        b'{"do": "get", "name": "' + b"x" * MOST_LINE + b'"}\n',
        b"",
    ],
)
async def test_what_is_no_request_ends_the_connection(tmp_path: Path, data: bytes) -> None:
    """Anything else is answered by silence and a closed connection, and the next command is served."""
    async with serve(tmp_path) as serving:
        assert await say(tmp_path, data) == b""
        assert await serving.client.find("inference") is not None
        assert serving.changes == [False]


async def test_several_requests_on_one_connection(tmp_path: Path) -> None:
    """Each line is answered by one line."""
    async with serve(tmp_path):
        lines = (await say(tmp_path, b'{"do": "get", "name": "management"}\n{"do": "lock"}\n')).splitlines()
    assert [json.loads(line) for line in lines] == [{"ok": True, "entry": None}, {"ok": True}]


async def test_strangers_get_nothing(tmp_path: Path) -> None:
    """Attack case 13: another user's connection is closed unanswered, and another user's agent is not told anything."""
    serving = Serving(tmp_path)
    serving.unlocked.hold(make_content(), STAMP)
    agent = Agent(tmp_path, serving.unlocked, lambda: STAMP, user=os.geteuid() + 1)
    await agent.open()
    assert await say(tmp_path, b'{"do": "get", "name": "inference"}\n') == b""
    assert await serving.client.find("inference") is None
    await agent.close()
    async with serve(tmp_path):
        assert await AgentClient(tmp_path, user=os.geteuid() + 1).find_status() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
async def test_another_user_cannot_connect(tmp_path: Path) -> None:
    """Attack case 13: a real process of another user can neither connect to the socket nor read the folder."""
    async with serve(tmp_path / "home"):
        code = (
            "import os, socket, sys\nos.setgroups([]); os.setgid(12345); os.setuid(12345)\n"
            "for attempt in (lambda: socket.socket(socket.AF_UNIX).connect(sys.argv[1]), lambda: open(sys.argv[2])):\n"
            "    try: attempt(); print('open')\n"
            "    except PermissionError: print('closed')\n"
        )
        paths = [str(find_path(tmp_path / "home")), str(tmp_path / "home" / "run" / "agent.lock")]
        process = await asyncio.create_subprocess_exec(
            "/usr/bin/python3", "-I", "-c", code, *paths, stdout=asyncio.subprocess.PIPE
        )
        assert (await process.communicate())[0] == b"closed\nclosed\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"{}\n",
        b'{"ok": true, "entry": {"key": 1}}\n',
        b'{"ok": true, "locked": false, "keys": [{}]}\n',
        b'{"ok": true, "locked": false, "keys": 3}\n',
        b"x" * (MOST_LINE + 10),
    ],
)
async def test_nonsense_from_an_agent_is_no_agent(tmp_path: Path, answer: bytes) -> None:
    """Whatever else listens there is passed by, as if nobody did."""
    listener = open_listener(tmp_path)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(respond, sock=listener.socket)
    client = AgentClient(tmp_path)
    assert await client.find("inference") is None
    assert await client.find_status() is None
    server.close()
    listener.close()


async def test_an_agent_that_hangs_is_passed_by(tmp_path: Path) -> None:
    """One that takes connections and says nothing costs a moment, not the command."""
    listener = open_listener(tmp_path)
    assert await AgentClient(tmp_path, seconds=0.05).find("inference") is None
    listener.close()


async def test_nobody_there(tmp_path: Path) -> None:
    """Without a socket, and with one that a dead process left, there is no agent."""
    client = AgentClient(tmp_path)
    assert not await client.lock()
    path = find_path(tmp_path)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert not await client.lock()
    assert await client.find_status() is None


async def test_opening_twice_is_a_mistake(tmp_path: Path) -> None:
    """A second open is the programmer's error; a second close is none."""
    async with serve(tmp_path) as serving:
        with pytest.raises(RuntimeError):
            await serving.agent.open()
    await serving.agent.close()


# a process of its own


async def test_a_process_of_its_own_serves_until_locked(tmp_path: Path) -> None:
    """It outlives the call, gives the key, shows nothing in arguments or environment, and `lock` ends it."""
    await start_agent(tmp_path, make_content(), None, idle_seconds=600)
    client = AgentClient(tmp_path)
    assert is_ours(find_path(tmp_path))
    entry = await client.find("inference")
    assert entry is not None
    assert encode_entry(entry)["key"] == KEY
    with pytest.raises(VaultError, match="already"):
        await start_agent(tmp_path, make_content(), None, idle_seconds=600)
    seen = await asyncio.to_thread(see_processes)
    assert KEY.encode() not in seen
    assert b"chit.vault.agent_process" in seen
    assert await client.lock()
    await wait_for_end(tmp_path)
    assert not find_path(tmp_path).exists()


def see_processes() -> bytes:
    """Arguments and environments of all processes."""
    seen = b""
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                seen += (folder / name).read_bytes()
    return seen


async def wait_for_end(home: Path) -> None:
    """Until nobody holds the agent's lock: the process is gone, or about to be."""
    import fcntl

    with (home / "run" / "agent.lock").open("r+") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)


async def test_a_process_that_cannot_start_is_told(tmp_path: Path) -> None:
    """A missing interpreter and a process that says nothing are typed errors."""
    for command in (("/nowhere",), ("/bin/true",)):
        with pytest.raises(VaultError) as caught:
            await start_agent(tmp_path, make_content(), None, idle_seconds=1, command=command)
        assert "passphrase" in caught.value.hint


async def test_the_process_as_a_program(tmp_path: Path) -> None:
    """The module run by hand does the same: it says ready, serves in the background, and locks by itself."""
    order = {
        "home": str(tmp_path),
        "idle_seconds": 0,
        "stamp": [0, 0, 0],
        "content": json.loads(encode_content(make_content())),
    }
    command = [sys.executable, "-m", "chit.vault.agent_process"]
    given = json.dumps(order).encode()
    assert await asyncio.to_thread(subprocess.check_output, command, input=given) == b"ready\n"
    assert b"already" in await asyncio.to_thread(subprocess.check_output, command, input=given)
    with pytest.raises(VaultLocked, match="changed from outside"):
        await AgentClient(tmp_path).find("inference")
    await wait_for_end(tmp_path)
