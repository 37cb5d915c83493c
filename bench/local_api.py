"""What the local API costs: beside the same upstream directly, a bare relay and the LiteLLM proxy, in one run. Linux.

Every server is a process of its own, as are the upstream and, each time, the callers. CPU time is user and system time
of all threads of a server, read from the system before and after a load; an idle server costs the others nothing.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from bench.api_load import Load
from bench.api_rows import CALLERS, CHUNKS, LONG, Sample, limit, list_rows, micro, middle
from bench.api_servers import (
    NAMES,
    Server,
    make_token,
    serving_chit,
    serving_litellm,
    serving_relay,
    serving_upstream,
    sum_spent,
)
from bench.measure import BenchmarkBroken, Row, child_environment, format_table, interleave, milliseconds, run_child

_NUMBERS = count(1)
"""Of the first call of each load; loads are a million apart, so that no call repeats another."""
_APART = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured."""

    rounds: int
    unary: Mapping[int, int]
    """Calls by callers."""
    streams: Mapping[int, int]
    """The same, of each length; paced, so that a single caller takes its time."""
    peer: int
    """The slowest server makes so many times fewer."""
    starts: int
    flat: int
    """Calls over which memory must not grow."""
    sizes: Sequence[int]
    """Recorded calls, at which a call is measured."""


FULL = Scale(
    rounds=5,
    unary={1: 400, 16: 1_600, 64: 1_600},
    streams={1: 10, 16: 96, 64: 192},
    peer=4,
    starts=5,
    flat=100_000,
    sizes=(1_000, 10_000, 100_000, 1_000_000),
)
QUICK = Scale(
    rounds=1,
    unary={1: 40, 16: 160, 64: 192},
    streams={1: 2, 16: 16, 64: 64},
    peer=2,
    starts=1,
    flat=1_000,
    sizes=(200, 1_000),
)


def measure(*, quick: bool) -> Iterator[Row]:
    """Rows as soon as they are known. Raises `BenchmarkBroken`."""
    scale = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder, serving_upstream() as upstream:
        place = Path(folder)
        yield from _compare(upstream, place, scale)
        yield from _measure_starts(upstream, place / "starts", scale)
        yield from _measure_flatness(upstream, place / "flat", scale)
        yield from _measure_growth(upstream, place / "growth", scale)


def _compare(upstream: Server, place: Path, scale: Scale) -> Iterator[Row]:
    with _all_servers(upstream, place) as servers:
        tasks = {
            (server.name, callers, events): partial(_sample, server, callers, events, scale)
            for server in servers
            for events in (0, CHUNKS, LONG)
            for callers in CALLERS
            if server.name != "litellm" or events != LONG
        }
        for server in servers:  # whatever is done only once
            _load(server, callers=16, calls=64, events=0)
            _load(server, callers=16, calls=32, events=CHUNKS)
        named = {str(key): task for key, task in tasks.items()}
        samples = interleave(named, scale.rounds)
        medians = {key: middle(samples[str(key)]) for key in tasks}
        memory = {server.name: server.memory for server in servers}
        starts = {server.name: server.started_in for server in servers}
    yield from list_rows(medians)
    for name, resident in memory.items():
        yield Row(
            what=f"{NAMES[name]}: resident after that",
            figure=f"{resident / 1e6:.0f} MB",
            wall=f"started in {starts[name]:.1f} s",
            **limit(resident / 1e6, 100, "100 MB") if name == "chit" else {},
        )


@contextmanager
def _all_servers(upstream: Server, place: Path) -> Iterator[list[Server]]:
    home = place / "home"
    token = make_token(home)
    with ExitStack() as running:
        yield [
            upstream,
            running.enter_context(serving_relay(upstream.address)),
            running.enter_context(serving_relay(upstream.address, "fresh")),
            running.enter_context(serving_chit(upstream.address, home, token)),
            running.enter_context(serving_litellm(upstream.address, place)),
        ]


def _measure_starts(upstream: Server, home: Path, scale: Scale) -> Iterator[Row]:
    token, seconds = make_token(home), []
    for _ in range(scale.starts):
        with serving_chit(upstream.address, home, token) as server:
            seconds.append(server.started_in)
    middle_one = median(seconds)
    yield Row(
        what="Chit: start to first answer", figure="", wall=milliseconds(middle_one), **limit(middle_one, 1, "1 s")
    )


def _measure_flatness(upstream: Server, home: Path, scale: Scale) -> Iterator[Row]:
    """With the costs looked up on the side, as a person has it."""
    token, parts = make_token(home), 10
    with serving_chit(upstream.address, home, token, settles=True) as server:
        resident = []
        for _ in range(parts):
            _load(server, callers=64, calls=scale.flat // parts, events=0)
            resident.append(server.memory)
    yield Row(
        what=f"Chit: resident after {scale.flat:,} calls, costs settled meanwhile",
        figure=f"{resident[-1] / 1e6:.1f} MB",
        ratio=resident[-1] / resident[0],
        against=f"after {scale.flat // parts:,}",
        goal=1.1,
    )
    yield Row(
        what="Chit: resident at most",
        figure=f"{max(resident) / 1e6:.1f} MB",
        **limit(max(resident) / 1e6, 100, "100 MB"),
    )


def _measure_growth(upstream: Server, home: Path, scale: Scale) -> Iterator[Row]:
    """One home that grows; a server of its own for each size."""
    from bench.api_history import fill_calls
    from chit.core.local_token import hash_token

    token, filled, first = make_token(home), 0, None
    for size in scale.sizes:
        fill_calls(home, range(filled, size), total=scale.sizes[-1], digest=hash_token(token))
        filled = size
        with serving_chit(upstream.address, home, token) as server:
            _load(server, callers=16, calls=200, events=0)
            samples = [_sample(server, 16, 0, scale) for _ in range(scale.rounds)]
        cost = median(each.cpu for each in samples)
        first = first or cost
        is_first = size == scale.sizes[0]
        yield Row(
            what=f"Chit, 16 callers, unary, {size:,} recorded",
            figure=micro(cost),
            ratio=None if is_first else cost / first,
            against="" if is_first else f"at {scale.sizes[0]:,}",
            goal=None if is_first else 1.2,
        )


def _sample(server: Server, callers: int, events: int, scale: Scale) -> Sample:
    calls = (scale.streams if events else scale.unary)[callers]
    calls = max(callers, calls // scale.peer) if server.name == "litellm" else calls
    before = server.read_times()
    load = _load(server, callers=callers, calls=calls, events=events)
    return Sample(cpu=sum_spent(before, server.read_times()) / calls, load=load)


def _load(server: Server, *, callers: int, calls: int, events: int) -> Load:
    first = next(_NUMBERS) * _APART
    numbers = map(str, (callers, calls, events, first))
    command = [sys.executable, "-m", "bench.api_load", server.address, server.token, *numbers]
    _, output = run_child(command, child_environment())
    return Load(**json.loads(output))


def main() -> int:
    """Run; 1 if it broke. A goal that is missed is a result."""
    from bench.__main__ import describe_machine

    parser = argparse.ArgumentParser(prog="python -m bench.local_api", description="What the local API costs.")
    parser.add_argument("--quick", action="store_true", help="few calls: whether it works, not how fast")
    arguments = parser.parse_args()
    rows: list[Row] = []
    try:
        for row in measure(quick=arguments.quick):
            rows.append(row)
            sys.stderr.write(f"{row.what}: {row.figure} {row.wall} {row.verdict}\n")
    except BenchmarkBroken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        sys.stdout.write(f"{describe_machine()}\n\n{format_table(rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
