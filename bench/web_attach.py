"""Attaching a large file: what it costs the page and the server. The page must stay at hand all the while."""

import tempfile
import time
from pathlib import Path

from bench.measure import Row, milliseconds
from bench.served import Served
from bench.tab import Tab

_BYTES = 20_000_000
_LONGEST_TASK = 0.1
"""Seconds."""
_THERE = (
    "document.querySelectorAll('.composer .parts li').length === 1 && !document.querySelector('.composer .coming li')"
)
_GONE = "document.querySelector('.composer li') === null"
_SHOWN = "document.querySelector('.attached figure') !== null && document.querySelector('.send').disabled === false"


async def measure_attaching(served: Served, tab: Tab, *, quick: bool) -> list[Row]:
    """A file of 20 MB, picked and sent: the longest task of the page, apart for both, and what the server works."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.pdf"
        file.write_bytes(b"%PDF-1.7\n" + bytes(_BYTES))
        taking, sending, walls, cpus = 0.0, 0.0, [], []
        for _ in range(1 if quick else 5):
            await tab.go("/")
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
        _row("page: longest task, sending it", sending),
        Row(what="server: taking 20 MB", figure=milliseconds(min(cpus)), wall=f"{min(walls):.1f} s"),
    ]


def _row(what: str, seconds: float) -> Row:
    ratio = seconds / _LONGEST_TASK
    return Row(what=what, figure=milliseconds(seconds), ratio=ratio, against="100 ms", goal=1.0)
