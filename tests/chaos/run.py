"""One run: a hostile upstream, real processes that are killed, and the comparison afterwards."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw
from tests.chaos.clients import Household, Typist
from tests.chaos.questions import Questions
from tests.chaos.verdict import Verdict, judge
from tests.chaos.world import Sightings, World

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.ledger import Generation
from chit.sandbox.mishaps import WEIGHTS, Kind, Schedule
from chit.sandbox.server import Sandbox

_SETTLE_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of it, and what goes wrong."""

    seed: int
    billed: int
    """Billed completions until it ends."""
    kills: int
    """And kills."""
    typists: int = 2
    has_household: bool = True
    kill_share: float = 0.7
    """Of the commands."""
    share: float = 0.5
    """Of the completions that meet a mishap."""
    weights: Mapping[Kind, int] | None = None
    breakage: str = ""
    most_seconds: float = 1200.0
    """After which it ends with what there is."""


async def run_chaos(plan: Plan) -> Verdict:
    """The verdict; its counts are compared with nothing here."""
    schedule = Schedule(plan.seed, share=plan.share, weights=plan.weights or WEIGHTS)
    with tempfile.TemporaryDirectory(prefix="chit-chaos-") as folder:
        async with Sandbox(seed=plan.seed, pace=0.2, settle_after=0.3, schedule=schedule) as sandbox:
            sightings = Sightings()
            world = World(
                home=Path(folder) / "home",
                base_url=sandbox.base_url,
                key=SANDBOX_KEY,
                seed=plan.seed,
                questions=Questions(plan.seed),
                sightings=sightings,
                breakage=plan.breakage,
            )
            await _work(plan, world, sandbox)
            await _settle(world, sandbox)
            return _judge(world, sandbox, schedule)


async def _work(plan: Plan, world: World, sandbox: Sandbox) -> None:
    ended = asyncio.Event()
    workers = [Typist(world, number, kill_share=plan.kill_share).run(ended) for number in range(plan.typists)]
    if plan.has_household:
        workers.append(Household(world).run(ended))
    tasks = [asyncio.create_task(worker) for worker in workers]
    deadline = time.monotonic() + plan.most_seconds
    while not any(task.done() for task in tasks) and time.monotonic() < deadline:
        billed = sum(generation.billed is not None for generation in sandbox.ledger.generations)
        if billed >= plan.billed and world.sightings.kills >= plan.kills:
            break
        await asyncio.sleep(0.2)
    ended.set()
    await asyncio.gather(*tasks)


async def _settle(world: World, sandbox: Sandbox) -> None:
    """Until every record that there is has been fetched, or for so many rounds."""
    for _ in range(_SETTLE_ROUNDS):
        process = await world.start("settle", "--json")
        await process.communicate()
        if not _missing(world, sandbox):
            return
        await asyncio.sleep(1.0)


def _missing(world: World, sandbox: Sandbox) -> list[str]:
    truth = {generation.id: generation for generation in sandbox.ledger.generations}
    database = _open(world)
    try:
        rows = database.execute("SELECT generation_id FROM settlements WHERE state = 'pending'").fetchall()
    finally:
        database.close()
    return [id for (id,) in rows if id in truth and _has_record(sandbox.schedule, truth[id])]


def _judge(world: World, sandbox: Sandbox, schedule: Schedule) -> Verdict:
    database = _open(world)
    try:
        verdict = judge(
            sandbox.ledger,
            database,
            world.sightings.texts,
            has_record=lambda generation: _has_record(schedule, generation),
        )
    finally:
        database.close()
    verdict.kills, verdict.asked = world.sightings.kills, world.sightings.asked
    return verdict


def _open(world: World) -> apsw.Connection:
    return apsw.Connection(str(world.home / "chit.db"), flags=apsw.SQLITE_OPEN_READWRITE)


def _has_record(schedule: Schedule | None, generation: Generation) -> bool:
    return schedule is None or schedule.find_fate(generation.id) != "never"
