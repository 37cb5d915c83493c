"""Wall times of the page about costs over a million generations: the answer of the server, and until it stands.

The history is the worst of its size: each generation has any of 20 models, 8 providers and 4 origins, so that hardly
two of a day can be added up. It is inserted as rows and counted by the same function that counts a single reply.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Row, milliseconds
from bench.served import serving_pages
from bench.tab import Tab, opened_tab
from bench.upstream import Upstream

GENERATIONS = 1_000_000
_YEARS = 3
_MODELS, _PROVIDERS, _ORIGINS = 20, 8, ("web", "cli", "api", "library")
_WITHIN = 0.3
_AT_ONCE = 20_000
_ASK = """async (path) => {
  const { ask } = await import("/static/session.js");
  const started = performance.now();
  await ask("GET", `/view?path=${encodeURIComponent(path)}`);
  return performance.now() - started;
}"""
_SHOW = """async (path) => {
  const { go } = await import("/static/router.js");
  await go("/");
  await benchPainted();
  const started = performance.now();
  await go(path);
  await benchUntil(() => document.querySelector("#main .costs .facts"));
  await benchPainted();
  return performance.now() - started;
}"""


def measure(*, quick: bool) -> list[Row]:
    """A server, a home and a browser of its own."""
    return asyncio.run(_measure(2_000 if quick else GENERATIONS, rounds=3 if quick else 11))


async def _measure(generations: int, *, rounds: int) -> list[Row]:
    upstream = Upstream()
    base_url = await upstream.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            counted = fill_costs(Path(folder), generations)
            rows = [
                Row(
                    what=f"{generations:,} generations counted, each",
                    figure=f"{counted / generations * 1e6:.0f} µs",
                )
            ]
            async with serving_pages(Path(folder), base_url) as served, opened_tab(served.address) as tab:
                for what, path in _list_pages().items():
                    rows += await _measure_page(tab, f"costs of {generations:,}: {what}", path, rounds)
            return rows
    finally:
        await upstream.close()


def _list_pages() -> dict[str, str]:
    """By what is asked for. The longest range by far is the one that neither begins nor ends with a month."""
    first, last = date.today() - timedelta(days=365 * _YEARS - 40), date.today() - timedelta(days=2)
    return {
        "30 days": "/costs?range=30",
        "90 days": "/costs?range=90",
        "90 days, one origin": "/costs?range=90&origin=web",
        "all": "/costs?range=all",
        "all, one model": "/costs?range=all&model=author%2Fmodel-3",
        "almost all": f"/costs?from={first}&to={last}",
    }


async def _measure_page(tab: Tab, what: str, path: str, rounds: int) -> list[Row]:
    cold = await tab.ask(_ASK, path) / 1000
    answers = [await tab.ask(_ASK, path) / 1000 for _ in range(rounds)]
    shown = [await tab.ask(_SHOW, path) / 1000 for _ in range(rounds)]
    return [
        _row(f"{what}: first answer", cold),
        _row(f"{what}: answer, p50", median(answers)),
        _row(f"{what}: on screen, p50", median(shown)),
        _row(f"{what}: on screen, longest", max(shown)),
    ]


def _row(what: str, seconds: float) -> Row:
    goal = milliseconds(_WITHIN)
    return Row(what=what, figure="", wall=milliseconds(seconds), ratio=seconds / _WITHIN, against=goal, goal=1.0)


def fill_costs(home: Path, generations: int) -> float:
    """Three years of them up to now, all settled; seconds of CPU that counting them took."""
    from chit.store.charges import MANY, count_changed
    from chit.store.connection import open_connection
    from chit.store.home import Home

    place = Home(home)
    place.create()
    connection = open_connection(place.database)
    connection.execute("PRAGMA synchronous = OFF")
    insert = f"INSERT INTO generations ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    settle = "INSERT INTO settlements (generation_id, state, settled_cost, settled_pico) VALUES (?, 'settled', ?, ?)"
    chance = random.Random(1)  # noqa: S311 - the same figures each time
    spent = 0.0
    for first in range(0, generations, _AT_ONCE):
        rows = list(_make_rows(chance, range(first, min(first + _AT_ONCE, generations)), generations))
        with connection:
            connection.executemany(settle, [(row[0], row[1], row[2]) for row in rows])
            connection.executemany(insert, rows)
        started = time.process_time()
        more = True
        while more:
            with connection:
                more = count_changed(connection, MANY) > 0
        spent += time.process_time() - started
    connection.close()
    return spent


_COLUMNS = (
    "generation_id",
    "reported_cost",
    "reported_pico",
    "id",
    "conversation",
    "origin",
    "streamed",
    "state",
    "requested_model",
    "model",
    "provider",
    "prompt_tokens",
    "completion_tokens",
    "time_to_first_token_ms",
    "created_at",
    "request",
)


def _make_rows(chance: random.Random, numbers: range, generations: int) -> Iterator[tuple[Any, ...]]:
    now = time.time()
    for number in numbers:
        pico = int(chance.lognormvariate(0, 1.5) * 1e9)
        model = f"author/model-{chance.randrange(_MODELS)}"
        yield (
            f"gen-{number}",
            f"{pico / 1e12:.12f}",
            pico,
            f"g{number}",
            f"c{number % 1000}",
            chance.choice(_ORIGINS),
            1,
            "done",
            model,
            model,
            f"Provider {chance.randrange(_PROVIDERS)}",
            chance.randrange(4000),
            chance.randrange(1500),
            int(chance.lognormvariate(6.6, 0.5)),
            now - (generations - number) * _YEARS * 365 * 86_400 / generations,
            "",
        )
