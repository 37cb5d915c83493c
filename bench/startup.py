"""CPU time of the commands that need no network, against a Python that starts and ends."""

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.measure import (
    CANARY,
    BenchmarkBroken,
    Row,
    child_environment,
    interleave,
    median_cost,
    milliseconds,
    run_child,
    script,
)
from bench.upstream import EVENTS, MODEL, make_text, serving

_MESSAGES = 20
_GOALS = {"chit --version": 6.0, "chit --help": 8.0, "chit show ID": 14.0}
_BASE = "python -c pass"


def measure(*, quick: bool) -> list[Row]:
    """The three commands and the bare interpreter, in rounds."""
    with tempfile.TemporaryDirectory() as folder:
        message_id = fill_home(Path(folder))
        chit, environment = script("chit"), child_environment(CHIT_HOME=folder)
        commands = {
            _BASE: [sys.executable, "-c", "pass"],
            "chit --version": [chit, "--version"],
            "chit --help": [chit, "--help"],
            "chit show ID": [chit, "show", message_id],
        }
        tasks = {name: partial(run_child, command, environment) for name, command in commands.items()}
        shown = interleave(tasks, 1)["chit show ID"][0][1]  # writes bytecode, too
        if make_text(EVENTS) not in shown:
            raise BenchmarkBroken(f"chit show did not show the message:\n{shown}")
        results = interleave(tasks, 3 if quick else 21)
    medians = {name: median_cost([cost for cost, _ in each]) for name, each in results.items()}
    return [
        Row(
            what=name,
            figure=milliseconds(cost.cpu),
            wall=milliseconds(cost.wall),
            ratio=cost.cpu / medians[_BASE].cpu if name in _GOALS else None,
            against=_BASE if name in _GOALS else "",
            goal=_GOALS.get(name),
        )
        for name, cost in medians.items()
    ]


def fill_home(folder: Path) -> str:
    """A small history, every cost settled, so that nothing is due; the id of its newest reply."""
    with serving() as base_url:
        return asyncio.run(_ask_and_settle(folder, base_url))


async def _ask_and_settle(folder: Path, base_url: str) -> str:
    from chit.app import open_app
    from chit.core.messages import TextPart
    from chit.core.secret import Secret
    from chit.prefs import UserPrefs

    key = Secret(CANARY)
    prefs = UserPrefs(home=folder, base_url=base_url, model=MODEL)
    async with open_app(prefs, key=lambda: key, settling=False) as app:
        for number in range(_MESSAGES):
            running = await app.engine.send([TextPart(f"Question {number}")])
            message = await running.wait()
        pending = [job.generation_id for job in await app.store.list_pending()]
        await app.settler.settle_now(pending)
        if await app.store.list_pending():
            raise BenchmarkBroken("the history of the benchmark could not be settled")
    return message.id
