"""Streams whose events say their type: Anthropic's Messages and OpenAI's Responses, folded into unary replies.

Known are the events that carry what the ledger and the history want; all others are passed over.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from chit.core.answer import Answer
from chit.core.events import Delta, ReasoningAdded, TextAdded
from chit.core.fault import Fault
from chit.core.generation import read_text
from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.sse import SseComment, SseData, SseParser, SseTooLarge
from chit.core.surrogates import mend_surrogates
from chit.core.typed_reply import find_typed_error, judge_typed, read_generation_id, read_typed

_DONE = b"[DONE]"
_GROWING = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
"""Deltas of a content block, by the member that grows."""
_SPOKEN: Mapping[str | None, type[TextAdded] | type[ReasoningAdded]] = {
    "text_delta": TextAdded,
    "response.output_text.delta": TextAdded,
    "thinking_delta": ReasoningAdded,
}
_ENDS = frozenset({"message_stop", "response.completed", "response.incomplete", "response.failed"})


class TypedStream:
    """`feed` bytes as they come, then `close`. Any cut of the same bytes gives the same answer."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        """Set once an event grew beyond the cap; nothing is read after that."""
        self._parser = SseParser()
        self._reply: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._grown: dict[tuple[int, str], list[str]] = {}
        self._texts: list[str] = []
        self._is_garbled = False
        self._is_complete = False
        self._is_closed = False
        self._failure: bytes | None = None

    @property
    def over(self) -> bool:
        """Whether it has said that nothing more comes."""
        return self._is_closed or self._failure is not None or self.fault is not None

    @property
    def failed(self) -> bool:
        """Whether something came that is an error, or that nobody can read."""
        return self._is_garbled or self._failure is not None

    @property
    def generation_id(self) -> str | None:
        """As its events give it."""
        return read_generation_id(self._reply)

    def feed(self, data: bytes) -> Sequence[Delta]:
        """What `data` completed."""
        return self._parse(data)

    def close(self) -> Sequence[Delta]:
        """What was held back at the end."""
        return self._parse(None)

    def judge(self, broken: Fault | None, *, stopped: bool = False) -> Answer:
        """What it came to, if no more comes; `broken` is what the connection did, if it broke."""
        reply: dict[str, Any] = mend_surrogates(self._whole())
        if stopped and not self._is_complete:
            return read_typed(reply, "stopped", None)
        if self._failure is not None or self._is_complete:
            return judge_typed(reply, self._failure)
        cut = Fault(phase="streaming", cause="cut", text="the stream ended before its last event")
        return read_typed(reply, "cut", broken or cut)

    def _parse(self, data: bytes | None) -> Sequence[Delta]:
        if self.fault is not None:
            return ()
        events: Sequence[SseData | SseComment]
        try:
            events = self._parser.close() if data is None else self._parser.feed(data)
        except SseTooLarge as error:
            self.fault = Fault(phase="streaming", cause="garbled", text=str(error))
            events = error.events
        deltas: list[Delta] = []
        for event in events:
            if isinstance(event, SseData):
                self._take(event.data, deltas)
        return deltas

    def _take(self, data: bytes, deltas: list[Delta]) -> None:
        if data.strip() == _DONE:
            self._is_closed = self._is_complete = True
            return
        try:
            event = decode_object(data)
        except JsonInvalid:
            self._is_garbled = True
            return
        kind = read_text(event.get("type")) or ""
        if event.get("error") is not None:
            self._failure = self._failure or data
        elif kind == "error":  # of Responses: the event is the error
            self._failure = self._failure or encode_json({"error": event})
        elif kind.startswith("content_block_"):
            self._take_block(kind, event)
        elif kind.startswith(("response.", "message_")):
            self._take_reply(kind, event)
        delta = event.get("delta")
        name = read_text(delta.get("type")) if isinstance(delta, Mapping) else kind
        text = delta.get(_GROWING.get(name or "", "")) if isinstance(delta, Mapping) else delta
        if name in _SPOKEN and isinstance(text, str) and text:
            deltas.append(_SPOKEN[name](text))

    def _take_reply(self, kind: str, event: Mapping[str, Any]) -> None:
        reply = event.get("response" if kind.startswith("response.") else "message")
        if isinstance(reply, Mapping):
            self._reply = {**self._reply, **reply}
            if kind in _ENDS and find_typed_error(reply):
                self._failure = self._failure or encode_json(reply)
        if kind == "response.output_text.delta" and isinstance(event.get("delta"), str):
            self._texts.append(event["delta"])
        if kind == "message_delta":
            changed, usage = event.get("delta"), event.get("usage")
            self._reply |= changed if isinstance(changed, dict) else {}
            before = self._reply.get("usage")
            if isinstance(usage, dict):
                known = {name: value for name, value in usage.items() if value is not None}
                self._reply["usage"] = {**(before if isinstance(before, dict) else {}), **known}
        if kind in _ENDS:
            self._is_complete = True
            self._is_closed = self._is_closed or kind == "message_stop"

    def _take_block(self, kind: str, event: Mapping[str, Any]) -> None:
        index, block, delta = event.get("index"), event.get("content_block"), event.get("delta")
        if not isinstance(index, int):
            return
        if kind == "content_block_start" and isinstance(block, dict):
            self._blocks[index] = dict(block)
        elif isinstance(delta, dict):
            name = _GROWING.get(delta.get("type", ""), "")
            if isinstance(delta.get(name), str):
                self._grown.setdefault((index, name), []).append(delta[name])

    def _whole(self) -> dict[str, Any]:
        """A unary-shaped reply with everything received so far."""
        whole = dict(self._reply)
        if self._blocks:
            blocks = {index: dict(block) for index, block in self._blocks.items()}
            for (index, name), pieces in self._grown.items():
                _grow(blocks.setdefault(index, {"type": "text"}), name, "".join(pieces))
            whole["content"] = [block for _, block in sorted(blocks.items())]
        if self._texts and not whole.get("output"):
            text = {"type": "output_text", "text": "".join(self._texts)}
            whole["output"] = [{"type": "message", "content": [text]}]
        return whole


def _grow(block: dict[str, Any], name: str, text: str) -> None:
    if name != "partial_json":
        block[name] = f"{block.get(name) or ''}{text}"
        return
    try:
        block["input"] = decode_object(text.encode())
    except JsonInvalid:
        block["input"] = text  # it broke off


def is_typed(received: bytes) -> bool:
    """Whether bytes kept of a stream are of these dialects: a chunk of a completion has no type."""
    for event in SseParser().feed(received):
        if isinstance(event, SseData):
            with suppress(JsonInvalid):
                chunk = decode_object(event.data)
                return "choices" not in chunk and read_text(chunk.get("type")) is not None
    return False
