"""A reply that was asked for as JSON: one block of code, laid out and coloured, and under it what its schema says.

While it comes in, it grows as an open block of code does; at its end it becomes what history shows.
"""

from collections.abc import Callable
from html import escape

from chit.core.json_format import JsonFormat
from chit.core.json_layout import lay_out
from chit.core.json_verdict import judge_json
from chit.render.blocks import BlockRenderer
from chit.render.changes import BlockChange, BlocksDropped, Change
from chit.render.code import render_code
from chit.render.hidden import mark_in_code
from chit.render.sanitise import sanitise
from chit.render.source import clean_source
from chit.render.state import RenderState

_FENCE = "~" * 40


def render_json(text: str, format: JsonFormat, finish_reason: str | None) -> list[str]:
    """The blocks of a whole reply; `finish_reason` says how it ended."""
    if not text.strip():
        return []
    verdict = judge_json(clean_source(text), format.schema, finish_reason)
    shown = lay_out(verdict.shown) if verdict.is_json else verdict.shown
    code = render_code(shown, "json", RenderState(), closed=True, tail=False)
    return [sanitise(code), *([_write_verdict(verdict.kind, verdict.text)] if verdict.text else [])]


class JsonBlocks:
    """As `BlockRenderer`, for such a reply. `finish` gives the reason for its end, once that is known."""

    def __init__(self, format: JsonFormat, finish: Callable[[], str | None]) -> None:
        self._format = format
        self._finish = finish
        self._growing = BlockRenderer()
        self._pieces: list[str] = []
        self._final: list[str] | None = None

    @property
    def blocks(self) -> list[str]:
        """The list that all changes so far have led to."""
        return self._growing.blocks if self._final is None else self._final

    def add(self, text: str) -> list[Change]:
        """Take a piece of text; what changes by it."""
        opening = [] if self._pieces else self._growing.add(f"{_FENCE}json\n")
        self._pieces.append(text)
        return opening + self._growing.add(text)

    def end(self) -> list[Change]:
        """No more text comes: the blocks become those of the whole."""
        before, self._final = self.blocks, render_json("".join(self._pieces), self._format, self._finish())
        changes: list[Change] = [
            BlockChange(at, html) for at, html in enumerate(self._final) if before[at : at + 1] != [html]
        ]
        return changes + ([BlocksDropped(len(self._final))] if len(self._final) < len(before) else [])


def _write_verdict(kind: str, text: str) -> str:
    classes = f"verdict {kind}".strip()
    return sanitise(f'<p class="{classes}">{mark_in_code(escape(text))}</p>')
