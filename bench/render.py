"""CPU time of rendering a streamed reply, for 1,000 tokens, beside rendering the same text once.

A token is four characters, and an update carries ten of them: 200 tokens a second shown 20 times a second. The goal is
the upper end of what the prototypes reached: 130 ms for any ordinary kind of reply.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench.measure import BenchmarkBroken, Row, interleave

MOST = 0.130
"""Seconds for 1,000 tokens; the goal."""
_TOKEN = 4
_UPDATE = 10 * _TOKEN
_LENGTH = 24_000

_SENTENCE = "It goes on for a few sentences, as *replies* do, and says `nothing` new. "
_CODE = """def compute(value: int, other: str) -> dict[str, int]:
    # add the length
    return {"key": value + len(other)}

"""
REPLIES = {
    "prose": "## A heading\n\n"
    + (_SENTENCE * 5 + "See [the page](https://example.com/page).\n\n") * 2
    + "- first item with some words\n- second item, rather longer than the first\n- third\n\n",
    "code": "Here is a function:\n\n```python\n" + _CODE * 12 + "```\n\n" + _SENTENCE + "\n\n",
    "tables": "Compare:\n\n| Name | Kind | Price | Notes |\n|:--|:-:|--:|---|\n"
    + "| some-model | text | $0.25 | a few words here |\n" * 14
    + "\nSo there.\n\n",
    "maths": "The energy is $E = mc^2$, and $x_i^2 + y_i^2$ too:\n\n$$\n\\int_0^\\infty e^{-x^2} \\, dx = "
    "\\frac{\\sqrt{\\pi}}{2}\n$$\n\nfor all \\(x\\). So it is.\n\n",
    "one long list": "1. **Item** with a text that says what it is about, in a sentence or two.\n   - one\n   - two\n",
}


def measure(*, quick: bool) -> list[Row]:
    """Each kind of reply, streamed and at once."""
    from chit.render.markdown import render_all

    texts = {name: (text * (_LENGTH // len(text) + 1))[:_LENGTH] for name, text in REPLIES.items()}
    tasks: dict[str, Callable[[], float]] = {}
    for name, text in texts.items():
        tasks[f"{name}, streamed"] = partial(_timed, stream, text)
        tasks[f"{name}, at once"] = partial(_timed, render_all, text)
        if stream(text) != render_all(text):  # also loads what is loaded late
            raise BenchmarkBroken(f"the streamed {name} differ from those rendered at once")
    results = interleave(tasks, 3 if quick else 11)
    rows = []
    for task, costs in results.items():
        cost = median(costs) / (_LENGTH / _TOKEN / 1000)
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
