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
from chit.cli.manner import Manner
from chit.cli.output import Output, OutputFile, StandardOutput, open_output
from chit.cli.prefs import load_prefs_aloud
from chit.cli.questions import Question, send_question
from chit.cli.receipt import chit_line
from chit.cli.replies import find_reply_id, list_remedies
from chit.cli.reply_content import write_json_reply, write_media
from chit.cli.reply_printer import ReplyPrinter, is_markdown
from chit.cli.terminal import begin_again, is_terminal, neutralise, write_err, write_json
from chit.cli.unlocking import CommandKeys
from chit.core.generation import Generation, write_chit
from chit.core.jsontext import encode_json
from chit.core.message_record import message_record
from chit.core.messages import Message
from chit.core.usage import write_cost
from chit.core.wire import ENGINE
from chit.errors import ChitError, StoreError
from chit.prefs import UserPrefs
from chit.running import Running
from chit.store.ids import short_id

WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A reply to be asked for again, or to be gone on with where it broke off."""

    name: str | None
    """An id of the reply, of its question or its conversation, as a person typed it; None is the last reply here."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """A JSON Merge Patch of the request."""
    goes_on: bool = False


def answer_question(
    question: Question | Again, manner: Manner, *, key_file: Path | None, passphrase_fd: int | None = None
) -> int:
    """Ask, print, and return the exit code. Raises `ChitError` if it came to nothing before sending."""
    prefs = load_prefs_aloud()
    keys = CommandKeys(prefs, passphrase_fd=passphrase_fd)
    keys.take_given(key_file)

    async def run() -> int:
        found = await keys.find()
        finder = thrifty_finder(keys, lambda: app.store)
        settling = (manner.wait or manner.only_cost) or None
        with open_output(manner.output, overwrite=manner.overwrite) as output:
            async with open_app(
                prefs.without_defaults(), key=keys.use, management_key=finder, scrub=keys.scrub, settling=settling
            ) as app:
                await warn_of_change(app, keys, found)
                return await _Asking(app, manner, prefs, output).run(question)

    return asyncio.run(run())


class _Asking:
    """One question under way."""

    def __init__(self, app: App, manner: Manner, prefs: UserPrefs, output: Output) -> None:
        self._app = app
        self._manner = manner
        self._prefs = prefs
        self._output = output
        self._stopped: int | None = None
        self._linger: asyncio.Task[None] | None = None

    async def run(self, question: Question | Again) -> int:
        running = await self._send(question)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, running, 128 + number)
        printer = self._open_printer(running)
        await printer.follow(running)
        message = await running.wait()
        printer.finish(message)
        error = running.error or self._write_content(message, running.generation)
        if self._manner.as_json:
            await self._settle(running.generation)
            await self._print_record(message, running, error)
        self._finish_file(message, is_whole=error is None and running.generation.state == "done")
        if not self._manner.as_json:
            await self._print_chit(message, running.generation)
        if error is not None:
            print_error(error)
        if is_terminal(sys.stderr) and not self._manner.quiet:
            remedies = list_remedies(running.error, message, running.generation)
            write_err("".join(f"  {neutralise(line)}\n" for line in remedies))
        if self._stopped is None and not self._manner.quiet:
            self._linger = asyncio.ensure_future(tell_low_balance(self._app, running.error))
            with suppress(asyncio.CancelledError):
                await self._linger
        elif self._stopped is not None and running.generation.state != "done":
            return self._stopped
        return DONE if error is None else exit_code(error)

    async def _send(self, question: Question | Again) -> Running:
        if isinstance(question, Question):
            return await send_question(self._app, question, self._prefs)
        engine = self._app.engine
        reply_id = await find_reply_id(self._app.store, question.name)
        verb = engine.continue_reply if question.goes_on else engine.regenerate
        return await verb(reply_id, changes=question.changes, origin="cli")

    def _open_printer(self, running: Running) -> ReplyPrinter:
        """For the text; what must fit a schema is written at its end."""
        manner = self._manner
        if manner.as_json or manner.schema is not None:
            return ReplyPrinter(None, quiet=manner.quiet)
        is_for_media = isinstance(self._output, OutputFile) and self._output.media
        output = StandardOutput() if is_for_media else self._output
        return ReplyPrinter(output, is_markdown=is_markdown(running), quiet=manner.quiet)

    def _write_content(self, message: Message, generation: Generation) -> ChitError | None:
        """What was asked for as data, once it is whole; returned is what is wrong with it."""
        manner = self._manner
        if generation.state != "done":
            return None
        if manner.schema is not None:
            output = None if manner.as_json else self._output
            return write_json_reply(message, generation.finish_reason, manner.schema, output)
        if isinstance(self._output, OutputFile) and self._output.media and not manner.as_json:
            return write_media(message, self._output, overwrite=manner.overwrite)
        return None

    def _on_signal(self, running: Running, code: int) -> None:
        """First: stop the reply, keep what came; while lingering: leave. Again: the program ends."""
        if self._stopped is not None:
            raise SystemExit(code)
        self._stopped = code
        if self._linger is not None:
            self._linger.cancel()
        else:
            self._stopping = asyncio.ensure_future(running.stop())

    async def _print_record(self, message: Message, running: Running, error: ChitError | None) -> None:
        """As it is kept; where its end could not be kept, as it is here."""
        generation = running.generation
        if isinstance(running.error, StoreError):
            message = replace(message, extra={ENGINE: {"completion": generation.completion, "generation": None}})
        else:
            message = await self._app.store.get_message(message.id)
            generation = await self._app.store.find_generation(message.id) or generation
        record = message_record(message, generation)
        if error is not None and running.error is None:
            record["error"] = error.as_dict()
        if isinstance(self._output, OutputFile):
            self._output.write(f"{encode_json(record).decode()}\n")
        else:
            write_json(record)

    def _finish_file(self, message: Message, *, is_whole: bool) -> None:
        """The file is put in its place; half an answer is not."""
        output = self._output
        if not isinstance(output, OutputFile):
            return
        if is_whole or self._manner.as_json:
            output.keep()
        elif message.parts and not output.is_kept:
            told = f"{output.name} was not written, since this is not what was asked for; what came:"
            write_err(neutralise(f"chit: {told} chit show {short_id(message.id)}\n"))

    async def _print_chit(self, message: Message, generation: Generation) -> None:
        """On a terminal the pending line is replaced in place; elsewhere it is printed once, when it is final.

        A request that was refused has no chit.
        """
        if generation.generation_id is None and generation.state == "failed":
            return
        if self._manner.only_cost:
            await self._print_cost(message, generation)
            return
        if self._manner.quiet:
            await self._settle(generation)
            return
        at_terminal = is_terminal(sys.stderr)
        generation = await self._find(message, generation)
        line = chit_line(write_chit(generation), sys.stderr)
        if at_terminal:
            write_err(line)
        await self._settle(generation, at_terminal=at_terminal)
        settled = chit_line(write_chit(await self._find(message, generation)), sys.stderr)
        if at_terminal and settled == line:
            write_err("\n")
        else:
            write_err(f"{begin_again(line, sys.stderr) if at_terminal else ''}{settled}\n")

    async def _print_cost(self, message: Message, generation: Generation) -> None:
        """For programs: US dollars with every digit, or `unknown`."""
        await self._settle(generation)
        cost = write_chit(await self._find(message, generation)).cost
        write_err(f"{'unknown' if cost is None else write_cost(cost)}\n")

    async def _find(self, message: Message, generation: Generation) -> Generation:
        """As it is kept by now."""
        return await self._app.store.find_generation(message.id) or generation

    async def _settle(self, generation: Generation, *, at_terminal: bool = False) -> None:
        prefs, manner = self._app.prefs, self._manner
        lingers = at_terminal and prefs.settle == "background"
        seconds = WAIT_SECONDS if manner.wait or manner.only_cost else prefs.linger_seconds if lingers else 0
        if generation.generation_id is None or not seconds or self._stopped is not None:
            return
        self._linger = asyncio.ensure_future(self._app.settler.wait_settled(generation.generation_id, seconds))
        await asyncio.wait([self._linger])
