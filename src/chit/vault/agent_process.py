"""An agent in a process of its own, which `chit key unlock` starts and `chit key lock` ends.

`python -I -m chit.vault.agent_process`: what it needs comes over standard input; once it listens it goes on in the
background, and the process that was started ends with a line that says so.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from chit.errors import ChitError, VaultError
from chit.vault.agent import Agent
from chit.vault.agent_socket import Listener, open_listener
from chit.vault.child import ask_child
from chit.vault.content import Content, decode_content, encode_content
from chit.vault.unlocked import Unlocked, awake_clock
from chit.vault.vault_file import Stamp, find_stamp

COMMAND = (sys.executable, "-I", "-m", "chit.vault.agent_process")
_SECONDS = 30.0


async def start_agent(
    home: Path, content: Content, stamp: Stamp | None, *, idle_seconds: float, command: Sequence[str] = COMMAND
) -> None:
    """Start one, detached, with this content. Raises `VaultError`: somebody listens already, or it cannot start."""
    order = {
        "home": os.fspath(home),
        "idle_seconds": idle_seconds,
        "stamp": stamp,
        "content": json.loads(encode_content(content)),
    }
    try:
        answer = await ask_child(command, json.dumps(order).encode(), _SECONDS)
    except OSError as error:  # a TimeoutError is one too
        raise VaultError("the process that keeps the vault unlocked cannot be started", hint=_ASK_EACH_TIME) from error
    if answer != b"ready\n":
        reason = answer.decode("utf-8", "replace").strip() or "the process that keeps the vault unlocked failed"
        raise VaultError(reason, hint=_ASK_EACH_TIME)


_ASK_EACH_TIME = "Without it, each command asks for the passphrase."


def main(given: BinaryIO | None = None) -> None:
    """Read the order, listen, say so, and serve in the background until locked."""
    from chit.vault.hardening import harden

    harden()
    order = json.load(given or sys.stdin.buffer)
    try:
        listener = open_listener(Path(order["home"]))
    except ChitError as error:
        print(error.message)
        return
    if os.fork():
        listener.socket.close()  # the child's copy stays
        print("ready", flush=True)
        return
    _detach()
    asyncio.run(serve(listener, order))


def _detach() -> None:
    """Leave the session and the terminal."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in range(3):
        os.dup2(nowhere, handle)
    os.close(nowhere)


async def serve(listener: Listener, order: dict[str, Any]) -> None:
    """Serve what the order holds until it is locked, by a command or by the clock."""
    ended = asyncio.Event()
    unlocked = Unlocked(
        idle_seconds=order["idle_seconds"],
        clock=awake_clock,
        on_change=lambda locked: ended.set() if locked else ended.clear(),
    )
    home = Path(order["home"])
    stamp = tuple(order["stamp"]) if order["stamp"] else None
    unlocked.hold(decode_content(json.dumps(order["content"]).encode()), stamp)
    agent = Agent(home, unlocked, lambda: find_stamp(home))
    await agent.open(listener)
    await ended.wait()
    await agent.close()


if __name__ == "__main__":
    main()
