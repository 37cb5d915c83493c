"""CPU time per streamed event, of each client in a fresh process, while many paced streams run side by side.

`python -m bench.streaming CLIENT BASE_URL STREAMS EVENTS` measures one client once and prints its cost as JSON. Only
the streaming counts: imports, opening and one short reply come before.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from functools import partial

from bench.clients import CLIENTS
from bench.measure import BenchmarkBroken, Cost, Row, child_environment, interleave, median_cost, run_child
from bench.upstream import make_text, serving

STREAMS = 20
RATE = 50.0
"""Events per second of each stream."""
_NAMES = {
    "bare": "aiohttp + orjson, bare",
    "recording": "Chit, recording (SQLite, synchronous=FULL)",
    "discarding": "Chit, not recording",
    "openai": "openai, AsyncOpenAI",
}
_GOALS = {"recording": ("bare", 2.0), "discarding": ("openai", 0.5)}


def measure(*, quick: bool) -> list[Row]:
    """Every client, in rounds."""
    rounds, seconds = (1, 2.0) if quick else (5, 6.0)
    events = round(RATE * seconds)
    with serving(rate=RATE) as base_url:
        costs = interleave({name: partial(_run, name, base_url, events) for name in CLIENTS}, rounds)
    medians = {name: median_cost(each) for name, each in costs.items()}
    rows = []
    for name, cost in medians.items():
        against, goal = _GOALS.get(name, ("", None))
        rows.append(
            Row(
                what=_NAMES[name],
                figure=f"{cost.cpu * 1e6 / (STREAMS * events):.0f} µs/event",
                wall=f"{cost.wall:.1f} s",
                ratio=cost.cpu / medians[against].cpu if against else None,
                against=against,
                goal=goal,
            )
        )
    return rows


def _run(name: str, base_url: str, events: int) -> Cost:
    command = [sys.executable, "-m", "bench.streaming", name, base_url, str(STREAMS), str(events)]
    _, output = run_child(command, child_environment())
    return Cost(**json.loads(output))


async def _measure_here(name: str, base_url: str, streams: int, events: int) -> Cost:
    async with CLIENTS[name](base_url) as ask:
        await ask(5)  # whatever is done only once
        cpu, wall = time.process_time(), time.monotonic()
        texts = await asyncio.gather(*(ask(events) for _ in range(streams)))
        cost = Cost(cpu=time.process_time() - cpu, wall=time.monotonic() - wall)
    if texts != [make_text(events)] * streams:
        raise BenchmarkBroken(f"{name} did not get the text that was sent")
    return cost


if __name__ == "__main__":
    client, url, stream_count, event_count = sys.argv[1:]
    json.dump(asdict(asyncio.run(_measure_here(client, url, int(stream_count), int(event_count)))), sys.stdout)
