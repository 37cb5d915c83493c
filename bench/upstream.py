"""A model's host, as small as it can be: streams chunks like OpenRouter's, one event a write, on a loopback port.

`python -m bench.upstream --rate 50` serves until it is ended and prints its base URL first. The number of events is the
request's `max_tokens`; the model says what kind of reply it is: `bench/steady` says words, `bench/prose` and its like
what `bench.replies` has of them. It runs in a process of its own, so that its work is on nobody's bill.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

from bench.measure import ROOT, BenchmarkBroken, child_environment
from bench.replies import REPLIES, make_reply, split_tokens

MODEL = "bench/steady"
EVENTS = 40
"""Where the request does not say."""
_WORD = "@word@"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_GOLDEN = 0.618033988749895
"""Spreads the phases of any number of paced streams evenly."""


class Upstream:
    """Answers completions with streams of `rate` events a second each (0: as fast as they are read)."""

    def __init__(self, *, rate: float = 0.0) -> None:
        self.rate = rate
        self.begun: list[float] = []
        """When the first event of each reply was written, unix seconds."""
        self._numbers = count(1)
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on a free port; the base URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/v1"

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one reply, end of connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            if head.startswith(b"POST "):
                request = json.loads(body)
                tokens = make_tokens(request.get("model") or MODEL, request.get("max_tokens") or EVENTS)
                await self._stream(writer, tokens)
            else:
                writer.write(answer_lookup(head))
                await writer.drain()
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, tokens: Sequence[str]) -> None:
        number = next(self._numbers)
        generation_id = make_generation_id(number)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\nX-Generation-Id: " + generation_id.encode() + b"\r\n\r\n"
        )
        before, after = make_chunk(generation_id, _WORD).split(_WORD.encode())
        clock = asyncio.get_running_loop().time
        phase = clock() + (number * _GOLDEN % 1) / self.rate if self.rate else 0.0
        for position, token in enumerate(tokens):
            if self.rate:
                await asyncio.sleep(phase + position / self.rate - clock())
            if not position:
                self.begun.append(time.time())
            _write(writer, before + json.dumps(token)[1:-1].encode() + after)
            await writer.drain()
        events = len(tokens)
        usage = {"prompt_tokens": 12, "completion_tokens": events, "total_tokens": 12 + events, "cost": 0.0000198}
        _write(writer, make_chunk(generation_id, "", finish_reason="stop"))
        _write(writer, make_chunk(generation_id, "", usage=usage))
        _write(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def make_generation_id(number: int) -> str:
    """Like OpenRouter's: a time, then twenty letters and digits."""
    return f"gen-{1763884800 + number}-{number:08d}bcdEFGhijKLM"


def make_tokens(model: str, count: int) -> list[str]:
    """The texts of the events of a reply by this model."""
    kind = model.removeprefix("bench/")
    return split_tokens(make_reply(kind, count)) if kind in REPLIES else [make_word(place) for place in range(count)]


def make_word(position: int) -> str:
    """The text of one event."""
    return f" word{position % 10}"


def make_text(events: int) -> str:
    """The text of a whole reply."""
    return "".join(make_word(position) for position in range(events))


def make_chunk(
    generation_id: str, text: str, *, finish_reason: str | None = None, usage: dict[str, float] | None = None
) -> bytes:
    """One event, about 350 bytes, with the members that OpenRouter sends."""
    choice = {
        "index": 0,
        "delta": {"role": "assistant", "content": text},
        "finish_reason": finish_reason,
        "native_finish_reason": finish_reason,
        "logprobs": None,
    }
    chunk = {
        "id": generation_id,
        "provider": "Steady",
        "model": MODEL,
        "object": "chat.completion.chunk",
        "created": 1763884800,
        "system_fingerprint": "fp_0123456789",
        "choices": [choice],
    }
    return b"data: " + json.dumps(chunk if usage is None else chunk | {"usage": usage}).encode() + b"\n\n"


@contextmanager
def serving(*, rate: float = 0.0) -> Iterator[str]:
    """An upstream in a process of its own; its base URL."""
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "bench.upstream", "--rate", str(rate)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=child_environment(),
        cwd=ROOT,
        text=True,
    )
    try:
        base_url = process.stdout.readline().strip() if process.stdout else ""
        if not base_url:
            raise BenchmarkBroken("the upstream did not start")
        yield base_url
    finally:
        process.terminate()
        process.communicate()


def _write(writer: asyncio.StreamWriter, event: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(event), event))


def answer_lookup(head: bytes, *, keeps: bool = False) -> bytes:
    """The record of a generation, so that what is asked often does not pile up as pending; 404 for all else."""
    found = re.match(rb"GET [^ ]*/generation\?id=([\w-]+) ", head)
    if found:
        record = {"id": found[1].decode(), "model": MODEL, "provider_name": "Steady", "total_cost": 0.0000198}
        status, body = b"200 OK", json.dumps({"data": record}).encode()
    else:
        status, body = b"404 Not Found", b'{"error":{"code":404,"message":"Not Found"}}'
    fields = b"Content-Type: application/json\r\nContent-Length: %d" % len(body)
    fields += b"" if keeps else b"\r\nConnection: close"
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n\r\n" + body


async def _serve_until_ended(rate: float) -> None:
    upstream = Upstream(rate=rate)
    sys.stdout.write(await upstream.start() + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=0.0, help="events per second of each stream; 0 is unpaced")
    asyncio.run(_serve_until_ended(parser.parse_args().rate))
