"""Attaching a large picture: what it costs the page and the server. The page must stay at hand all the while."""

import random
import struct
import tempfile
import time
import zlib
from pathlib import Path

from bench.measure import Row, milliseconds
from bench.served import Served
from bench.tab import Tab

_SIDE = 2580
"""Pixels: 20 MB of noise."""
_LONGEST_TASK = 0.1
"""Seconds."""
_THERE = "document.querySelector('.composer .parts li') !== null && document.querySelector('.coming li') === null"
_GONE = "document.querySelector('.composer li') === null"
_SHOWN = "document.querySelector('.attached img')?.naturalWidth > 1000 && document.querySelector('.chit-line') !== null"


async def measure_attaching(served: Served, tab: Tab, *, quick: bool) -> list[Row]:
    """A picture of 20 MB, picked, sent and drawn: the longest task of the page for each, and what the server works."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "noise.png"
        file.write_bytes(make_noise(_SIDE))
        taking, sending, walls, cpus = 0.0, 0.0, [], []
        for _ in range(1 if quick else 5):
            await tab.go("/")
            await tab.count_clean()  # what the picture before has left
            cpu, wall = served.cpu, time.monotonic()
            await tab.start_tracing()
            await tab.page.set_input_files(".composer input[type=file]", str(file))
            await tab.until(_THERE)
            taking = max(taking, await tab.stop_tracing())
            walls.append(time.monotonic() - wall)
            cpus.append(served.cpu - cpu)
            await tab.page.fill(".composer textarea", "What is this?")
            await tab.start_tracing()
            await tab.page.click(".send")
            await tab.until(_SHOWN)
            await tab.until(_GONE)
            sending = max(sending, await tab.stop_tracing())
    return [
        _row("page: longest task, attaching 20 MB", taking),
        _row("page: longest task, sending and drawing it", sending),
        Row(what="server: taking 20 MB", figure=milliseconds(min(cpus)), wall=f"{min(walls):.1f} s"),
    ]


def make_noise(side: int) -> bytes:
    """A PNG that nothing makes smaller."""
    noise = random.Random(0).randbytes(3 * side * side)  # noqa: S311 - no secret
    rows = b"".join(b"\0" + noise[3 * side * at : 3 * side * (at + 1)] for at in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _row(what: str, seconds: float) -> Row:
    ratio = seconds / _LONGEST_TASK
    return Row(what=what, figure=milliseconds(seconds), ratio=ratio, against="100 ms", goal=1.0)
