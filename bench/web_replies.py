"""Live replies: what they cost the page and the server, and how soon the first character is seen."""

import asyncio
import time
from statistics import median, quantiles
from typing import Any

from bench.measure import Cost, Row, milliseconds
from bench.served import Served
from bench.tab import Tab
from bench.upstream import Upstream

RATE = 200.0
"""Tokens per second."""
KINDS = ("prose", "code", "tables")
_TOKENS = 3_600
_MOST_PAGE_CPU = 1.5
"""Seconds of the page's main thread for 3,600 tokens."""
_MOST_SERVER_CPU = 0.4
"""Seconds for 1,000 tokens."""
_LONGEST_TASK = 0.1
_FIRST_CHARACTER = 0.08
_SETTLING = 3.0
"""Seconds after a reply in which its chit is settled: that belongs to its cost."""

_DONE = "(id) => document.querySelector(`[data-message='${id}']`)?.dataset.state === 'done'"
_ASK_AND_SEE = """async (conversation) => {
  const { ask } = await import("/static/session.js");
  const last = () => [...document.querySelectorAll(".message.from-actor")].at(-1);
  const before = last().dataset.message;
  const seen = benchUntil(() => last().dataset.message !== before && last().querySelector(".reply").textContent !== "");
  const body = { text: "Say it.", model: "bench/prose", parameters: { max_tokens: 20 } };
  const { reply } = await ask("POST", `/c/${conversation}`, body);
  await seen;
  const changed = Date.now();
  return { reply, changed, painted: await benchPainted() };
}"""


async def measure_replies(upstream: Upstream, served: Served, tab: Tab, *, quick: bool) -> list[Row]:
    """Each kind of reply by itself, then many short ones."""
    upstream.rate = RATE
    await _ask(tab, "prose", 100)
    tokens, rounds = (400, 1) if quick else (_TOKENS, 2)
    rows, longest = [], 0.0
    for kind in KINDS:
        costs = [await _measure_reply(served, tab, kind, tokens) for _ in range(rounds)]
        rows += _describe(kind, tokens, [page for page, _ in costs], [server for _, server in costs])
        await tab.start_tracing()  # apart, since it costs the page a little
        await _ask(tab, kind, tokens)
        longest = max(longest, await tab.stop_tracing())
    figure, ratio = milliseconds(longest), longest / _LONGEST_TASK
    rows.append(Row(what="page: longest task", figure=figure, ratio=ratio, against="100 ms", goal=1.0))
    return rows + await _measure_first_characters(upstream, tab, 5 if quick else 30)


def _describe(kind: str, tokens: int, pages: list[Cost], servers: list[float]) -> list[Row]:
    page, most = median(cost.cpu for cost in pages), _MOST_PAGE_CPU * tokens / _TOKENS
    server = median(servers) / tokens * 1000
    return [
        Row(
            what=f"page: {tokens:,} tokens of {kind}",
            figure=milliseconds(page),
            wall=f"{median(cost.wall for cost in pages):.1f} s",
            ratio=page / most,
            against=milliseconds(most),
            goal=1.0,
        ),
        Row(
            what=f"server: 1,000 tokens of {kind}",
            figure=milliseconds(server),
            ratio=server / _MOST_SERVER_CPU,
            against="400 ms",
            goal=1.0,
        ),
    ]


async def _measure_reply(served: Served, tab: Tab, kind: str, tokens: int) -> tuple[Cost, float]:
    """What one reply cost the page, and the server in seconds of CPU."""
    before, cpu, wall = await tab.count(), served.cpu, time.monotonic()
    await _ask(tab, kind, tokens)
    wall = time.monotonic() - wall
    await asyncio.sleep(_SETTLING)
    after = await tab.count()
    page = Cost(cpu=after["TaskDuration"] - before["TaskDuration"], wall=wall)
    return page, served.cpu - cpu


async def _ask(tab: Tab, kind: str, tokens: int) -> str:
    """In a conversation of its own, watched to its end; the conversation."""
    body = {"text": "Say it.", "model": f"bench/{kind}", "parameters": {"max_tokens": tokens}}
    made = await tab.call("POST", "/c", body)
    await tab.go(f"/c/{made['conversation']}")
    await tab.until(_DONE, made["reply"])
    return str(made["conversation"])


async def _measure_first_characters(upstream: Upstream, tab: Tab, runs: int) -> list[Row]:
    """From the moment the upstream writes the first event until its text is in the page, and until it is painted."""
    conversation = await _ask(tab, "prose", 20)
    changed, painted = [], []
    for _ in range(runs):
        seen: dict[str, Any] = await tab.ask(_ASK_AND_SEE, conversation)
        changed.append(seen["changed"] / 1000 - upstream.begun[-1])
        painted.append(seen["painted"] / 1000 - upstream.begun[-1])
        await tab.until(_DONE, seen["reply"])
        await asyncio.sleep(0.2)
    return [
        _row("first character in the page, p50", median(changed), None),
        _row("first character painted, p50", median(painted), _FIRST_CHARACTER),
        _row("first character painted, p95", quantiles(painted, n=20)[-1], _FIRST_CHARACTER),
    ]


def _row(what: str, seconds: float, goal: float | None) -> Row:
    if goal is None:
        return Row(what=what, figure="", wall=milliseconds(seconds))
    return Row(
        what=what, figure="", wall=milliseconds(seconds), ratio=seconds / goal, against=milliseconds(goal), goal=1.0
    )
