"""Server-sent events: bytes in, events out (WHATWG HTML, "Parsing an event stream").

Works on bytes and cuts lines at CR, LF and CRLF only. Line splitters of HTTP libraries also cut at U+2028 and U+0085,
which are legal inside JSON strings. An event may arrive in any number of pieces; pieces of an unfinished line are kept
in a list and joined once, so that a 60 MiB image in small pieces costs linear time.
"""

import re
from dataclasses import dataclass

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""Cap on one event, its unfinished line included (design: large media)."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseData:
    """One dispatched event: its `data` lines joined with LF. `event`, `id` and `retry` fields are ignored."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SseComment:
    """A line that began with a colon. It proves that the connection lives, nothing more."""

    text: bytes


class SseTooLarge(ValueError):
    """One event grew beyond the cap. `events` are those that the same bytes completed before it."""

    def __init__(self, max_event_bytes: int, events: list[SseData | SseComment]) -> None:
        super().__init__(f"one event is larger than {max_event_bytes} bytes")
        self.events = events


class SseParser:
    """Incremental parser. `feed` bytes as they come, `close` at the end of the stream."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[SseData | SseComment]:
        """The events that `data` completed, in order. Raises `SseTooLarge`; the parser is unusable after that."""
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == 0x0A:
                data = data[1:]
        has_cr = b"\r" in data
        if not has_cr and b"\n" not in data:
            self._keep(data, [])
            return []
        if has_cr:
            self._after_cr = data.endswith(b"\r")
            lines = _LINE_END.split(data)
        else:
            lines = data.split(b"\n")
        if self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line.clear()
            self._line_bytes = 0
        rest = lines.pop()
        events = self._take(lines)
        if rest:
            self._keep(rest, events)
        return events

    def close(self) -> list[SseData | SseComment]:
        """What the stream ended with although no blank line closed it: at most one event and one comment.

        The standard drops it; we hand it over, because a complete JSON object or `[DONE]` can lack its last line end,
        and a cut one never parses.
        """
        lines = [b"".join(self._line), b""] if self._line else [b""]
        self._line = []
        return self._take(lines)

    def _keep(self, piece: bytes, events: list[SseData | SseComment]) -> None:
        self._line.append(piece)
        self._line_bytes += len(piece)
        if self._line_bytes + self._data_bytes > self._max:
            raise SseTooLarge(self._max, events)

    def _take(self, lines: list[bytes]) -> list[SseData | SseComment]:
        """Whole lines have the same limit as one that is still coming, so that cutting changes nothing."""
        events: list[SseData | SseComment] = []
        for line in lines:
            if len(line) + self._data_bytes > self._max:
                raise SseTooLarge(self._max, events)
            if self._at_start:
                self._at_start = False
                line = line.removeprefix(_BOM)
            if not line:
                if self._data:
                    events.append(SseData(self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                    self._data.clear()
                    self._data_bytes = 0
            elif line.startswith(b"data:"):
                self._add_data(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line.startswith(b":"):
                events.append(SseComment(line[1:].removeprefix(b" ")))
            elif line == b"data":
                self._add_data(b"")
        return events

    def _add_data(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value) + 1


def encode_sse(data: bytes) -> bytes:
    """One event carrying `data`, with a `data:` line for each of its LF-separated lines."""
    return b"".join(b"data: " + line + b"\n" for line in data.split(b"\n")) + b"\n"
