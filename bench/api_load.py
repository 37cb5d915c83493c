"""Callers, each of which sends its next call when the last one is answered; in a process of its own, and cheap.

`python -m bench.api_load ADDRESS TOKEN CALLERS CALLS EVENTS FIRST` prints a `Load` as JSON. EVENTS is 0 for
answers that are given whole. Calls are numbered from FIRST on, so that no two ask the same.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from statistics import quantiles
from urllib.parse import urlsplit

from bench.measure import BenchmarkBroken
from bench.upstream import MODEL

SYSTEM = (
    "You are an assistant inside an editor. Answer with what was asked for and nothing else; write no introduction, "
    "repeat no part of the question, and say so in one line where you do not know."
)
QUESTION = (
    "Question {number}: the function below is called with a path, opens the file, reads the first line of it and "
    "closes the file again. Which names would you give to the function and to its two arguments, and why these?"
)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How the calls went, seconds."""

    calls: int
    wall: float
    p50: float
    """Until the whole answer, or until the first event of a stream."""
    p99: float


def make_request(address: str, token: str, number: int, events: int) -> bytes:
    """The whole request of one call, 900 bytes or so."""
    place = urlsplit(address)
    body: dict[str, object] = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": QUESTION.format(number=number)},
        ],
        "max_tokens": events or 400,
    }
    data = json.dumps(body | ({"stream": True} if events else {})).encode()
    head = (
        f"POST {place.path}/chat/completions HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: */*\r\nUser-Agent: bench\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def is_whole(answer: bytes) -> bool:
    """Whether nothing more of it is to come."""
    head, end, body = answer.partition(_HEAD_END)
    if not end:
        return False
    length = _LENGTH.search(head)
    return len(body) >= int(length[1]) if length else answer.endswith(_LAST_CHUNK)


def check(answer: bytes, events: int) -> None:
    """Raises `BenchmarkBroken` for what is not the answer that upstream gave."""
    good = b"[DONE]" in answer and answer.count(b"word") >= events if events else b"word0 word1" in answer
    if not answer.startswith(b"HTTP/1.1 200") or not good:
        raise BenchmarkBroken(f"that is no answer: {answer[:1500]!r}")


class Caller(asyncio.Protocol):
    """On one connection that is kept."""

    def __init__(self, requests: Iterator[bytes], events: int, waits: list[float], ended: asyncio.Future[None]) -> None:
        self._requests = requests
        self._events = events
        self._waits = waits
        self._ended = ended
        self._pieces: list[bytes] = []
        self._sent_at = 0.0
        self._first_at: float | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a socket
        self._transport = transport
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        """By the other side, unless all is done."""
        if not self._ended.done():
            self._ended.set_exception(BenchmarkBroken("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """The next call, once this one is answered."""
        self._pieces.append(data)
        if self._events and self._first_at is None and b"data: " in data:
            self._first_at = time.perf_counter()
        if self._events and not data.endswith(_LAST_CHUNK):
            return
        answer = b"".join(self._pieces)
        if not is_whole(answer):
            return
        self._waits.append((self._first_at or time.perf_counter()) - self._sent_at)
        try:
            check(answer, self._events)
        except BenchmarkBroken as error:
            self._end(error)
            return
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None or self._transport is None:
            self._end(None)
            return
        self._pieces.clear()
        self._first_at = None
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None) if error is None else self._ended.set_exception(error)
        if self._transport is not None:
            self._transport.close()


async def run_load(address: str, token: str, *, callers: int, calls: int, events: int, first: int) -> Load:
    """All of them. Raises `BenchmarkBroken`, `OSError`."""
    place, loop = urlsplit(address), asyncio.get_running_loop()
    host, port = place.hostname or "127.0.0.1", place.port or 80
    requests = iter([make_request(address, token, first + number, events) for number in range(calls)])
    waits: list[float] = []
    started = time.perf_counter()
    ends = [loop.create_future() for _ in range(callers)]
    for ended in ends:
        await loop.create_connection(partial(Caller, requests, events, waits, ended), host, port)
    await asyncio.gather(*ends)
    wall = time.perf_counter() - started
    cuts = quantiles(waits, n=100) if len(waits) > 1 else waits * 99
    return Load(calls=len(waits), wall=wall, p50=cuts[49], p99=cuts[98])


if __name__ == "__main__":
    callers_text, calls_text, events_text, first_text = sys.argv[3:]
    load = asyncio.run(
        run_load(
            sys.argv[1],
            sys.argv[2],
            callers=int(callers_text),
            calls=int(calls_text),
            events=int(events_text),
            first=int(first_text),
        )
    )
    json.dump(asdict(load), sys.stdout)
