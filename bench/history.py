"""A million messages in the terminal, beside `llm` on the same data: finding, opening, listing, and memory.

The goals are of wall time within the process: p95 of a search within 50 ms, a conversation opened within 20 ms, a list
within 20 ms. Whole commands are shown beside llm's. Memory is flat where a history a hundred times as long takes about
as much.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.llm_history import fill_llm
from bench.measure import BenchmarkBroken, Cost, Row, child_environment, interleave, median_cost, milliseconds, script
from bench.peak import run_measured
from bench.search import KEPT, MESSAGES, make_queries
from bench.search_history import COMMON, Language, fill_search

KEPT_LLM = "CHIT_BENCH_LLM_HOME"
"""A folder that a run fills with llm's database of the same words, and later ones use again."""
_SEARCH, _OPEN, _LIST = 0.05, 0.02, 0.02
_FLAT = 1.3
_SMALL = 10_000
"""Messages of the history that memory is compared with."""
_LOGS = """
    CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
    CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, response TEXT, conversation_id TEXT,
        datetime_utc TEXT);
"""
_IMPORTED = 2_000
"""Conversations of the import whose memory and speed are measured."""


def measure(*, quick: bool) -> list[Row]:
    """All of it; the histories are made where there are none."""
    messages = 20_000 if quick else MESSAGES
    language = Language(stream=200_000 if quick else 4_000_000)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(os.environ.get(KEPT, "") or Path(folder, "chit"))
        small = Path(folder, "small")
        llm = Path(os.environ.get(KEPT_LLM, "") or Path(folder, "llm"))
        if not (home / "chit.db").exists():
            fill_search(home, messages=messages, language=language)
        fill_search(small, messages=2_000 if quick else _SMALL, language=Language(stream=200_000))
        fill_llm(llm, home)
        rows = asyncio.run(_measure_store(home, language, rounds=5 if quick else 40))
        rows += _measure_commands(home, small, llm, language, rounds=2 if quick else 9)
        rows += _measure_import(Path(folder), 50 if quick else _IMPORTED)
    return rows


async def _measure_store(home: Path, language: Language, *, rounds: int) -> list[Row]:
    """Within one process, as a command does it once it runs."""
    from chit.core.search import read_query
    from chit.store.sqlite import open_store

    store = open_store(home)
    try:
        newest = await store.list_conversations(None, 500, "all")
        chance = random.Random(1)  # noqa: S311 - so that every run opens the same ones
        chosen = [chance.choice(newest).id for _ in range(rounds * 5)]
        texts = [text for texts in make_queries(language, rounds).values() for text in texts]
        places = [chance.choice(newest).last_seq for _ in range(rounds * 5)]

        async def search(text: str) -> None:
            await store.search(read_query(text), limit=20)

        async def open_one(id: str) -> None:
            await store.list_messages(id)
            await store.list_generations(id)

        async def find(id: str) -> None:
            await store.find(id[-8:])

        async def list_page(before: int) -> None:
            await store.list_conversations(before, 20, "open")

        return [
            _row("search, 20 of it", await _time(search, texts), _SEARCH),
            _row("open a conversation", await _time(open_one, chosen), _OPEN),
            _row("find a conversation by its short id", await _time(find, chosen), None),
            _row("list 20 conversations", await _time(list_page, places), _LIST),
        ]
    finally:
        await store.close()


async def _time(work: Callable[[Any], Awaitable[None]], things: Sequence[Any]) -> list[float]:
    times = []
    for thing in things:
        started = time.perf_counter()
        await work(thing)
        times.append(time.perf_counter() - started)
    return times


def _measure_commands(home: Path, small: Path, llm: Path, language: Language, *, rounds: int) -> list[Row]:
    """Whole commands, from the start of their process to its end, in rounds."""
    conversation = _newest(home)
    ours = child_environment(CHIT_HOME=str(home), CHIT_SETTLE="manual")
    few = child_environment(CHIT_HOME=str(small), CHIT_SETTLE="manual")
    theirs = child_environment(LLM_USER_PATH=str(llm))
    word = language.words[len(COMMON) + 500]
    chit, peer = script("chit"), script("llm")
    pairs = {
        "search": ([chit, "search", word], [peer, "logs", "list", "-q", word, "-n", "20", "--short"]),
        "list": ([chit, "list"], [peer, "logs", "list", "-n", "20", "--short"]),
        "show": ([chit, "show", conversation], [peer, "logs", "list", "--cid", conversation]),
    }
    tasks: dict[str, Callable[[], tuple[Cost, int]]] = {}
    for name, (mine, other) in pairs.items():
        tasks[f"chit {name}"] = partial(run_measured, mine, ours)
        tasks[f"llm: {name}"] = partial(run_measured, other, theirs)
        if name != "show":
            tasks[f"chit {name}, small"] = partial(run_measured, mine, few)
    interleave(tasks, 1)
    results = interleave(tasks, rounds)
    rows = []
    for name in pairs:
        mine, other = (median_cost([cost for cost, _ in results[f"{who} {name}"]]) for who in ("chit", "llm:"))
        ratio, wall = mine.wall / other.wall, milliseconds(mine.wall)
        rows.append(
            Row(what=f"chit {name}", figure=milliseconds(mine.cpu), wall=wall, ratio=ratio, against="llm", goal=1.0)
        )
        rows.append(Row(what=f"llm: {name}", figure=milliseconds(other.cpu), wall=milliseconds(other.wall)))
    for name in ("search", "list"):
        large, little = (median(peak for _, peak in results[f"chit {name}{which}"]) for which in ("", ", small"))
        what = f"memory of chit {name}: {large / 1e6:.0f} MB, {little / 1e6:.0f} MB in a small history"
        rows.append(Row(what=what, figure="", ratio=large / little, against="small", goal=_FLAT))
    return rows


def _measure_import(folder: Path, count: int) -> list[Row]:
    """Llm's database of so many conversations, and of a tenth of them: speed, and memory beside each other."""
    peaks, walls = [], []
    for number in (count // 10, count):
        home, logs = folder / f"into-{number}", folder / f"logs-{number}.db"
        _write_logs(logs, number)
        environment = child_environment(CHIT_HOME=str(home), CHIT_SETTLE="manual")
        cost, peak = run_measured([script("chit"), "import", str(logs)], environment)
        peaks.append(peak)
        walls.append(cost.wall)
    what = f"import of {count:,} conversations: {count / walls[1]:.0f} a second, {peaks[1] / 1e6:.0f} MB"
    return [
        Row(what=what, figure="", wall=f"{walls[1]:.1f} s", ratio=peaks[1] / peaks[0], against="a tenth", goal=_FLAT)
    ]


def _write_logs(path: Path, count: int) -> None:
    import apsw

    connection = apsw.Connection(str(path))
    connection.execute(_LOGS)
    text = " ".join(COMMON * 4)
    with connection:
        for number in range(count * 5):
            row = (f"{number:08}", "m", f"{number} {text}", text, f"c{number // 5:08}", "2025-01-01T00:00:00")
            connection.execute("INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.close()


def _newest(home: Path) -> str:
    """The id of the conversation that was used last."""
    from chit.cli.blocking import finish
    from chit.store.sqlite import open_store

    store = open_store(home)
    found = finish(store.list_conversations(None, 1))
    finish(store.close())
    if not found:
        raise BenchmarkBroken(f"there is no conversation in {home}")
    return found[0].id


def _row(what: str, times: Sequence[float], goal: float | None) -> Row:
    cuts = quantiles(times, n=20, method="inclusive")
    wall = f"p50 {cuts[9] * 1000:.1f} ms, p95 {cuts[18] * 1000:.1f} ms, most {max(times) * 1000:.0f} ms"
    if goal is None:
        return Row(what=what, figure="", wall=wall)
    return Row(what=what, figure="", wall=wall, ratio=cuts[18] / goal, against=milliseconds(goal), goal=1.0)
