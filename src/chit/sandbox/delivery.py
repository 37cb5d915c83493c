"""Delivery: how a script's words, a canned reply or a recording leave the sandbox, in time or broken off."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from chit.sandbox.account import Key
from chit.sandbox.box import Box
from chit.sandbox.chunks import COMMENT, PADDING, encode_wire
from chit.sandbox.dialect import Speech
from chit.sandbox.failures import Failure
from chit.sandbox.ledger import Generation, State
from chit.sandbox.mishaps import Mishap
from chit.sandbox.reply import Reply
from chit.sandbox.script import Ending, Script
from chit.sandbox.weir import Weir
from chit.sandbox.wire_breaks import hang_up, stay_silent

_SIGN_EVERY = 0.25
"""Seconds between comments, or between the blanks of a unary reply."""

_STATES: dict[Ending, State] = {"cut": "cut", "cut-clean": "cut", "reset": "cut", "error": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One generation on its way to its caller."""

    box: Box
    request: web.Request
    key: Key
    generation: Generation
    script: Script
    speech: Speech
    native_finish_reason: str | None
    mishap: Mishap | None = None
    """What happens to it on the way."""

    async def stream(self) -> web.StreamResponse:
        """Send the script as server-sent events; a caller who leaves pays for what was said so far."""
        response = self._prepare("text/event-stream")
        try:
            await response.prepare(self.request)
            await self._send_events(response)
        except (asyncio.CancelledError, ConnectionError):
            if response.broken and self.mishap is not None and self.mishap.bills:
                self.generation.steps[:] = self.script.steps  # the provider does not stop with the connection
            self._end("cut" if response.broken else "cancelled")
            raise
        return response

    async def answer(self) -> web.StreamResponse:
        """Send the script as one object; a caller who leaves pays in full."""
        self.generation.steps.extend(self.script.steps)
        response = self._prepare("application/json")
        try:
            await response.prepare(self.request)
            await self._send_object(response)
        finally:
            self._end("done")
        return response

    def _prepare(self, content_type: str) -> Weir:
        headers = {"Content-Type": content_type, "Cache-Control": "no-cache"}
        if self.script.has_header:
            headers["X-Generation-Id"] = self.generation.id
        return Weir(self.request, self.mishap, headers)

    async def _send_events(self, response: web.StreamResponse) -> None:
        await self._wait(response, COMMENT, self.generation.first_token_ms / 1000)
        await _write_all(response, self.speech.open())
        for step in self.script.steps:
            self.generation.steps.append(step)
            await _write_all(response, self.speech.say(step.delta))
            await self.box.pause(self.generation.token_ms * step.tokens / 1000)
        if self.script.ending in ("done", "no-done"):
            await self._send_finish(response)
        elif self.script.ending == "error":
            self._end("failed")
            await _write_all(response, self.speech.fail())
        else:
            await self._break_off()

    async def _send_finish(self, response: web.StreamResponse) -> None:
        self._end("done")
        pieces = self.speech.finish(self.generation.make_usage())
        await _write_all(response, pieces if self.script.ending == "done" else pieces[:-1])

    async def _send_object(self, response: web.StreamResponse) -> None:
        tokens = sum(step.tokens for step in self.script.steps)
        milliseconds = self.generation.first_token_ms + tokens * self.generation.token_ms
        await self._wait(response, PADDING, milliseconds / 1000)
        ending = self.script.ending
        completion = encode_wire(self.speech.whole(self.generation.make_usage(), failed=ending == "error"))
        if ending in ("done", "no-done", "error"):
            self._end(_STATES.get(ending, "done"))
            await response.write(completion)
        else:
            await response.write(completion[: len(completion) // 2])
            await self._break_off()

    async def _wait(self, response: web.StreamResponse, sign_of_life: bytes, seconds: float) -> None:
        times = self.script.comments or max(1, round(seconds / _SIGN_EVERY))
        for _ in range(times):
            await response.write(sign_of_life)
            await self.box.pause(max(_SIGN_EVERY, seconds / times) if self.script.comments else seconds / times)

    async def _break_off(self) -> None:
        if self.script.ending == "stall":
            await stay_silent()
        self._end(_STATES[self.script.ending])
        if self.script.ending != "cut-clean":
            hang_up(self.request, reset=self.script.ending == "reset")

    def _end(self, state: State) -> None:
        if self.generation.billed is None and state in ("done", "failed"):
            self.generation.finish_reason = "error" if state == "failed" else self.script.finish_reason
            self.generation.native_finish_reason = None if state == "failed" else self.native_finish_reason
        self.box.end(self.generation, state, self.key)


async def _write_all(response: web.StreamResponse, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        await response.write(piece)


def make_error_as_success(failure: Failure, generation_id: str) -> web.Response:
    """HTTP 200 with an error in place of the completion (shape E of field guide §4.1)."""
    headers = {"Content-Type": "application/json", "X-Generation-Id": generation_id}
    return web.Response(body=encode_wire(failure.body), headers=headers)


async def send_reply(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Send a canned reply, as broken as it wants to be."""
    response = web.StreamResponse(status=reply.status or 200, headers={"Content-Type": reply.content_type})
    response.headers.update(reply.headers)
    if reply.status:
        await response.prepare(request)
        await response.write(reply.sent)
    if reply.hang:
        await stay_silent()
    if reply.cut_at is not None or not reply.status:
        hang_up(request, reset=False)
    return response
