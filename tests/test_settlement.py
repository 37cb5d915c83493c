"""Pending becomes settled: when it is looked for, by whom, how often, and what every outcome leads to."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.store.samples import send
from tests.upstream import Exchange, Upstream, open_client, opened, until

from chit import settlement as settlement_module
from chit.core.generation import Settlement
from chit.core.messages import TextPart
from chit.core.secret import Secret
from chit.errors import KeyUnavailable, StoreError, UpstreamError
from chit.notices import GenerationEnded, Notice, Notices, SettlementChanged
from chit.openrouter.client import OpenRouterClient
from chit.sandbox.server import Sandbox
from chit.settlement import GIVE_UP_AFTER, HOUR, OFFSETS, Settler
from chit.store.home import Home
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore, open_store

Answer = tuple[int, Any, dict[str, str]]
"""Status, body, headers."""

MISSING: Answer = (404, {"error": {"message": "Generation not found", "code": 404}}, {})


class Clock:
    """Unix seconds that move only when told."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now


class Records:
    """Look-ups by id, answered by what was queued for all, else with a record."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.lookups: Counter[str] = Counter()
        self.hang = False
        self.left = asyncio.Event()
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one look-up."""
        (wanted,) = parse_qs(exchange.request.target.partition("?")[2])["id"]
        self.lookups[wanted] += 1
        if self.hang:
            await exchange.gone()
            self.left.set()
            return
        await self.gate.wait()
        good: Answer = (200, {"data": {"id": wanted, "total_cost": 0.25, "unknown": 2**70}}, {})
        status, body, headers = self.answers.pop(0) if self.answers else good
        await exchange.reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


class MoodyStore(SqliteStore):
    """Fails where it is told to."""

    fail_claims = 0
    fail_records = False

    async def claim_settlements(
        self, *, now: float, lease_seconds: float, limit: int, only: Sequence[str] | None = None
    ) -> list[Settlement]:
        """Fail some times, then work."""
        if self.fail_claims:
            self.fail_claims -= 1
            raise StoreError("the disk is full")
        return await super().claim_settlements(now=now, lease_seconds=lease_seconds, limit=limit, only=only)

    async def record_settlement(self, settlement: Settlement) -> bool:
        """Fail, or work."""
        if self.fail_records:
            raise StoreError("the disk is full")
        return await super().record_settlement(settlement)


async def pending(store: Store, *generation_ids: str, ended: float) -> None:
    """Generations that ended at this time."""
    for generation_id in generation_ids:
        _, answer, generation = await send(store)
        await store.record_start(generation, generation_id)
        done = replace(generation, generation_id=generation_id, state="done", owner=None)
        await store.record_end(done, answer, now=ended)


def make_settler(store: Store, client: OpenRouterClient, clock: Callable[[], float]) -> tuple[Settler, list[Notice]]:
    """A settler and everything it publishes."""
    notices = Notices()
    seen: list[Notice] = []
    notices.subscribe(seen.append)
    return Settler(store=store, client=client, notices=notices, clock=clock), seen


async def find_job(store: Store, generation_id: str = "gen-1") -> Settlement:
    """The job as stored."""
    found = await store.find(generation_id)
    assert found is not None
    settlement = (await store.get_generation(found.id)).settlement if found.kind == "generation" else None
    if settlement is None:
        generation = await store.find_generation(found.id)
        settlement = generation.settlement if generation else None
    assert settlement is not None
    return settlement


class Bench:
    """One store, one server of records, one settler, one clock; a context manager."""

    def __init__(self, home: Path, *answers: Answer, store: SqliteStore | None = None) -> None:
        self.clock = Clock()
        self.records = Records(*answers)
        self.store = store or open_store(home)
        self._upstream = Upstream(self.records)

    async def __aenter__(self) -> "Bench":
        await self._upstream.__aenter__()
        self.client = open_client(self._upstream.base_url)
        self.settler, self.notices = make_settler(self.store, self.client, self.clock)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.store.close()
        await self._upstream.__aexit__(None, None, None)

    async def work(self) -> Settlement:
        """Work off what is due; the job of `gen-1` after it."""
        await self.settler.work_off(20)
        return await find_job(self.store)


# --- when ------------------------------------------------------------------------------------------------------------


async def test_a_record_that_is_late_is_settled_when_it_comes(tmp_path: Path) -> None:
    """Two 404s and then the record: three attempts, settled once, whole, with one notice."""
    async with Bench(tmp_path, MISSING, MISSING) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        states = []
        for offset in (1.9, 2.0, 4.0, 8.0, 16.0):
            bench.clock.now = 1_000_000.0 + offset
            states.append((await bench.work()).state)
        job = await find_job(bench.store)
    assert states == ["pending", "pending", "pending", "settled", "settled"]
    assert bench.records.lookups == {"gen-1": 3}
    assert (job.attempts, job.next_attempt_at) == (3, None)
    assert job.record == {"id": "gen-1", "total_cost": 0.25, "unknown": 2**70}
    assert bench.notices == [SettlementChanged("gen-1")]


async def test_the_times_of_looking_and_the_giving_up(tmp_path: Path) -> None:
    """After 2, 4, 8, 16, 30, 60, 360 s, then hourly, and after 24 h no more, which is published."""
    async with Bench(tmp_path, *[MISSING] * 50) as bench:
        ended = bench.clock.now
        await pending(bench.store, "gen-1", ended=ended)
        looked: list[float] = []
        while (due := await bench.store.next_settlement_at()) is not None:
            assert bench.notices == []
            bench.clock.now = due
            looked.append(due - ended)
            job = await bench.work()
        assert await bench.store.list_pending() == []
    hourly = [OFFSETS[-1] + HOUR * count for count in range(1, 25)]
    assert looked == [*OFFSETS, *hourly]
    assert looked[-2] < GIVE_UP_AFTER <= looked[-1]
    assert (job.state, job.attempts, job.record) == ("gave_up", len(looked), None)
    assert bench.records.lookups == {"gen-1": len(looked)}
    assert bench.notices == [SettlementChanged("gen-1")]


async def test_what_was_given_up_can_still_be_settled_by_name(tmp_path: Path) -> None:
    """A person who asks for it again gets the record."""
    async with Bench(tmp_path, MISSING) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += GIVE_UP_AFTER
        assert (await bench.work()).state == "gave_up"
        (job,) = await bench.settler.settle_now(["gen-1"])
    assert job.state == "settled"


@pytest.mark.parametrize(("retry_after", "delay"), [("100", 100.0), ("1", 2.0), ("nonsense", 2.0)])
@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_patience_that_is_asked_for_is_given(status: int, retry_after: str, delay: float, tmp_path: Path) -> None:
    """`Retry-After` puts the next look off, but never brings it nearer than planned."""
    body = {"error": {"message": "wait", "code": status}}
    async with Bench(tmp_path, (status, body, {"Retry-After": retry_after})) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        job = await bench.work()
    assert job.next_attempt_at == bench.clock.now + delay
    assert (job.state, job.attempts) == ("pending", 1)


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_key_that_is_refused_is_not_tried_again_soon(status: int, tmp_path: Path) -> None:
    """401, 402 and 403 put the next look off by an hour, whatever else is said."""
    answer = (status, {"error": {"message": "no", "code": status}}, {"Retry-After": "1"})
    async with Bench(tmp_path, answer) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        job = await bench.work()
    assert job.next_attempt_at == bench.clock.now + HOUR


@pytest.mark.parametrize("body", [{"data": {}}, {"data": {"id": 5}}, {"data": []}, {}, {"data": {"total_cost": 1}}])
async def test_a_record_without_an_id_is_no_record(body: Any, tmp_path: Path) -> None:
    """A reply that cannot be the record is put off like one that is not there yet."""
    async with Bench(tmp_path, (200, body, {})) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        job = await bench.work()
    assert (job.state, job.record, job.next_attempt_at) == ("pending", None, bench.clock.now + 2.0)


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_only_what_is_absent_is_given_up(status: int, tmp_path: Path) -> None:
    """After 24 h of refusals or failures the job stays pending, and the trouble is there to be told."""
    async with Bench(tmp_path, (status, {"error": {"message": "no", "code": status}}, {}), MISSING) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += GIVE_UP_AFTER
        job = await bench.work()
        assert (job.state, job.next_attempt_at) == ("pending", bench.clock.now + HOUR)
        assert isinstance(bench.settler.trouble, UpstreamError)
        assert bench.settler.trouble.status == status
        bench.clock.now += HOUR
        assert (await bench.work()).state == "gave_up"
        assert bench.settler.trouble is None


async def test_a_missing_key_puts_it_off(tmp_path: Path) -> None:
    """Without a key nothing is looked up and the job waits."""

    def no_key() -> Secret:
        raise KeyUnavailable("locked")

    async with Bench(tmp_path) as bench, OpenRouterClient(base_url="http://127.0.0.1:9/api/v1", key=no_key) as client:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        settler, _ = make_settler(bench.store, client, bench.clock)
        await settler.work_off(20)
        job = await find_job(bench.store)
    assert (job.state, job.attempts, job.next_attempt_at) == ("pending", 1, bench.clock.now + 2.0)


async def test_a_clock_that_was_set_back_gives_up_no_sooner(tmp_path: Path) -> None:
    """A generation that seems to end in the future is looked for from now on."""
    async with Bench(tmp_path, MISSING) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now + 1000)
        (job,) = await bench.settler.settle_now(["gen-1"])
    assert (job.state, job.next_attempt_at) == ("pending", bench.clock.now + OFFSETS[0])


# --- by whom ---------------------------------------------------------------------------------------------------------


async def test_two_settlers_look_each_record_up_once(tmp_path: Path) -> None:
    """Two processes' worth of settlers on one home share the jobs: one look-up and one notice for each."""
    names = [f"gen-{number}" for number in range(30)]
    async with Bench(tmp_path) as bench:
        await pending(bench.store, *names, ended=bench.clock.now)
        bench.clock.now += 2.0
        other = open_store(tmp_path)
        settler, notices = make_settler(other, bench.client, bench.clock)
        await asyncio.gather(bench.settler.work_off(20), settler.work_off(20))
        await other.close()
        states = {(await find_job(bench.store, name)).state for name in names}
    assert bench.records.lookups == Counter(names)
    assert Counter(bench.notices + notices) == Counter(SettlementChanged(name) for name in names)
    assert states == {"settled"}


async def test_a_job_that_is_held_is_left_alone(tmp_path: Path) -> None:
    """`settle_now` returns only outcomes of jobs that nobody else works on, and knows no others."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", "gen-2", ended=bench.clock.now)
        other = open_store(tmp_path)
        held = await other.claim_settlements(now=bench.clock.now, lease_seconds=90, limit=1, only=["gen-1"])
        outcomes = await bench.settler.settle_now(["gen-1", "gen-2", "gen-3"])
        await other.close()
    assert [job.generation_id for job in held] == ["gen-1"]
    assert [(job.generation_id, job.state) for job in outcomes] == [("gen-2", "settled")]


async def test_a_second_record_changes_nothing(tmp_path: Path) -> None:
    """A record that arrives after the job was settled elsewhere is dropped without a notice."""
    record = {"id": "gen-1", "total_cost": 9}
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.records.gate.clear()
        looking = asyncio.create_task(bench.settler.settle_now(["gen-1"]))
        await until(lambda: bench.records.lookups)
        other = open_store(tmp_path)
        assert await other.record_settlement(Settlement(generation_id="gen-1", state="settled", record=record))
        await other.close()
        bench.records.gate.set()
        await looking
        job = await find_job(bench.store)
    assert job.record == record
    assert bench.notices == []


async def test_a_cancelled_look_up_ends_its_lease(tmp_path: Path) -> None:
    """Whoever comes next may look at once; the broken look-up does not count as an attempt."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.records.hang = True
        looking = asyncio.create_task(bench.settler.settle_now(["gen-1"]))
        await until(lambda: bench.records.lookups)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        await until(bench.records.left.is_set)
        bench.records.hang = False
        (job,) = await bench.settler.settle_now(["gen-1"])
    assert (job.state, job.attempts) == ("settled", 1)


async def test_work_off_keeps_to_its_time(tmp_path: Path) -> None:
    """A server that never answers does not hold a command up; the job stays due for the next one."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        bench.records.hang = True
        async with asyncio.timeout(20):
            await bench.settler.work_off(0.05)
        assert (await find_job(bench.store)).attempts == 0
        bench.records.hang = False
        assert (await bench.work()).state == "settled"


# --- in the background -----------------------------------------------------------------------------------------------


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel, and see that it ends so."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=20)
    assert done == {task}
    assert task.cancelled()


async def test_the_end_of_a_generation_wakes_the_settler(tmp_path: Path) -> None:
    """A settler that sleeps for want of jobs takes up one that comes, without waiting for its hour."""
    async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        settler = Settler(store=app.store, client=app.client, notices=app.notices, clock=lambda: time.time() + 10)
        background = asyncio.create_task(settler.run())
        await asyncio.sleep(0)
        running = await app.engine.send([TextPart("hi")], parameters={"model": "sandbox/echo"})
        await running.wait()
        async with asyncio.timeout(20):
            await settler.wait_settled(running.generation.generation_id or "", 20)
        row = await app.store.get_generation(running.generation.id)
        await stop(background)
        truth = sandbox.ledger.generations[0]
    assert row.settlement is not None
    assert row.settlement.info is not None
    assert truth.billed is not None
    assert row.settlement.info.total_cost == truth.billed.cost


async def test_the_settler_waits_until_a_job_is_due(tmp_path: Path) -> None:
    """A job that becomes due by the clock alone is taken up."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 1.99
        background = asyncio.create_task(bench.settler.run())
        await asyncio.sleep(0.1)  # a few rounds in which nothing may happen
        assert not bench.records.lookups
        bench.clock.now += 1.0
        await until(lambda: bench.notices)
        await stop(background)
    assert bench.notices == [SettlementChanged("gen-1")]


async def test_a_store_that_fails_for_a_while_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full disk the background goes on by itself."""
    monkeypatch.setattr(settlement_module, "RECOVERY_SECONDS", 0.0)
    store = MoodyStore(Home(tmp_path))
    async with Bench(tmp_path, store=store) as bench:
        await pending(store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        store.fail_claims = 2
        background = asyncio.create_task(bench.settler.run())
        await until(lambda: bench.notices)
        await stop(background)
    assert store.fail_claims == 0


async def test_cancelling_ends_the_background_even_if_the_store_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that cannot be given back does not turn the cancellation into something to recover from."""
    monkeypatch.setattr(settlement_module, "RECOVERY_SECONDS", 0.0)
    store = MoodyStore(Home(tmp_path))
    async with Bench(tmp_path, store=store) as bench:
        await pending(store, "gen-1", ended=bench.clock.now)
        bench.clock.now += 2.0
        bench.records.hang = True
        background = asyncio.create_task(bench.settler.run())
        await until(lambda: bench.records.lookups)
        store.fail_records = True
        await stop(background)


@pytest.mark.parametrize("notice_first", [True, False])
async def test_a_notice_does_not_swallow_a_cancellation(notice_first: bool, tmp_path: Path) -> None:
    """Cancelled in the very moment a notice arrives, the background task ends (Python 3.11's `wait_for` would not)."""
    async with Bench(tmp_path) as bench:
        notices = Notices()
        settler = Settler(store=bench.store, client=bench.client, notices=notices, clock=bench.clock)
        background = asyncio.create_task(settler.run())
        for _ in range(3):
            await asyncio.sleep(0.01)  # until it sleeps
        actions: list[Callable[[], object]] = [
            lambda: notices.publish(GenerationEnded("m", "gen-1")),
            background.cancel,
        ]
        for action in actions if notice_first else reversed(actions):
            action()
        done, _ = await asyncio.wait({background}, timeout=20)
    assert done == {background}
    assert background.cancelled()


# --- waiting for one -------------------------------------------------------------------------------------------------


async def test_waiting_ends_with_the_notice(tmp_path: Path) -> None:
    """`wait_settled` returns when its own job's notice comes, not when another's does."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", "gen-2", ended=bench.clock.now)
        notices = Notices()
        settler = Settler(store=bench.store, client=bench.client, notices=notices, clock=bench.clock)
        waiting = asyncio.create_task(settler.wait_settled("gen-1", 3600))
        await asyncio.sleep(0)
        notices.publish(GenerationEnded("m", "gen-1"))
        notices.publish(SettlementChanged("gen-2"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        notices.publish(SettlementChanged("gen-1"))
        async with asyncio.timeout(20):
            await waiting


async def test_waiting_for_what_is_settled_returns_at_once(tmp_path: Path) -> None:
    """A job that has ended, or that nobody knows, is not waited for."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        await bench.settler.settle_now(["gen-1"])
        waits: list[Awaitable[None]] = [bench.settler.wait_settled(name, 3600) for name in ("gen-1", "gen-unknown")]
        async with asyncio.timeout(20):
            await asyncio.gather(*waits)


async def test_waiting_ends_with_its_time(tmp_path: Path) -> None:
    """A job that does not settle is waited for as long as was asked."""
    async with Bench(tmp_path) as bench:
        await pending(bench.store, "gen-1", ended=bench.clock.now)
        async with asyncio.timeout(20):
            await bench.settler.wait_settled("gen-1", 0.01)
        assert (await find_job(bench.store)).state == "pending"
