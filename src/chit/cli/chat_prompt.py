"""Where a person types: a line or several, with history and completion, and the last chit above it."""

import os
import re
import sys
from collections.abc import Callable, Sequence

from prompt_toolkit.application import create_app_session, get_app_or_none
from prompt_toolkit.completion import Completer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.history import History
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession
from rich.cells import cell_len

from chit.cli.exits import DONE, STOPPED
from chit.cli.terminal import count_columns

MARK = "> "
_STYLE = re.compile("\x1b\\[[0-9;]*m")
_AGAIN = "Ctrl-C again leaves"
_MENU_ROWS = 8


class Left(Exception):
    """The person is done."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ChatPrompt:
    """`read` an input; meanwhile `refresh` it when what stands above it has changed."""

    def __init__(
        self,
        *,
        history: History,
        completer: Completer,
        lines: Callable[[], Sequence[str]],
        on_clear: Callable[[], None],
    ) -> None:
        """`lines` are what stands above the mark, in the terminal's own codes; `on_clear` is called for Ctrl-C."""
        self._lines = lines
        self._on_clear = on_clear
        self._is_warned = False
        self._above: list[str] | None = None
        with create_app_session(output=PlainTextOutput(sys.stdout)):  # that of a dumb terminal
            self._session = self._open_session(history, completer)
        self._session.default_buffer.on_text_changed += lambda _: self._calm()

    def _open_session(self, history: History, completer: Completer) -> PromptSession[str]:
        return PromptSession(
            message=self._write_message,
            history=history,
            completer=completer,
            complete_while_typing=Condition(lambda: self._session.default_buffer.text.startswith("/")),
            complete_style=CompleteStyle.COLUMN,
            reserve_space_for_menu=_MENU_ROWS,
            multiline=True,
            prompt_continuation=" " * len(MARK),
            placeholder=self._write_placeholder,
            key_bindings=self._bind_keys(),
            output=_open_output(),
        )

    async def read(self, draft: str = "") -> str:
        """What was typed, beginning with `draft`. Raises `Left`."""
        self._is_warned, self._above = False, None
        try:
            return await self._session.prompt_async(default=draft, handle_sigint=False)
        except EOFError:
            raise Left(DONE) from None

    def refresh(self) -> None:
        """Draw it anew, if it is there."""
        if (app := get_app_or_none()) is not None:
            app.invalidate()

    def interrupt(self) -> bool:
        """As Ctrl-C; whether it is there."""
        if (app := get_app_or_none()) is None:
            return False
        app.key_processor.send_sigint()
        return True

    def leave(self, code: int) -> None:
        """End it, if it is there."""
        if (app := get_app_or_none()) is not None:
            app.exit(exception=Left(code))

    def type(self, data: bytes) -> None:
        """As if a person had typed this there."""
        keys: list[KeyPress] = []
        parser = Vt100Parser(keys.append)
        parser.feed(data.decode("utf-8", "replace"))
        parser.flush()
        store_typeahead(self._session.input, keys)

    def _write_message(self) -> StyleAndTextTuples:
        if self._above is None or not is_dumb():  # what is drawn once must not seem to have been drawn anew
            columns = max(count_columns(sys.stdout) - 1, 1)
            self._above = [piece for line in self._lines() for piece in fold_line(line, columns)]
        return to_formatted_text(ANSI("".join(f"{line}\n" for line in self._above) + MARK))

    def _write_placeholder(self) -> StyleAndTextTuples:
        return [("fg:ansibrightblack", _AGAIN)] if self._is_warned else []

    def _calm(self) -> None:
        if self._session.default_buffer.text:
            self._is_warned = False

    def _bind_keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter")
        def send(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
                buffer.complete_state = None  # it was chosen; the next one sends
            else:
                buffer.validate_and_handle()

        @keys.add("escape", "enter")
        def break_line(event: KeyPressEvent) -> None:
            event.current_buffer.newline(copy_margin=False)

        @keys.add("c-c")
        @keys.add("<sigint>")
        def clear(event: KeyPressEvent) -> None:
            if self._is_warned:
                event.app.exit(exception=Left(STOPPED))
                return
            event.current_buffer.reset()
            self._on_clear()
            self._is_warned = True
            event.app.invalidate()

        return keys


def is_dumb() -> bool:
    """Whether the terminal can show no more than one thing after the other."""
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")


def fold_line(line: str, columns: int) -> list[str]:
    """A line in as many as it needs, broken at its dots; what is still too wide is left to the terminal."""
    folded: list[str] = []
    for piece in line.split(" · "):
        longer = f"{folded[-1]} · {piece}" if folded else piece
        if folded and cell_len(_STYLE.sub("", longer)) > columns:
            folded.append(f"  {piece}")
        else:
            folded[-1:] = [longer]
    return folded


def _open_output() -> Output | None:
    """The terminal, without asking it where its cursor is: the answer might come after we have left. A dumb one is
    left to prompt_toolkit.
    """
    if is_dumb():
        return None

    def get_size() -> Size:
        rows, columns = os.get_terminal_size(sys.stdout.fileno())[::-1]
        return Size(rows=rows or 24, columns=columns or 80)

    return Vt100_Output(sys.stdout, get_size, term=os.environ.get("TERM"), enable_cpr=False)
