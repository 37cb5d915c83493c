"""The dialect of `POST /chat/completions`, in which the sandbox thinks."""

from collections.abc import Mapping
from typing import Any

from chit.sandbox import chunks
from chit.sandbox.chunks import DONE, encode_event
from chit.sandbox.dialect import Brief, Dialect
from chit.sandbox.pricing import Usage


class ChatSpeech:
    """Chunks, or one completion."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._head = brief.head

    def open(self) -> list[bytes]:
        """Debug chunks, and the role."""
        common = self._head.as_dict("chat.completion.chunk") | {"choices": []}
        openings = [encode_event({**common, **members}) for members in self._brief.script.opening]
        return [*openings, encode_event(chunks.make_chunk(self._head, {}))]

    def say(self, delta: Mapping[str, Any]) -> list[bytes]:
        """The delta as a chunk."""
        return [encode_event(chunks.make_chunk(self._head, delta))]

    def finish(self, usage: Usage) -> list[bytes]:
        """The finish reason, the usage, `[DONE]`."""
        script = self._brief.script
        finish = chunks.make_chunk(
            self._head, {}, finish_reason=script.finish_reason, native=self._brief.native_finish_reason
        )
        last = chunks.make_usage_chunk(self._head, usage.as_dict(), with_delta=self._brief.with_delta)
        return [encode_event(finish), encode_event(last), DONE]

    def fail(self) -> list[bytes]:
        """An error chunk and `[DONE]`."""
        script = self._brief.script
        return [
            encode_event(chunks.make_error_chunk(self._head, script.error, with_choices=script.error_has_choices))
            + DONE
        ]

    def whole(self, usage: Usage, *, failed: bool) -> Any:
        """One completion."""
        script = self._brief.script
        return chunks.make_completion(
            self._head,
            (step.delta for step in script.steps),
            usage.as_dict(),
            finish_reason=script.finish_reason,
            native=self._brief.native_finish_reason,
            error=script.error if failed else None,
        )


CHAT = Dialect(understand=lambda body: body, phrase=lambda failure: failure, speak=ChatSpeech)
