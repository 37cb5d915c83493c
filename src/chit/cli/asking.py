"""The work of `chit ask`: send, show as it comes, and hand over the chit."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chit.app import App, open_app
from chit.cli.balance_line import tell_low_balance, thrifty_finder
from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.key_marks import warn_of_change
from chit.cli.parts import part_lines
from chit.cli.prefs import load_prefs_aloud
from chit.cli.receipt import chit_line
from chit.cli.replies import find_reply_id, list_remedies
from chit.cli.terminal import begin_again, is_terminal, neutralise, paint, write_err, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.events import Event, ReasoningAdded, Retrying, TextAdded
from chit.core.generation import Generation, write_chit
from chit.core.message_record import message_record
from chit.core.messages import Message, TextPart
from chit.core.sentence import sentence
from chit.core.surrogates import join_surrogates
from chit.core.wire import ENGINE
from chit.errors import StoreError
from chit.running import Running

WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to send: a text with its parameters, or a whole request body."""

    text: str = ""
    system: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    request: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A reply to be asked for again, or to be gone on with where it broke off."""

    name: str | None
    """An id of the reply, of its question or its conversation, as a person typed it; None is the last reply here."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """A JSON Merge Patch of the request."""
    goes_on: bool = False


def answer_question(
    question: Question | Again, *, key_file: Path | None, passphrase_fd: int | None = None, as_json: bool, wait: bool
) -> int:
    """Ask, print, and return the exit code. Raises `ChitError` if it came to nothing before sending."""
    prefs = load_prefs_aloud()
    keys = CommandKeys(prefs, passphrase_fd=passphrase_fd)
    keys.take_given(key_file)

    async def run() -> int:
        found = await keys.find()
        finder = thrifty_finder(keys, lambda: app.store)
        async with open_app(prefs, key=keys.use, management_key=finder, scrub=keys.scrub, settling=wait or None) as app:
            await warn_of_change(app, keys, found)
            return await _Asking(app, as_json=as_json, wait=wait).run(question)

    return asyncio.run(run())


class _Asking:
    """One question under way."""

    def __init__(self, app: App, *, as_json: bool, wait: bool) -> None:
        self._app = app
        self._as_json = as_json
        self._wait = wait
        self._stopped: int | None = None
        self._shown = ""
        self._told = ""
        self._linger: asyncio.Task[None] | None = None

    async def run(self, question: Question | Again) -> int:
        running = await self._send(question)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, running, 128 + number)
        await self._show(running)
        message = await running.wait()
        if self._as_json:
            await self._settle(running.generation)
            await self._print_record(message, running)
        else:
            self._finish_text(message)
            await self._print_chit(message, running.generation)
        if running.error is not None:
            print_error(running.error)
        if is_terminal(sys.stderr):
            remedies = list_remedies(running.error, message, running.generation)
            write_err("".join(f"  {neutralise(line)}\n" for line in remedies))
        if self._stopped is None:
            self._linger = asyncio.ensure_future(tell_low_balance(self._app, running.error))
            with suppress(asyncio.CancelledError):
                await self._linger
        elif running.generation.state != "done":
            return self._stopped
        return DONE if running.error is None else exit_code(running.error)

    async def _send(self, question: Question | Again) -> Running:
        engine = self._app.engine
        if isinstance(question, Again):
            reply_id = await find_reply_id(self._app.store, question.name)
            verb = engine.continue_reply if question.goes_on else engine.regenerate
            return await verb(reply_id, changes=question.changes, origin="cli")
        if question.request is not None:
            return await engine.send_request(question.request, origin="cli")
        return await engine.send(
            [TextPart(join_surrogates(question.text))],
            parameters=question.parameters,
            system=question.system,
            stream=question.stream,
            origin="cli",
        )

    def _on_signal(self, running: Running, code: int) -> None:
        """First: stop the reply, keep what came; while lingering: leave. Again: the program ends."""
        if self._stopped is not None:
            raise SystemExit(code)
        self._stopped = code
        if self._linger is not None:
            self._linger.cancel()
        else:
            self._stopping = asyncio.ensure_future(running.stop())

    async def _show(self, running: Running) -> None:
        thinking = False
        async for _, event in running.watch():
            self._show_event(event, first_thought=not thinking)
            thinking = thinking or isinstance(event, ReasoningAdded)

    def _show_event(self, event: Event, *, first_thought: bool) -> None:
        if isinstance(event, Retrying):
            self._announce(event)
        elif self._as_json:
            return
        elif isinstance(event, TextAdded):
            self._write(event.text)
        elif isinstance(event, ReasoningAdded) and first_thought and is_terminal(sys.stderr):
            write_err(paint("thinking…\n", "dim", sys.stderr))

    def _announce(self, event: Retrying) -> None:
        """That it is sent again; why is told where it was not the last thing told."""
        message = event.error.message
        why = "Again" if message == self._told else f"{sentence(message)} Trying again"
        self._told = message
        write_err(f"chit: {neutralise(why)} in {event.delay:.0f} s.\n")

    def _write(self, text: str) -> None:
        write_out(neutralise(text) if is_terminal(sys.stdout) else text)
        self._shown += text

    def _finish_text(self, message: Message) -> None:
        """What a stream of text events does not show: a unary reply's text, tool calls, media."""
        if not self._shown and message.text:
            self._write(message.text)
        if self._shown and not self._shown.endswith("\n"):
            write_out("\n")
        write_err("".join(f"{line}\n" for line in part_lines(message)))

    async def _print_record(self, message: Message, running: Running) -> None:
        """As it is kept; where its end could not be kept, as it is here."""
        generation = running.generation
        if isinstance(running.error, StoreError):
            message = replace(message, extra={ENGINE: {"completion": generation.completion, "generation": None}})
        else:
            message = await self._app.store.get_message(message.id)
            generation = await self._app.store.find_generation(message.id) or generation
        write_json(message_record(message, generation))

    async def _print_chit(self, message: Message, generation: Generation) -> None:
        """On a terminal the pending line is replaced in place; elsewhere it is printed once, when it is final.

        A request that was refused has no chit.
        """
        if generation.generation_id is None and generation.state == "failed":
            return
        at_terminal = is_terminal(sys.stderr)
        generation = await self._app.store.find_generation(message.id) or generation
        line = chit_line(write_chit(generation), sys.stderr)
        if at_terminal:
            write_err(line)
        await self._settle(generation, at_terminal=at_terminal)
        generation = await self._app.store.find_generation(message.id) or generation
        settled = chit_line(write_chit(generation), sys.stderr)
        if at_terminal and settled == line:
            write_err("\n")
        else:
            write_err(f"{begin_again(line, sys.stderr) if at_terminal else ''}{settled}\n")

    async def _settle(self, generation: Generation, *, at_terminal: bool = False) -> None:
        prefs = self._app.prefs
        lingers = at_terminal and prefs.settle == "background"
        seconds = WAIT_SECONDS if self._wait else prefs.linger_seconds if lingers else 0
        if generation.generation_id is None or not seconds or self._stopped is not None:
            return
        self._linger = asyncio.ensure_future(self._app.settler.wait_settled(generation.generation_id, seconds))
        await asyncio.wait([self._linger])
