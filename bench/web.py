"""What the pages cost: scripts, live replies, long histories, memory. A real `chit serve`, a real browser, one machine.

Goals are on CPU time where there is any; what is a wall time says so.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.measure import ROOT, Row
from bench.served import Served, serving_pages
from bench.tab import Tab, opened_tab
from bench.upstream import Upstream
from bench.web_attach import measure_attaching
from bench.web_history import fill_history, measure_history
from bench.web_memory import measure_memory
from bench.web_replies import measure_replies

Part = Callable[[Upstream, Served, Tab], Awaitable[list[Row]]]
_MOST_SCRIPT = 60_000
_MOST_LINES = 300


def measure(*, quick: bool) -> list[Row]:
    """Each part with a server, a home and a browser of its own."""
    return [*weigh_scripts(), *asyncio.run(_measure_pages(quick=quick))]


async def _measure_pages(*, quick: bool) -> list[Row]:
    conversations = 200 if quick else 10_000

    async def replies(upstream: Upstream, served: Served, tab: Tab) -> list[Row]:
        return await measure_replies(upstream, served, tab, quick=quick)

    async def history(_upstream: Upstream, _served: Served, tab: Tab) -> list[Row]:
        return await measure_history(tab, conversations=conversations, quick=quick)

    async def memory(upstream: Upstream, served: Served, tab: Tab) -> list[Row]:
        return await measure_memory(upstream, served, tab, replies=40 if quick else 1_000)

    async def attaching(_upstream: Upstream, served: Served, tab: Tab) -> list[Row]:
        return await measure_attaching(served, tab, quick=quick)

    rows = [*await _with_page(replies), *await _with_page(attaching)]
    rows += await _with_page(history, lambda home: fill_history(home, conversations=conversations))
    return rows + await _with_page(memory)


async def _with_page(part: Part, fill: Callable[[Path], Awaitable[None]] | None = None) -> list[Row]:
    upstream = Upstream()
    base_url = await upstream.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            if fill is not None:
                await fill(Path(folder))
            async with serving_pages(Path(folder), base_url) as served, opened_tab(served.address) as tab:
                return await part(upstream, served, tab)
    finally:
        await upstream.close()


def weigh_scripts() -> list[Row]:
    """Of the files as they are: they are served like that."""
    sources = [path.read_bytes() for path in (ROOT / "src/chit/web/static").glob("*.js")]
    size, lines = sum(map(len, sources)), max(source.count(b"\n") for source in sources)
    return [
        Row(what="scripts", figure=f"{size / 1000:.1f} KB", ratio=size / _MOST_SCRIPT, against="60 KB", goal=1.0),
        Row(what="longest script", figure=f"{lines} lines", ratio=lines / _MOST_LINES, against="300", goal=1.0),
    ]
