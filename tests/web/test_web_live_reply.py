"""A reply that grows: how often pages are told, and what they are told of each kind of event."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.store.samples import a_generation
from tests.upstream import until

from chit.core.events import (
    AnnotationAdded,
    Ended,
    Event,
    MediaAdded,
    ReasoningAdded,
    Retrying,
    Started,
    TextAdded,
    ToolCallAdded,
)
from chit.core.messages import Message
from chit.errors import ChitError
from chit.render.blocks import BlockRenderer
from chit.sandbox.picture import draw_png
from chit.web.hub import Hub
from chit.web.live_reply import LiveReply, make_renderer

PICTURE = {"type": "image_url", "image_url": {"url": draw_png()}}
SOURCE = {"type": "url_citation", "url_citation": {"url": "https://a.example/x", "title": "A page"}}


class Script:
    """As much of a running generation as following it takes."""

    def __init__(self, *events: Event, request: bytes = b"{}") -> None:
        self.message = Message(id="m", conversation_id="c", source="actor")
        self.generation = a_generation(self.message, None, request=request)
        self.gate: asyncio.Queue[Event | None] = asyncio.Queue()
        for event in events:
            self.gate.put_nowait(event)

    def end(self) -> None:
        """No more comes."""
        self.gate.put_nowait(None)

    async def watch(self) -> AsyncIterator[tuple[int, Event]]:
        """Each as it is put in."""
        while (event := await self.gate.get()) is not None:
            yield 0, event


async def follow(*events: Event, pace: float = 0, request: bytes = b"{}") -> tuple[LiveReply, list[dict[str, Any]]]:
    """To the end; what was told."""
    hub, script = Hub(), Script(*events, Ended("done", None), request=request)
    script.end()
    reply = LiveReply(script, hub, pace=pace)  # type: ignore[arg-type] # see `Script`
    await reply.follow()
    hub.publish("end")
    told = [json.loads(line) for line in (await anext(hub.read(hub.epoch, 0))).splitlines()]
    return reply, told[:-1]


async def test_text_is_told_as_blocks() -> None:
    """Each change for the page that shows this message; the text is what they were made from."""
    reply, told = await follow(TextAdded("One.\n\nT"), TextAdded("wo."))
    assert {event["type"] for event in told} == {"blocks"}
    assert {event["message"] for event in told} == {"m"}
    assert told[0]["changes"][0][:2] == ["set", 0]
    assert (len(reply.blocks), reply.text) == (2, "One.\n\nTwo.")


async def test_a_reply_that_was_asked_for_as_json() -> None:
    """It grows as one block of code, and ends laid out; its continuation is only a piece, and shown as text."""
    request = b'{"response_format": {"type": "json_object"}}'
    reply, told = await follow(TextAdded('{"a"'), TextAdded(": 1}"), request=request)
    assert [change[0] for event in told for change in event["changes"]] == ["set", "append", "append", "set"]
    assert len(reply.blocks) == 1
    assert "\n  <span" in reply.blocks[0]
    script = Script(request=request)
    script.message = replace(script.message, extra={"OpenRouter": {"continues": True}})
    assert isinstance(make_renderer(script), BlockRenderer)  # type: ignore[arg-type] # see `Script`


async def test_blocks_can_be_cut() -> None:
    """What seemed two blocks and is one is told as such."""
    _, told = await follow(TextAdded("Title\n\n- a\n\nText"), TextAdded("\n"), TextAdded("```\nx"), TextAdded("y\n"))
    verbs = {change[0] for event in told for change in event["changes"]}
    assert {"set", "append"} <= verbs <= {"set", "append", "cut"}
    _, told = await follow(TextAdded("a\n\n[b"), TextAdded("]: http://x.example"), TextAdded("\n"))
    assert ["cut", 1] in [change for event in told for change in event["changes"]]


async def test_all_that_comes_at_once_is_told_at_once() -> None:
    """Within the pace many events are one telling; at the end nothing waits any longer."""
    reply, told = await follow(*[TextAdded("word ") for _ in range(50)], pace=1000)
    assert 2 <= len(told) <= 3
    assert reply.text == "word " * 50


async def test_the_pace_is_kept() -> None:
    """What comes soon after a telling waits for its turn, and is told though nothing else comes."""
    hub, script = Hub(), Script(TextAdded("a"))
    reply = LiveReply(script, hub, pace=0.01)  # type: ignore[arg-type] # see `Script`
    following = asyncio.create_task(reply.follow())
    lines = hub.read(hub.epoch, 0)
    async with asyncio.timeout(20):
        assert b'"blocks"' in await anext(lines)
        script.gate.put_nowait(ReasoningAdded("hm"))
        script.gate.put_nowait(ReasoningAdded("!"))
        assert json.loads(await anext(lines)) == {"type": "reasoning", "seq": 2, "message": "m", "text": "hm!"}
    assert reply.snapshot().message.reasoning == "hm!"
    script.end()
    await following


async def test_what_shows_nothing_keeps_nothing_waiting() -> None:
    """A reply that has only begun takes no turn, so that its first words are told at once."""
    hub, script = Hub(), Script(Started("gen-1"))
    reply = LiveReply(script, hub, pace=1000)  # type: ignore[arg-type] # see `Script`
    following = asyncio.create_task(reply.follow())
    await until(script.gate.empty)
    script.gate.put_nowait(TextAdded("a"))
    async with asyncio.timeout(20):
        assert b'"blocks"' in await anext(hub.read(hub.epoch, 0))
    script.end()
    await following


async def test_leaving_tells_nothing_more() -> None:
    """A follower that is cancelled while something waits for its turn leaves no timer behind."""
    hub, script = Hub(), Script(TextAdded("a"), TextAdded("b"))
    reply = LiveReply(script, hub, pace=0.3)  # type: ignore[arg-type] # see `Script`
    following = asyncio.create_task(reply.follow())
    await until(lambda: hub.seq == 1 and not script.gate.qsize())
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    await asyncio.sleep(0.4)
    assert (hub.seq, reply.snapshot().message.text) == (1, "a")


async def test_tool_calls_pictures_and_sources_come_as_parts() -> None:
    """A call is put together from its pieces; a sound without a type, which is told elsewhere, is left out."""
    reply, told = await follow(
        ToolCallAdded(1, "second", "{}"),
        ToolCallAdded(0, "first", '{"a":'),
        ToolCallAdded(0, "", "1}"),
        MediaAdded(PICTURE),
        MediaAdded({"data": "QUJD"}),
        AnnotationAdded(SOURCE),
    )
    html = told[-1]["html"]
    assert (told[-1]["type"], told[-1]["message"]) == ("part", "m")
    assert html.index("first") < html.index("second")
    assert "{&#34;a&#34;:1}" in html
    assert ('data-media="/m/m/media/0"' in html, "A page" in html) == (True, True)
    assert len(reply.snapshot().message.parts) == 4


async def test_a_retry_is_told_until_something_comes() -> None:
    """What went wrong and when it is tried again; a start, thoughts or text take it away."""
    wait = Retrying(1, 2.4, ChitError("The provider is overloaded."))
    for sign in (Started("gen-1"), TextAdded("a"), ReasoningAdded("a")):
        reply, told = await follow(wait, wait, sign)
        status = [event["text"] for event in told if event["type"] == "status"]
        assert status == ["The provider is overloaded. Trying again in 2 s.", ""]
        assert reply.snapshot().status == ""
    reply, _ = await follow(wait)
    assert reply.snapshot().status.startswith("The provider")
    assert reply.snapshot().message.parts == ()
