"""CPU time of rendering a streamed reply, for 1,000 tokens, beside rendering the same text once.

A token is four characters, and an update carries ten of them: 200 tokens a second shown 20 times a second. The goal is
the upper end of what the prototypes reached: 130 ms for any ordinary kind of reply.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench.measure import BenchmarkBroken, Row, interleave
from bench.replies import REPLIES, TOKEN, make_reply

MOST = 0.130
"""Seconds for 1,000 tokens; the goal."""
_TOKENS = 6_000
_UPDATE = 10 * TOKEN


def measure(*, quick: bool) -> list[Row]:
    """Each kind of reply, streamed and at once."""
    from chit.render.markdown import render_all

    texts = {name: make_reply(name, _TOKENS) for name in REPLIES}
    tasks: dict[str, Callable[[], float]] = {}
    for name, text in texts.items():
        tasks[f"{name}, streamed"] = partial(_timed, stream, text)
        tasks[f"{name}, at once"] = partial(_timed, render_all, text)
        if stream(text) != render_all(text):  # also loads what is loaded late
            raise BenchmarkBroken(f"the streamed {name} differ from those rendered at once")
    results = interleave(tasks, 3 if quick else 11)
    rows = []
    for task, costs in results.items():
        cost = median(costs) / (_TOKENS / 1000)
        streamed = task.endswith("streamed")
        rows.append(
            Row(
                what=f"1,000 tokens of {task}",
                figure=f"{cost * 1000:.1f} ms",
                ratio=cost / MOST if streamed else None,
                against="130 ms" if streamed else "",
                goal=1.0 if streamed else None,
            )
        )
    return rows


def stream(text: str) -> list[str]:
    """The blocks a page ends with."""
    from chit.render.blocks import BlockRenderer

    renderer = BlockRenderer()
    for place in range(0, len(text), _UPDATE):
        renderer.add(text[place : place + _UPDATE])
    renderer.end()
    return renderer.blocks


def _timed(work: Callable[[str], object], text: str) -> float:
    """Seconds of CPU that `work` takes."""
    started = time.process_time()
    work(text)
    return time.process_time() - started
