"""The power fails at any write or sync: whatever was acknowledged before is there after the next start (promise G2)."""

from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random

import apsw
import pytest
from tests.store.contract import append, settled
from tests.store.disk import Disk, opened_disk
from tests.store.samples import send

from chit.core.generation import Generation
from chit.core.messages import TextPart
from chit.core.usage import read_usage
from chit.errors import StoreError
from chit.store.connection import _configure, _migrate
from chit.store.home import Home
from chit.store.search_index import add_functions
from chit.store.sqlite import SqliteStore, open_store

ROUNDS = 4
"""Replies that are recorded, one after the other."""
PIECES = 3
"""Of received bytes, for each."""
_NAMES = count()


@dataclass(slots=True, kw_only=True)
class Acknowledged:
    """What the store said was durable."""

    sent: list[Generation] = field(default_factory=list)
    started: set[str] = field(default_factory=set)
    received: dict[str, bytes] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)


class OnDisk(SqliteStore):
    """The store on a disk whose power can fail; reading and writing share the one connection there can be."""

    def __init__(self, home: Home, disk: Disk, synchronous: str) -> None:
        connection = apsw.Connection("chit.db", vfs=disk.name)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _configure(connection)
        if synchronous:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        add_functions(connection)
        _migrate(connection, home.database)
        super(SqliteStore, self).__init__(home, lambda: connection)  # all but what would open the file
        self._received_from, self._changed = {}, []


async def live(store: SqliteStore, disk: Disk) -> Acknowledged:
    """Replies from send to settlement, the last one unfinished: all that was acknowledged before the power failed."""
    known = Acknowledged()
    for number in range(ROUNDS):
        _, answer, generation = await send(store)
        name = f"gen-{number}"
        if disk.has_failed:
            break
        known.sent.append(generation)
        await store.record_start(generation, name)
        if not disk.has_failed:
            known.started.add(generation.id)
        for piece in range(PIECES):
            data = f"data: {number} {piece}\n".encode() * 40
            assert await append(store, generation, data) == [None]
            if not disk.has_failed:
                known.received[generation.id] = known.received.get(generation.id, b"") + data
        if number == ROUNDS - 1:
            break
        usage = read_usage({"cost": 0.25, "prompt_tokens": 3})
        ended = replace(generation, generation_id=name, state="done", owner=None, usage=usage)
        await store.record_end(ended, replace(answer, parts=(TextPart("So."),)), now=5.0)
        if not disk.has_failed:
            known.ended.add(generation.id)
        await store.record_settlement(settled(name))
        if not disk.has_failed:
            known.settled.add(name)
    return known


async def run_until_power_fails(folder: Path, fails_at: int, *, synchronous: str = "") -> tuple[Acknowledged, int]:
    """What was acknowledged, and how often the disk was used in all; what survives lies in `folder` afterwards."""
    home = Home(folder)
    home.create()
    random = Random(f"{fails_at} {synchronous}")
    with opened_disk(f"disk-{next(_NAMES)}", fails_at=fails_at, random=random) as disk:
        store = OnDisk(home, disk, synchronous)
        known = await live(store, disk)
        used = disk.used
        await store.close()
        disk.save(folder)
    return known, used


async def find_losses(folder: Path, known: Acknowledged) -> list[str]:
    """What was acknowledged and is not there."""
    losses: list[str] = []
    store = open_store(folder)
    try:
        losses += (await store.check_integrity()).problems
        for generation in known.sent:
            try:
                found = await store.get_generation(generation.id)
            except StoreError as error:
                losses.append(str(error))
                continue
            if generation.id in known.started and found.generation_id is None:
                losses.append("an id")
            if generation.id in known.ended and found.state != "done":
                losses.append("an end")
            received = await store.load_received(found)
            if found.state != "done" and not received.startswith(known.received.get(generation.id, b"")):
                losses.append("received bytes")
            if found.generation_id in known.settled and (found.settlement is None or found.settlement.record is None):
                losses.append("a settlement")
    finally:
        await store.close()
    return losses


async def try_cuts(folder: Path, step: int, *, synchronous: str = "") -> list[str]:
    """The power fails at every `step`th use of the disk, each time on a new one; all that was lost."""
    _, uses = await run_until_power_fails(folder / "whole", 2**62, synchronous=synchronous)
    losses: list[str] = []
    for fails_at in range(1 + step // 2, uses, step):
        place = folder / str(fails_at)
        known, _ = await run_until_power_fails(place, fails_at, synchronous=synchronous)
        losses += await find_losses(place, known)
    return losses


async def test_power_loss_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """At some thirty moments of four replies, the first schema included."""
    _, uses = await run_until_power_fails(tmp_path / "count", 2**62)
    assert await try_cuts(tmp_path, max(1, uses // 30)) == []


@pytest.mark.long
async def test_power_loss_at_every_moment(tmp_path: Path) -> None:
    """At each single write and sync."""
    assert await try_cuts(tmp_path, 1) == []


async def test_a_store_that_does_not_wait_for_the_disk_is_caught(tmp_path: Path) -> None:
    """The same cuts find losses where commits are not synced, so that finding none means something."""
    _, uses = await run_until_power_fails(tmp_path / "count", 2**62, synchronous="OFF")
    assert await try_cuts(tmp_path, max(1, uses // 10), synchronous="OFF") != []
