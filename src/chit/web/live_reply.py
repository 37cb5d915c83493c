"""A reply as pages see it grow: rendered here, once for all of them, and told through the hub."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chit.core.events import (
    AnnotationAdded,
    Event,
    MediaAdded,
    ReasoningAdded,
    Retrying,
    Started,
    TextAdded,
    ToolCallAdded,
)
from chit.core.json_format import find_json_format
from chit.core.messages import AnnotationPart, MediaPart, Message, Part, ReasoningPart, TextPart, ToolCallPart
from chit.core.revision import continues
from chit.render.blocks import BlockRenderer
from chit.render.changes import BlockChange, BlocksDropped, Change, TextAppended
from chit.render.json_reply import JsonBlocks
from chit.running import Running
from chit.web import pages
from chit.web.hub import Hub

PACE = 1 / 16
"""Seconds between two tellings. Each costs the page a new frame, 4 ms of it however little there is to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A reply as far as pages have been told of it."""

    message: Message
    """With the parts that have come."""
    blocks: Sequence[str]
    status: str


class LiveReply:
    """Follows one running generation."""

    def __init__(self, running: Running, hub: Hub, *, pace: float = PACE) -> None:
        self.running = running
        self._hub = hub
        self._pace = pace
        self._renderer = make_renderer(running)
        self._text = ""
        self._thoughts = ""
        self._calls: dict[int, ToolCallPart] = {}
        self._others: list[Part] = []
        self._status = ""
        self._fresh_text: list[str] = []
        self._fresh_thoughts: list[str] = []
        self._has_fresh_parts = False
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")

    @property
    def blocks(self) -> list[str]:
        """As pages show them."""
        return self._renderer.blocks

    @property
    def text(self) -> str:
        """What those were made from."""
        return self._text

    def snapshot(self) -> Snapshot:
        """For a page that comes while the reply does; what is not told yet will reach it as an event."""
        parts: list[Part] = []
        if self._thoughts:
            parts.append(ReasoningPart(self._thoughts))
        if self._text:
            parts.append(TextPart(self._text))
        message = replace(self.running.message, parts=(*parts, *self._list_parts()))
        return Snapshot(message=message, blocks=self.blocks, status=self._status)

    async def follow(self) -> None:
        """To the end, which whoever knows the stored reply tells."""
        try:
            async for _, event in self.running.watch():
                self._take(event)
                self._plan()
        finally:
            if self._timer is not None:
                self._timer.cancel()
        self._tell()
        self._tell_blocks(self._renderer.end())

    def _take(self, event: Event) -> None:
        match event:
            case TextAdded(text):
                self._fresh_text.append(text)
                self._set_status("")
            case ReasoningAdded(text):
                self._fresh_thoughts.append(text)
                self._set_status("")
            case ToolCallAdded(index, name, arguments):
                call = self._calls.get(index) or ToolCallPart("", "", "")
                self._calls[index] = replace(call, name=name or call.name, arguments=call.arguments + arguments)
                self._has_fresh_parts = True
            case MediaAdded(media) if "type" in media:
                self._others.append(MediaPart(media))
                self._has_fresh_parts = True
            case AnnotationAdded(annotation):
                self._others.append(AnnotationPart(annotation))
                self._has_fresh_parts = True
            case Retrying(_, delay, error):
                self._set_status(f"{error.message} Trying again in {delay:.0f} s.")
            case Started():
                self._set_status("")

    def _set_status(self, text: str) -> None:
        if text != self._status:
            self._status = text
            self._hub.publish("status", message=self.running.message.id, text=text)

    def _plan(self) -> None:
        """Tell what is fresh, now or a moment after the last telling."""
        if self._timer is not None or not (self._fresh_text or self._fresh_thoughts or self._has_fresh_parts):
            return
        loop = asyncio.get_running_loop()
        wait = self._told_at + self._pace - loop.time()
        if wait > 0:
            self._timer = loop.call_later(wait, self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        message_id = self.running.message.id
        if self._fresh_thoughts:
            thoughts, self._fresh_thoughts = "".join(self._fresh_thoughts), []
            self._thoughts += thoughts
            self._hub.publish("reasoning", message=message_id, text=thoughts)
        if self._fresh_text:
            text, self._fresh_text = "".join(self._fresh_text), []
            self._text += text
            self._tell_blocks(self._renderer.add(text))
        if self._has_fresh_parts:
            self._has_fresh_parts = False
            message = replace(self.running.message, parts=self._list_parts())
            self._hub.publish("part", message=message_id, html=pages.render("parts", message=message))

    def _tell_blocks(self, changes: Sequence[Change]) -> None:
        if written := [shown for change in changes if (shown := _write_change(change)) is not None]:
            self._hub.publish("blocks", message=self.running.message.id, changes=written)

    def _list_parts(self) -> tuple[Part, ...]:
        return (*self._others, *(self._calls[index] for index in sorted(self._calls)))


def make_renderer(running: Running) -> BlockRenderer | JsonBlocks:
    """What shows a reply: Markdown, unless its request asked for JSON. A continuation is only a piece of that."""
    format = find_json_format(running.generation.request)
    if format is None or continues(running.message):
        return BlockRenderer()
    return JsonBlocks(format, lambda: running.generation.finish_reason)


def _write_change(change: Change) -> list[Any] | None:
    match change:
        case BlockChange(index, html):
            return ["set", index, html]
        case TextAppended(index, text):
            return ["append", index, text]
        case BlocksDropped(count):
            return ["cut", count]
        case _:
            return None
