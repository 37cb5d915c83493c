"""A model's host for the local API's benchmark: answers are made beforehand, connections are kept, nothing is parsed
twice. A streamed reply has `max_tokens` events, `RATE` a second, and the first at once.

`python -m bench.api_upstream` serves until it is ended and prints its base URL first.
"""

import asyncio
import json
import re
import sys
from functools import cache
from itertools import count

from bench.upstream import MODEL, answer_lookup, make_chunk, make_generation_id, make_text

RATE = 50.0
WORDS = 60
"""Of a reply that is given whole."""
COST = 0.0000198
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_STREAMED = re.compile(rb'"stream": ?true')
_EVENTS = re.compile(rb'"max_tokens": ?(\d+)')
_ID = make_generation_id(0)


class UpstreamConnection(asyncio.Protocol):
    """One caller's connection: one request at a time, as HTTP/1.1 clients send them."""

    numbers = count(1)

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a socket
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Nothing more is written."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if end and len(body) >= (int(length[1]) if length else 0):
            self._received = b""
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if not head.startswith(b"POST "):
            self._write(answer_lookup(head, keeps=True))
            return
        generation_id = make_generation_id(next(self.numbers)).encode()
        if not _STREAMED.search(body):
            self._write(make_whole().replace(_ID.encode(), generation_id))
            return
        events = _EVENTS.search(body)
        pieces = [piece.replace(_ID.encode(), generation_id) for piece in make_pieces(int(events[1]) if events else 20)]
        self._write(pieces[0])
        self._go_on(pieces, 1, asyncio.get_running_loop().time())

    def _go_on(self, pieces: list[bytes], place: int, started: float) -> None:
        if place < len(pieces) and self._transport is not None:
            loop = asyncio.get_running_loop()
            loop.call_at(started + place / RATE, self._tell, pieces, place, started)

    def _tell(self, pieces: list[bytes], place: int, started: float) -> None:
        self._write(pieces[place])
        self._go_on(pieces, place + 1, started)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


@cache
def make_whole() -> bytes:
    """An answer that is given whole, with the members that OpenRouter sends; the id is to be replaced."""
    body = json.dumps(
        {
            "id": _ID,
            "provider": "Steady",
            "model": MODEL,
            "object": "chat.completion",
            "created": 1763884800,
            "system_fingerprint": "fp_0123456789",
            "choices": [
                {
                    "index": 0,
                    "logprobs": None,
                    "finish_reason": "stop",
                    "native_finish_reason": "stop",
                    "message": {
                        "role": "assistant",
                        "content": make_text(WORDS),
                        "refusal": None,
                        "reasoning": None,
                    },
                }
            ],
            "usage": make_usage(WORDS),
        }
    ).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Generation-Id: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (_ID.encode(), len(body)) + body


@cache
def make_pieces(events: int) -> tuple[bytes, ...]:
    """What is written at a time: the head with the first event, then one event each, then all that ends it."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        b"X-Generation-Id: " + _ID.encode() + b"\r\n\r\n"
    )
    texts = [_frame(make_chunk(_ID, f" word{place % 10}")) for place in range(events)]
    last = [
        make_chunk(_ID, "", finish_reason="stop"),
        make_chunk(_ID, "", usage=make_usage(events)),
        b"data: [DONE]\n\n",
        b"",
    ]
    return head + texts[0], *texts[1:], b"".join(map(_frame, last))


def make_usage(tokens: int) -> dict[str, float]:
    """What it cost."""
    return {"prompt_tokens": 60, "completion_tokens": tokens, "total_tokens": 60 + tokens, "cost": COST}


def _frame(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(UpstreamConnection, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
