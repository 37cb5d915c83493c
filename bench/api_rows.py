"""What the samples of the local API say: a row for each server and load, and how Chit stands to the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from bench.api_load import Load
from bench.api_servers import NAMES
from bench.measure import Row

CALLERS = (1, 16, 64)
CHUNKS, LONG = 20, 120
"""Events of a streamed reply. What one event costs is the difference of the two, over that of their events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One load on one server."""

    cpu: float
    """Seconds of the server for each call."""
    load: Load


Samples = Mapping[tuple[str, int, int], Sample]
"""By server, callers and events; medians of the rounds."""


def middle(samples: Sequence[Sample]) -> Sample:
    """The median of each figure by itself."""
    load = Load(
        calls=samples[0].load.calls,
        **{name: median(getattr(each.load, name) for each in samples) for name in ("wall", "p50", "p99")},
    )
    return Sample(cpu=median(each.cpu for each in samples), load=load)


def list_rows(samples: Samples) -> list[Row]:
    """What each server costs, and how Chit stands to the others."""
    rows = []
    for events, what in ((0, "unary"), (CHUNKS, f"{CHUNKS}-chunk stream")):
        for callers in CALLERS:
            for name in NAMES:
                rows += _call_row(samples, name, callers, events, what)
    for callers in CALLERS:
        rows += _event_rows(samples, callers)
    chit, direct = samples["chit", 1, 0], samples["direct", 1, 0]
    added = chit.load.p50 - direct.load.p50
    rows.append(
        Row(
            what="Chit, 1 caller: added p50",
            figure="",
            wall=f"{added * 1e3:.2f} ms",
            **limit(added, 0.003, "3 ms"),
        )
    )
    for peer, callers, events, times in (
        *(("litellm", callers, 0, 20) for callers in CALLERS),
        *(("litellm", callers, CHUNKS, 30) for callers in CALLERS),
    ):
        what = f"{CHUNKS}-chunk stream" if events else "unary"
        ours, theirs = samples["chit", callers, events].cpu, samples[peer, callers, events].cpu
        rows.append(
            Row(
                what=f"{times} × Chit, {name_count(callers)}, {what}",
                figure=micro(times * ours),
                ratio=times * ours / theirs,
                against=f"LiteLLM (Chit is 1/{theirs / ours:.1f})",
                goal=1.0,
            )
        )
    return rows


def _call_row(samples: Samples, name: str, callers: int, events: int, what: str) -> list[Row]:
    sample, direct = samples[name, callers, events], samples["direct", callers, events]
    load = sample.load
    added = "" if name == "direct" else "+"
    p50, p99 = (load.p50 - direct.load.p50, load.p99 - direct.load.p99) if added else (load.p50, load.p99)
    row = Row(
        what=f"{NAMES[name]}, {name_count(callers)}, {what}",
        figure=micro(sample.cpu),
        wall=f"{load.calls / load.wall:.0f}/s, {added}{p50 * 1e3:.1f} ms, p99 {added}{p99 * 1e3:.1f}",
    )
    if name == "chit":
        goal = 3.0 if callers > 1 and not events else None
        row = replace(row, ratio=sample.cpu / samples["relay", callers, events].cpu, against="bare relay", goal=goal)
    return [row]


def _event_rows(samples: Samples, callers: int) -> list[Row]:
    """The bare relay's and Chit's cost of one event more."""
    costs = {
        name: (samples[name, callers, LONG].cpu - samples[name, callers, CHUNKS].cpu) / (LONG - CHUNKS)
        for name in ("relay", "chit")
    }
    what = f"{name_count(callers)}, streamed event"
    return [
        Row(what=f"{NAMES['relay']}, {what}", figure=micro(costs["relay"])),
        Row(
            what=f"{NAMES['chit']}, {what}",
            figure=micro(costs["chit"]),
            ratio=costs["chit"] / costs["relay"],
            against="bare relay",
            goal=2.0,
        ),
    ]


def limit(value: float, most: float, against: str) -> dict[str, Any]:
    """The members of a row whose goal is a figure, not another server."""
    return {"ratio": value / most, "against": against, "goal": 1.0}


def name_count(callers: int) -> str:
    """`16 callers`."""
    return "1 caller" if callers == 1 else f"{callers} callers"


def micro(seconds: float) -> str:
    """`1,234 µs`."""
    return f"{seconds * 1e6:,.0f} µs"
