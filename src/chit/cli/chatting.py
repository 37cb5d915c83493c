"""The work of `chit chat`: prompt, reply, chit, until the person leaves."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prompt_toolkit.history import History, InMemoryHistory

from chit.app import App, open_app
from chit.attaching import read_attachments
from chit.cli.balance_line import tell_low_balance, thrifty_finder
from chit.cli.chat_branches import show_turn
from chit.cli.chat_commands import read_input
from chit.cli.chat_completion import ChatCompleter
from chit.cli.chat_history import FILE_NAME, InputHistory
from chit.cli.chat_key import find_key
from chit.cli.chat_parameters import check_parameters
from chit.cli.chat_prompt import ChatPrompt, Left
from chit.cli.chat_state import ChatState, Turns
from chit.cli.chat_verbs import ChatVerbs, list_files
from chit.cli.chit_board import ChitBoard
from chit.cli.exits import one_line
from chit.cli.key_marks import warn_of_change
from chit.cli.output import StandardOutput
from chit.cli.prefs import load_prefs_aloud
from chit.cli.replies import IN_A_CHAT, list_remedies
from chit.cli.reply_printer import ReplyPrinter, is_markdown, wrap_words
from chit.cli.request_options import unite
from chit.cli.terminal import is_terminal, neutralise, paint, write_err, write_out
from chit.cli.typed_ahead import QuietTerminal, TypedAhead
from chit.cli.unlocking import CommandKeys
from chit.errors import ChitError, InputError
from chit.places import find_place
from chit.prefs import UserPrefs
from chit.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the options of the command say."""

    goes_on: bool = False
    place: str | None = None
    """The conversation to go on with, as a person names it; None is the last one here."""
    private: bool = False
    model: str | None = None
    system: str | None = None
    files: tuple[str, ...] = ()
    """Paths."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def chat_at_terminal(beginning: Beginning, *, key_file: Path | None, passphrase_fd: int | None) -> int:
    """Until the person leaves; the exit code. Raises `ChitError`."""
    if not (sys.stdin.isatty() and is_terminal(sys.stdout)):
        raise InputError("chit chat needs a terminal to type at", hint="In pipes and scripts, use `chit ask`.")
    prefs = load_prefs_aloud()
    keys = CommandKeys(prefs, passphrase_fd=passphrase_fd)
    keys.take_given(key_file)

    async def run() -> int:
        found = await keys.find()
        finder = thrifty_finder(keys, lambda: app.store)
        async with open_app(prefs.without_defaults(), key=keys.use, management_key=finder, scrub=keys.scrub) as app:
            await warn_of_change(app, keys, found)
            state = await _open_state(app, beginning)
            with QuietTerminal() as quiet:
                return await _Chatting(app, prefs, keys, state, quiet).run()

    return asyncio.run(run())


async def _open_state(app: App, beginning: Beginning) -> ChatState:
    state = ChatState(private=beginning.private, system=beginning.system)
    if beginning.goes_on:
        state.take_up(await find_place(app.store, beginning.place, "cli"))
    if beginning.model is not None:
        state.choose_model(beginning.model)
    if beginning.parameters:
        check_parameters(beginning.parameters)
        state.parameters = unite(state.parameters, dict(beginning.parameters))
        if state.conversation_id is not None:
            await app.store.record_parameters(state.conversation_id, state.parameters)
    state.files = read_attachments(beginning.files)
    return state


class _Chatting:
    """One chat."""

    def __init__(self, app: App, prefs: UserPrefs, keys: CommandKeys, state: ChatState, quiet: QuietTerminal) -> None:
        self._app = app
        self._state = state
        self._turns = Turns(app, prefs, state, lambda: find_key(keys, quiet))
        self._verbs = ChatVerbs(app, self._turns, self._show, keys.scrub)
        self._board = ChitBoard(app)
        history: History = InMemoryHistory() if state.private else InputHistory(prefs.home / FILE_NAME)
        self._prompt = ChatPrompt(
            history=history,
            completer=ChatCompleter(app.catalogue.list_models),
            lines=self._write_lines,
            on_clear=state.forget_rewriting,
        )
        self._board.on_change = self._prompt.refresh
        self._running: Running | None = None
        self._stopping: Running | None = None
        self._linger: asyncio.Future[None] | None = None
        self._left: int | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._on_interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._on_end)
        try:
            await self._greet()
            draft = ""
            while self._left is None:
                text = await self._prompt.read(draft)
                self._board.leave()
                draft = await self._take(text) if text.strip() else ""
            return self._left
        except Left as left:
            return left.code
        finally:
            self._board.close()

    async def _greet(self) -> None:
        place = await self._turns.find_path()
        models = self._turns.parameters.get("models") or [self._turns.parameters.get("model")]
        named = ", ".join(str(each) for each in models if each) or "your account's default model"
        write_out(paint(wrap_words(f"{named} · /help lists commands · Ctrl-D leaves"), "dim", sys.stdout))
        if self._state.private:
            write_out(paint(wrap_words("private: nothing of this is kept but what it costs"), "dim", sys.stdout))
        write_out("\n")
        if place:
            await show_turn(place)
        if self._state.leaf_id is not None:
            await self._board.put(self._state.leaf_id)

    async def _take(self, text: str) -> str:
        """Do what was typed; what the next prompt begins with."""
        words: str | None = None
        try:
            command, rest = read_input(text)
            if command is not None:
                draft = await self._verbs.obey(command, rest)
                write_out("" if command.asks else "\n")
                return draft
            words = text
            running = await self._turns.ask(rest)
            words = None
            await self._show(running)
        except ChitError as error:
            write_err(wrap_words(f"chit: {one_line(error)}") + "\n")
        return words or ""

    async def _show(self, running: Running) -> None:
        """A reply to its end, with its error and what may be done about it."""
        self._running = running
        printer = ReplyPrinter(StandardOutput(), is_markdown=is_markdown(running))
        write_out("\n")
        try:
            with TypedAhead(running.break_off) as typed:
                await printer.follow(running)
                message = await running.wait()
        finally:
            self._running = None
        printer.finish(message)
        self._prompt.type(typed.data)
        if message.parts:
            write_out("\n")
        told = [f"chit: {one_line(running.error)}"] if running.error else []
        remedies = list_remedies(running.error, message, running.generation, IN_A_CHAT)
        if told := told + [f"  {line}" for line in remedies]:
            write_err("".join(map(wrap_words, told)) + "\n")
        await self._board.put(message.id)
        if self._left is None:
            self._linger = asyncio.ensure_future(tell_low_balance(self._app, running.error))
            await asyncio.wait([self._linger])

    def _write_lines(self) -> list[str]:
        """Above the prompt: chits, then what goes along with the next question."""
        lines = self._board.lines()
        lines += [""] if lines else []
        waiting = [f"+ {line}" for line in list_files(self._state.files)]
        if self._state.rewriting is not None:
            waiting.append("in the place of your question (Ctrl-C: a new one)")
        return lines + [paint(neutralise(line), "dim", sys.stdout) for line in waiting]

    def _on_interrupt(self) -> None:
        """Stop the reply; what came is kept. At the prompt, as the key does. A second time, the program ends."""
        if self._running is not None:
            self._stop(self._running, 130)
        elif not self._prompt.interrupt() and self._linger is not None:
            self._linger.cancel()

    def _on_end(self) -> None:
        code = 128 + signal.SIGTERM
        self._left = code
        if self._running is not None:
            self._stop(self._running, code)
        self._prompt.leave(code)

    def _stop(self, running: Running, code: int) -> None:
        if self._stopping is running:
            raise SystemExit(code)
        self._stopping = running
        running.break_off()
