"""A reply that comes in, written where it goes: laid out for a person who watches, as it is for a program."""

import sys
from typing import TYPE_CHECKING, Protocol

from chit.cli.parts import part_lines
from chit.cli.terminal import count_columns, is_terminal, neutralise, paint, wants_colour, write_err
from chit.core.events import Event, ReasoningAdded, Retrying, TextAdded
from chit.core.json_format import find_json_format
from chit.core.messages import Message
from chit.core.sentence import sentence
from chit.running import Running

if TYPE_CHECKING:
    from chit.cli.markdown_stream import MarkdownStream

_WIDEST = 100
"""Cells; longer lines are hard to read."""


class Destination(Protocol):
    """Where text goes."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches."""

    def write(self, text: str) -> None:
        """At once."""


def find_width() -> int:
    """Cells of a line of text, by the window as it is now; its last column stays free."""
    return min(count_columns(sys.stdout) - 1, _WIDEST)


def wrap_words(text: str) -> str:
    """A line of our own in as many as it needs, indented as it is; addresses stay whole."""
    from chit.cli.inline_marks import Span
    from chit.cli.word_wrap import WordWrap

    wrap, said = WordWrap(find_width), neutralise(text)
    indent = " " * (len(said) - len(said.lstrip()))
    return wrap.begin(indent, indent) + wrap.put([Span(said.lstrip())]) + wrap.end()


def open_stream() -> "MarkdownStream":
    """Markdown for the person at standard output."""
    from chit.cli.markdown_stream import MarkdownStream  # what lays it out is nothing that a pipe need pay for

    return MarkdownStream(styled=wants_colour(sys.stdout), width=find_width)


def is_markdown(running: Running) -> bool:
    """Whether its reply is; JSON that was asked for is not."""
    return find_json_format(running.generation.request) is None


class ReplyPrinter:
    """Of one reply."""

    def __init__(self, output: Destination | None, *, is_markdown: bool = True, quiet: bool = False) -> None:
        """Without an `output` no text is written; `quiet` says nothing beside it."""
        self._output = output
        self._quiet = quiet
        at_terminal = output is not None and output.is_terminal
        self._stream = open_stream() if at_terminal and is_markdown else None
        self._neutral = at_terminal
        self._last = ""
        self._told = ""
        self._has_thought = False

    async def follow(self, running: Running) -> None:
        """To its end."""
        async for _, event in running.watch():
            self.show(event)

    def show(self, event: Event) -> None:
        """One event; what is nothing to see is passed over."""
        match event:
            case Retrying():
                self._announce(event)
            case TextAdded(text):
                self._write(text)
            case ReasoningAdded() if not self._has_thought:
                self._has_thought = True
                if self._output is not None and is_terminal(sys.stderr) and not self._quiet:
                    write_err(paint("thinking…\n", "dim", sys.stderr))

    def finish(self, message: Message) -> None:
        """What a stream of text events does not show: a unary reply's text, tool calls, media."""
        if not self._last and message.text:
            self._write(message.text)
        if self._stream is not None and self._output is not None:
            self._output.write(self._stream.end())
        elif self._output is not None and self._last and not self._last.endswith("\n"):
            self._output.write("\n")
        if self._output is not None and not self._quiet:
            write_err("".join(f"{line}\n" for line in part_lines(message)))

    def _write(self, text: str) -> None:
        if self._output is None:
            return
        self._last = text or self._last
        if self._stream is not None:
            text = self._stream.feed(text)
        elif self._neutral:
            text = neutralise(text)
        self._output.write(text)

    def _announce(self, event: Retrying) -> None:
        """That it is sent again; why is told where it was not the last thing told."""
        if self._quiet:
            return
        message = event.error.message
        why = "Again" if message == self._told else f"{sentence(message)} Trying again"
        self._told = message
        write_err(f"chit: {neutralise(why)} in {event.delay:.0f} s.\n")
