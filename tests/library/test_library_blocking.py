"""`chit.ask`: blocking, with and without an event loop around it."""

import asyncio
import contextvars
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.library.conftest import move_in

import chit
from chit.library.blocking import run_blocking
from chit.sandbox.server import Sandbox

ASK = "import chit; print(chit.ask('Hi', model='sandbox/echo'))"


async def test_it_works_where_a_loop_runs(box: Sandbox) -> None:
    """As in a notebook: the caller's loop is blocked, and Chit has one of its own, in a thread."""
    message = await asyncio.to_thread(_ask_within_a_loop)
    assert message.text == "Hi"
    assert message.chit is not None
    assert message.chit.settlement == "settled"


def _ask_within_a_loop() -> chit.Message:
    async def notebook() -> chit.Message:
        return chit.ask("Hi", model="sandbox/echo", wait=True)

    return asyncio.run(notebook())


async def test_it_works_without_a_loop(box: Sandbox) -> None:
    """As in a script; the value is of the type that was asked for."""
    reply = await asyncio.to_thread(lambda: chit.ask("How many?", returns=int))
    assert reply.value == 42
    settled = await asyncio.to_thread(lambda: chit.ask("How many?", returns=int, wait=True))
    assert settled.value == 42
    assert settled.chit is not None
    assert settled.chit.settled_cost == settled.cost


async def test_a_conversation_goes_on_between_calls(box: Sandbox) -> None:
    """Each call opens Chit anew, on the same history."""
    first = await asyncio.to_thread(lambda: chit.ask("One", model="sandbox/echo"))
    second = await asyncio.to_thread(lambda: chit.ask("Two", after=first))
    assert (second.text, second.conversation_id) == ("Two", first.conversation_id)


async def test_errors_come_through(box: Sandbox) -> None:
    """In both ways."""
    with pytest.raises(chit.UpstreamError):
        await asyncio.to_thread(lambda: chit.ask("Hi", model="sandbox/cut"))

    async def notebook() -> None:
        chit.ask("Hi", model="sandbox/cut")

    with pytest.raises(chit.UpstreamError):
        await asyncio.to_thread(lambda: asyncio.run(notebook()))


async def test_a_script(box: Sandbox, home: Path) -> None:
    """One line of a new user's, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (out, err) == (b"Hi\n", b"")


def test_a_context_goes_along() -> None:
    """What stands in context variables is there in the thread."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def read() -> str:
        return variable.get()

    async def notebook() -> str:
        variable.set("there")
        return run_blocking(read)

    assert asyncio.run(notebook()) == "there"


def test_ctrl_c_in_a_notebook() -> None:
    """It stops what runs in the thread, and is raised to the person."""
    ended = threading.Event()

    async def work() -> None:
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def notebook(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                run_blocking(make)
        finally:
            signal.signal(signal.SIGINT, before)

    asyncio.run(notebook(work))
    assert ended.is_set()


def test_the_sandbox_in_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thing to try, without any key."""
    move_in(home, "http://127.0.0.1:1/api/v1", monkeypatch, key="")
    assert chit.ask("Hi", model="sandbox/echo", sandbox=True).text == "Hi"


def test_a_key_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there is told, as by `open`."""
    move_in(home, "http://127.0.0.1:1/api/v1", monkeypatch, key="")
    with pytest.raises(chit.KeyUnavailable, match="cannot be read"):
        chit.ask("Hi", key_file=home / "nowhere")
