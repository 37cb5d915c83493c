"""A streamed completion from its bytes: parser and fold in one, for the reply as it comes and for bytes kept of one."""

from collections.abc import Callable, Sequence

from chit.core.answer import Answer, judge_stream
from chit.core.events import Delta
from chit.core.fault import Fault
from chit.core.fold import CompletionFold
from chit.core.jsontext import JsonInvalid, decode_object
from chit.core.sse import SseComment, SseData, SseParser, SseTooLarge

_DONE = b"[DONE]"


class CompletionStream:
    """`feed` bytes as they come, then `close`. Any cut of the same bytes gives the same completion."""

    def __init__(self) -> None:
        self.fold = CompletionFold()
        self.fault: Fault | None = None
        """Set once an event grew beyond the cap; nothing is read after that."""
        self.garbled = False
        """Whether there was data that is not a JSON object."""
        self._parser = SseParser()

    @property
    def over(self) -> bool:
        """Whether nothing more needs to be read: `[DONE]` was seen, or an error, or too much."""
        return self.fold.done or self.fold.error is not None or self.fault is not None

    @property
    def failed(self) -> bool:
        """Whether something came that is an error, or that nobody can read."""
        return self.garbled or self.fold.error is not None

    @property
    def generation_id(self) -> str | None:
        """As the chunks give it."""
        return self.fold.generation_id

    def judge(self, broken: Fault | None, *, stopped: bool = False) -> Answer:
        """What it came to, if no more comes; `broken` is what the connection did, if it broke."""
        return judge_stream(self.fold, broken, stopped=stopped)

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that `data` completed."""
        return self._parse(self._parser.feed, data)

    def close(self) -> list[Delta]:
        """What was held back at the end of the stream."""
        return [*self._parse(self._parser.close), *self.fold.end()]

    def _parse(self, parse: Callable[..., Sequence[SseData | SseComment]], *data: bytes) -> list[Delta]:
        if self.fault is not None:
            return []
        try:
            return self._take(parse(*data))
        except SseTooLarge as error:
            self.fault = Fault(phase="streaming", cause="garbled", text=str(error))
            return self._take(error.events)

    def _take(self, events: Sequence[SseData | SseComment]) -> list[Delta]:
        """Data that is not a JSON object is ignored, so that any upstream bytes end in a stated outcome."""
        deltas: list[Delta] = []
        for event in events:
            if self.fold.done or isinstance(event, SseComment):
                continue
            if event.data.strip() == _DONE:
                self.fold.done = True
                continue
            try:
                chunk = decode_object(event.data)
            except JsonInvalid:
                self.garbled = True
                continue
            deltas += self.fold.add(chunk, event.data)
        return deltas
