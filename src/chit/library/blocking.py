"""Asking without `async`: for scripts, the interactive Python and notebooks."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, Unpack, overload

from chit.library.message import Message, ValueMessage
from chit.library.opening import open
from chit.library.prompt import Prompt
from chit.library.question import AskOptions

T = TypeVar("T")


@overload
def ask(
    prompt: Prompt,
    *,
    returns: None = None,
    wait: bool = False,
    key_file: str | Path | None = None,
    sandbox: bool = False,
    **options: Unpack[AskOptions],
) -> Message: ...


@overload
def ask(
    prompt: Prompt,
    *,
    returns: type[T],
    wait: bool = False,
    key_file: str | Path | None = None,
    sandbox: bool = False,
    **options: Unpack[AskOptions],
) -> ValueMessage[T]: ...


def ask(
    prompt: Prompt,
    *,
    returns: Any = None,
    wait: bool = False,
    key_file: str | Path | None = None,
    sandbox: bool = False,
    **options: Unpack[AskOptions],
) -> Message:
    """Ask one question and return its reply: `print(chit.ask("Why is the sky blue?"))`.

    With `wait`, once its cost is settled, or after 60 seconds. Works where an event loop runs already, as in notebooks,
    and then blocks that. Everything else is as in `App.send`, `key_file` and `sandbox` as in `open`; for more than a
    few questions, open Chit once.
    """

    async def send() -> Message:
        async with open(key_file=key_file, sandbox=sandbox) as app:
            message: Message = await app.send(prompt, returns=returns, **options)
            return await _wait_settled(message) if wait else message

    return run_blocking(send)


async def _wait_settled(message: Message) -> Message:
    await message.settled()
    return replace(message, generation=await message.desk.store.find_generation(message.id))


def run_blocking(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What it returns; where an event loop runs already, in a thread of its own. Ctrl-C stops it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    return _run_in_thread(work)


def _run_in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    begun: Future[Callable[[], object]] = Future()
    ended: Future[T] = Future()

    async def run() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - `asyncio.run` makes one
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await work()

    def fill() -> None:
        try:
            ended.set_result(asyncio.run(run()))
        except BaseException as error:
            ended.set_exception(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(fill,), name="chit.ask")
    try:
        thread.start()
        return ended.result()
    except KeyboardInterrupt:
        cancel = begun.result()
        cancel()
        ended.exception()  # what came has to be kept first
        raise
