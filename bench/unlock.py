"""How long unlocking the vault keeps the event loop from everything else: the longest gap between two of its turns.

Deriving a key from a passphrase takes a second of CPU by design. It happens in a process of its own, so that streams go
on meanwhile; the goal is a gap of at most 50 ms.
"""

import asyncio
import tempfile
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import CANARY, Row, milliseconds

LONGEST = 0.050
"""Seconds; the goal."""
_TURN = 0.001


def measure(*, quick: bool) -> list[Row]:
    """Idle turns beside turns while the vault is unlocked."""
    rounds = 2 if quick else 9
    with tempfile.TemporaryDirectory() as folder:
        idle, busy, took = asyncio.run(_measure(Path(folder), rounds))
    return [
        Row(what="event loop's longest gap, idle", figure=milliseconds(idle)),
        Row(
            what="event loop's longest gap, unlocking",
            figure=milliseconds(busy),
            wall=milliseconds(took),
            ratio=busy / LONGEST,
            against="50 ms",
            goal=1.0,
        ),
    ]


async def _measure(home: Path, rounds: int) -> tuple[float, float, float]:
    """Medians over the rounds of the longest gaps, idle and unlocking, and of how long an unlocking took; seconds."""
    from chit.core.secret import Secret
    from chit.vault.passphrase import Passphrase
    from chit.vault.store import SecretStore

    passphrase = Passphrase("correct horse battery staple")
    vault = SecretStore(home, base_url="http://127.0.0.1/api/v1")
    await vault.save("inference", Secret(CANARY), place="file", passphrase=passphrase)
    idle, busy, took = [], [], []
    for _ in range(rounds):
        idle.append(await _longest_gap(asyncio.sleep(1.0)))
        await vault.lock()
        started = time.monotonic()
        busy.append(await _longest_gap(vault.unlock(passphrase)))
        took.append(time.monotonic() - started)
    return median(idle), median(busy), median(took)


async def _longest_gap(work: Coroutine[Any, Any, None]) -> float:
    """Do `work` while the loop turns every millisecond; the longest time it was late by."""
    gaps = [0.0]

    async def turn() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TURN)
            gaps.append(time.monotonic() - before - _TURN)

    turning = asyncio.create_task(turn())
    await work
    turning.cancel()
    with suppress(asyncio.CancelledError):
        await turning
    return max(gaps)
