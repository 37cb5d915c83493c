"""Searching a million messages: hundreds of queries of all sorts, at the store, over HTTP, and until they are painted.

Wall times, since that is what the goal is about: p95 within 50 ms at the server and 150 ms on screen.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote, urlencode

from bench.measure import Cost, Row, milliseconds
from bench.search_history import COMMON, MODELS, Language, fill_search
from bench.served import Served, serving_pages
from bench.tab import Tab, opened_tab
from bench.upstream import Upstream

MESSAGES = 1_000_000
KEPT = "CHIT_BENCH_SEARCH_HOME"
"""A folder that a run fills and later ones search again; without it each run makes its own and throws it away."""
_AT_SERVER = 0.05
_ON_SCREEN = 0.15
_HOSTILE = (
    "'; DROP TABLE messages; --",
    '" OR 1=1 --',
    "NEAR(the of, 5) AND words:the",
    "the* OR of* NOT and*",
    '"the of and to a in is it"',
    " ".join(COMMON[:40]),
    '"' + " ".join(reversed(COMMON[:20])) + '"',
    "{words} : ^the + of",
    "(" * 200,
    "-the -of -and -to",
    "cost:<0.000000001 the",
    "model:% the",
    "x" * 250,
)
_TYPE = """async (text) => {
  const router = await import("/static/router.js");
  const box = document.querySelector("#search input");
  const started = performance.now();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  while (router.view.data.q !== text) {
    await new Promise((done) => setTimeout(done, 1));
  }
  await benchPainted();
  return performance.now() - started;
}"""

Queries = Mapping[str, Sequence[str]]


def measure(*, quick: bool) -> list[Row]:
    """The same queries at each place."""
    return asyncio.run(_measure(quick=quick))


async def _measure(*, quick: bool) -> list[Row]:
    messages = 20_000 if quick else MESSAGES
    language = Language(stream=200_000 if quick else 4_000_000)
    queries = make_queries(language, 5 if quick else 30)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(os.environ.get(KEPT, "") or folder)
        rows = [] if (home / "chit.db").exists() else [_fill(home, messages, language)]
        rows += await _measure_store(home, queries)
        upstream = Upstream()
        base_url = await upstream.start()
        try:
            async with serving_pages(home, base_url) as served, opened_tab(served.address) as tab:
                rows += await _measure_http(tab, served, queries)
                rows += await _measure_screen(tab, queries)
        finally:
            await upstream.close()
        return rows


def make_queries(language: Language, count: int) -> dict[str, list[str]]:
    """By kind, so many of each, of words that are there."""
    chance, words, stream = language.chance, language.words, language.stream

    def cut(length: int) -> str:
        start = chance.randrange(len(stream) - length)
        return " ".join(stream[start : start + length])

    def day() -> str:
        return f"202{chance.choice('345')}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"

    def filters() -> str:
        return chance.choice(
            (
                f"model:{chance.choice(MODELS).partition('/')[2]}",
                f"model:{chance.choice(('claude', 'gpt', 'gem', 'mistral'))}",
                f"after:{day()}",
                f"before:{day()}",
                f"after:2024-03 before:2024-0{chance.randrange(4, 9)}-15",
                f"cost:>{chance.choice(('0.0001', '0.004', '0.05', '0.3'))}",
                f"cost:<{chance.choice(('0.0001', '0.004', '0.05'))}",
                f"cost:0.002..{chance.choice(('0.0021', '0.004'))}",
                "has:error",
                "from:me",
                "from:model has:error model:gpt",
            )
        )

    kinds: dict[str, Callable[[], str]] = {
        "common word": lambda: f"{chance.choice(COMMON)} ",
        "rare word": lambda: f"{chance.choice(words[20_000:])} ",
        "several words": lambda: (
            f"{chance.choice(COMMON)} {chance.choice(words[50:5_000])} {chance.choice(words[:2_000])} "
        ),
        "beginning, 1 letter": lambda: f"{chance.choice(words[:5_000])} {chance.choice(words)[:1]}",
        "beginning, 2 letters": lambda: chance.choice(words)[:2],
        "beginning, 3 letters": lambda: chance.choice(stream)[:3],
        "beginning, longer": lambda: chance.choice(stream)[: chance.randrange(4, 8)],
        "phrase that is there": lambda: f'"{cut(chance.randrange(2, 5))}"',
        "phrase, mostly not there": lambda: f'"{chance.choice(words[:300])} {chance.choice(words[:300])}"',
        "filter": filters,
        "word with filter": lambda: f"{chance.choice(COMMON)} {filters()}",
        "word with two filters": lambda: f"{chance.choice(words[:1_000])} {filters()} {filters()}",
        "excluded": lambda: f"{chance.choice(words[:500])} -{chance.choice(COMMON)} -{chance.choice(words[:500])} ",
        "title": lambda: f"in:title {chance.choice(words[:2_000])}",
    }
    made = {kind: [make() for _ in range(count)] for kind, make in kinds.items()}
    return {**made, "hostile": list(_HOSTILE)}


def _fill(home: Path, messages: int, language: Language) -> Row:
    started = time.monotonic()
    indexing = fill_search(home, messages=messages, language=language)
    took = time.monotonic() - started
    size = (home / "chit.db").stat().st_size / 1e6
    what = f"{messages:,} messages, {size:,.0f} MB: laid down and made findable"
    return Row(what=what, figure="", wall=f"{took:.0f} s, of it {indexing:.0f} s to make findable")


async def _measure_store(home: Path, queries: Queries) -> list[Row]:
    from chit.core.search import read_query
    from chit.store.sqlite import open_store

    store = open_store(home)
    try:

        async def ask(text: str) -> None:
            await store.search(read_query(text))

        return _rows("store", await _time(ask, queries, time.process_time), _AT_SERVER, details=True)
    finally:
        await store.close()


async def _measure_http(tab: Tab, served: Served, queries: Queries) -> list[Row]:
    """With the page's own token, but from here: what the network and the server take."""
    import aiohttp

    token = await tab.ask("localStorage.getItem('chit-session')")
    origin = served.address.partition("#")[0].rstrip("/")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as web:

        async def ask(text: str) -> None:
            where = quote(f"/search?{urlencode({'q': text})}", safe="")
            async with web.get(f"{origin}/view?path={where}") as response:
                response.raise_for_status()
                await response.read()

        return _rows("HTTP", await _time(ask, queries, lambda: served.cpu), _AT_SERVER)


async def _measure_screen(tab: Tab, queries: Queries) -> list[Row]:
    """From the key press to the painted page; the 40 ms that the page waits for the next key are in it."""
    await tab.go("/search")
    times: dict[str, list[Cost]] = {}
    for kind, texts in queries.items():
        times[kind] = [Cost(cpu=0, wall=await tab.ask(_TYPE, text) / 1000) for text in dict.fromkeys(texts)]
    return _rows("screen", times, _ON_SCREEN)


async def _time(
    ask: Callable[[str], Awaitable[Any]], queries: Queries, read_cpu: Callable[[], float]
) -> dict[str, list[Cost]]:
    times: dict[str, list[Cost]] = {}
    for kind, texts in queries.items():
        times[kind] = []
        for text in texts:
            started, cpu = time.perf_counter(), read_cpu()
            await ask(text)
            times[kind].append(Cost(cpu=read_cpu() - cpu, wall=time.perf_counter() - started))
    return times


def _rows(place: str, times: Mapping[str, Sequence[Cost]], goal: float, *, details: bool = False) -> list[Row]:
    every = [each for found in times.values() for each in found]
    rows = [_row(f"{place}: all {len(every)} queries", every, goal)]
    if details:
        rows += [_row(f"{place}: {kind}", found, None) for kind, found in times.items()]
    return rows


def _row(what: str, times: Sequence[Cost], goal: float | None) -> Row:
    """Of the CPU time its mean, since the system counts that of a server in hundredths of a second."""
    cuts = quantiles([each.wall for each in times], n=20, method="inclusive")
    wall = f"p50 {milliseconds(cuts[9])}, p95 {milliseconds(cuts[18])}, most {milliseconds(max(t.wall for t in times))}"
    cpu = sum(each.cpu for each in times) / len(times)
    figure = f"{cpu * 1000:.1f} ms" if cpu else ""
    if goal is None:
        return Row(what=what, figure=figure, wall=wall)
    return Row(what=what, figure=figure, wall=wall, ratio=cuts[18] / goal, against=milliseconds(goal), goal=1.0)
