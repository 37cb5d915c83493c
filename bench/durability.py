"""What the promise costs that nothing is shown before it is on the disk (G1, G2): CPU time, and how long it waits.

The same paced streams as `bench.streaming`, each way in a fresh process. `python -m bench.durability WAY BASE_URL
STREAMS EVENTS` measures one way once and prints its figures as JSON. Waiting is wall time: from when received bytes are
handed to the store until they may be shown, and from a question until its record stands and it may be sent.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Any

from bench.clients import CLIENTS
from bench.measure import BenchmarkBroken, Row, child_environment, interleave, milliseconds, run_child
from bench.streaming import RATE, STREAMS
from bench.upstream import make_text, serving

WAYS = {
    "together": "synchronous=FULL, one commit for all (Chit)",
    "alone": "synchronous=FULL, a commit for each batch",
    "careless": "synchronous=OFF, one commit for all",
    "nothing": "nothing kept",
}


@dataclass(slots=True)
class Figures:
    """Seconds."""

    cpu: float = 0.0
    shown: list[float] = field(default_factory=list)
    """For each batch of received bytes: until it may be shown."""
    sent: list[float] = field(default_factory=list)
    """For each question: until it may be sent."""


def measure(*, quick: bool) -> list[Row]:
    """Every way, in rounds."""
    rounds, seconds = (1, 2.0) if quick else (5, 6.0)
    events = round(RATE * seconds)
    with serving(rate=RATE) as base_url:
        runs = interleave({way: partial(_run, way, base_url, events) for way in WAYS}, rounds)
    costs = {way: median(each.cpu for each in figures) for way, figures in runs.items()}
    rows = []
    for way, words in WAYS.items():
        shown = [wait for figures in runs[way] for wait in figures.shown]
        sent = [wait for figures in runs[way] for wait in figures.sent]
        rows.append(
            Row(
                what=words,
                figure=f"{costs[way] * 1e6 / (STREAMS * events):.0f} µs/event",
                wall=f"shown after {_spread(shown)}; sent after {_spread(sent)}" if shown else "",
                ratio=costs[way] / costs["nothing"],
                against="nothing",
            )
        )
    return rows


def _run(way: str, base_url: str, events: int) -> Figures:
    command = [sys.executable, "-m", "bench.durability", way, base_url, str(STREAMS), str(events)]
    return Figures(**json.loads(run_child(command, child_environment())[1]))


def _spread(waits: Sequence[float]) -> str:
    return f"p50 {milliseconds(median(waits))}, p95 {milliseconds(quantiles(waits, n=20)[-1])}"


async def _measure_here(way: str, base_url: str, streams: int, events: int) -> Figures:
    figures = Figures()
    _change_store(way)
    _time_store(figures)
    async with CLIENTS["discarding" if way == "nothing" else "recording"](base_url) as ask:
        await ask(5)  # whatever is done only once
        figures.shown.clear()
        figures.sent.clear()
        cpu = time.process_time()
        texts = await asyncio.gather(*(ask(events) for _ in range(streams)))
        figures.cpu = time.process_time() - cpu
    if texts != [make_text(events)] * streams:
        raise BenchmarkBroken(f"{way} did not get the text that was sent")
    return figures


def _change_store(way: str) -> None:
    """Break the promise on purpose, in this process."""
    from chit.store import connection, writer

    if way == "careless":
        configure = connection._configure

        def configure_carelessly(opened: Any) -> None:
            configure(opened)
            opened.execute("PRAGMA synchronous = OFF")

        setattr(connection, "_configure", configure_carelessly)  # noqa: B010 - it is private there
    elif way == "alone":
        commit = writer.Writer._commit

        def commit_each(self: writer.Writer, opened: Any, jobs: list[Any]) -> None:
            for job in jobs:
                commit(self, opened, [job])

        setattr(writer.Writer, "_commit", commit_each)  # noqa: B010 - it is private there
        writer.PACE = 0.0


def _time_store(figures: Figures) -> None:
    """Read the clock around what the store is asked, in this process."""
    from chit.store.sqlite import SqliteStore

    append, record = SqliteStore.append_received, SqliteStore.record_send

    def append_timed(self: Any, generation: Any, data: bytes, done: Callable[[Any], None]) -> None:
        handed = time.perf_counter()

        def tell(error: Any) -> None:
            figures.shown.append(time.perf_counter() - handed)
            done(error)

        append(self, generation, data, tell)

    async def record_timed(self: Any, **members: Any) -> None:
        handed = time.perf_counter()
        await record(self, **members)
        figures.sent.append(time.perf_counter() - handed)

    setattr(SqliteStore, "append_received", append_timed)  # noqa: B010 - mypy minds methods that are replaced
    setattr(SqliteStore, "record_send", record_timed)  # noqa: B010 - mypy minds methods that are replaced


if __name__ == "__main__":
    chosen, url, stream_count, event_count = sys.argv[1:]
    json.dump(asdict(asyncio.run(_measure_here(chosen, url, int(stream_count), int(event_count)))), sys.stdout)
