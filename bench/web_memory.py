"""Memory over many replies: of the page after everything unreachable is gone, and of the server."""

from bench.measure import Row
from bench.served import Served
from bench.tab import Tab
from bench.upstream import Upstream

_PER_CONVERSATION = 20
_TOKENS = 100
_MOST_GROWTH = 1.1
"""Of the second half of the replies over the first, which fills what has a limit: caches, the memory of events."""

_ASK_MANY = """async ([count, tokens]) => {
  const { ask } = await import("/static/session.js");
  const { go } = await import("/static/router.js");
  const body = { text: "Say it.", model: "bench/prose", parameters: { max_tokens: tokens } };
  let conversation = null;
  for (let number = 0; number < count; number += 1) {
    const made = await ask("POST", conversation ? `/c/${conversation}` : "/c", body);
    if (!conversation) {
      conversation = made.conversation;
      await go(`/c/${conversation}`);
    }
    await benchUntil(() => document.querySelector(`[data-message="${made.reply}"]`)?.dataset.state === "done");
  }
  await go("/");
}"""


async def measure_memory(upstream: Upstream, served: Served, tab: Tab, *, replies: int) -> list[Row]:
    """Unpaced replies, twenty to a conversation, each conversation left for the next."""
    upstream.rate = 0.0
    half = replies // 2
    rows = {"page: heap": [await _heap(tab)], "server: resident": [served.memory]}
    for asked in range(_PER_CONVERSATION, replies + 1, _PER_CONVERSATION):
        await tab.ask(_ASK_MANY, [_PER_CONVERSATION, _TOKENS])
        if asked in (half, replies):
            rows["page: heap"].append(await _heap(tab))
            rows["server: resident"].append(served.memory)
    return [
        Row(
            what=f"{what} after {replies:,} replies",
            figure=f"{last / 1e6:.1f} MB",
            ratio=last / middle,
            against=f"after {half}; {first / 1e6:.1f} MB before",
            goal=_MOST_GROWTH,
        )
        for what, (first, middle, last) in rows.items()
    ]


async def _heap(tab: Tab) -> int:
    return int((await tab.count_clean())["JSHeapUsedSize"])
