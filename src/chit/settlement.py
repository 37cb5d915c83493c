"""Pending generations become settled: OpenRouter's own record is fetched until it is there.

409 of 414 look-ups made right after a reply answered 404 in real traffic, so the jobs are durable, wait, and survive
restarts. A job is claimed by a lease; a record is stored once.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from chit.core.generation import Settlement, read_generation_info
from chit.errors import ChitError, StoreError, UpstreamError
from chit.notices import GenerationEnded, Notice, Notices, SettlementChanged
from chit.openrouter.client import OpenRouterClient
from chit.store.protocol import Store

OFFSETS = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 360.0)
"""Seconds after the end of the generation at which its record is looked for; then hourly."""
HOUR = 3600.0
GIVE_UP_AFTER = 24 * HOUR
LEASE_SECONDS = 90.0
AT_ONCE = 8
RECOVERY_SECONDS = 30.0
"""After the store has failed, until it is tried again: a full disk may have room by then."""


class Settler:
    """Works off settlement jobs: `run` for as long as the program lives, `work_off` for a moment."""

    def __init__(
        self,
        *,
        store: Store,
        client: OpenRouterClient,
        notices: Notices,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives unix seconds: due times outlive the process."""
        self._store = store
        self._client = client
        self._notices = notices
        self._clock = clock
        self._woken = asyncio.Event()
        self.trouble: ChitError | None = None
        """Why the last look-up that failed did so, unless the record was just not there yet."""

    async def run(self) -> None:
        """Until cancelled: wait for the next job to be due, work it off. A store that fails is tried again."""
        unsubscribe = self._notices.subscribe(self._wake)
        try:
            while True:
                try:
                    await self._work_due()
                    await self._wait_for_next()
                except StoreError:
                    await asyncio.sleep(RECOVERY_SECONDS)
        finally:
            unsubscribe()

    async def work_off(self, seconds: float) -> None:
        """Work off what is due now, for at most `seconds`; what is not done stays due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._work_due()

    async def settle_now(self, generation_ids: Sequence[str]) -> list[Settlement]:
        """One attempt for each of these jobs, due or not; the outcomes of those nobody else was working on."""
        claimed = await self._store.claim_settlements(
            now=self._clock(), lease_seconds=LEASE_SECONDS, limit=len(generation_ids), only=generation_ids
        )
        return list(await asyncio.gather(*map(self._attempt, claimed)))

    async def wait_settled(self, generation_id: str, seconds: float) -> None:
        """Return once the job has ended, or after `seconds`. `run` must be running."""
        ended = asyncio.Event()

        def note(notice: Notice) -> None:
            if isinstance(notice, SettlementChanged) and notice.generation_id == generation_id:
                ended.set()

        unsubscribe = self._notices.subscribe(note)
        try:
            if any(job.generation_id == generation_id for job in await self._store.list_pending()):
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await ended.wait()
        finally:
            unsubscribe()

    def _wake(self, notice: Notice) -> None:
        if isinstance(notice, GenerationEnded):
            self._woken.set()

    async def _wait_for_next(self) -> None:
        due = await self._store.next_settlement_at()
        delay = HOUR if due is None else min(max(due - self._clock(), 0.05), HOUR)
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):  # not wait_for, which can swallow a cancellation on Python 3.11
                await self._woken.wait()
        self._woken.clear()

    async def _work_due(self) -> None:
        while claimed := await self._store.claim_settlements(
            now=self._clock(), lease_seconds=LEASE_SECONDS, limit=AT_ONCE
        ):
            await asyncio.gather(*map(self._attempt, claimed))

    async def _attempt(self, job: Settlement) -> Settlement:
        """One look-up, and its outcome in the store."""
        try:
            record = await self._client.fetch_generation(job.generation_id)
        except asyncio.CancelledError:
            with suppress(StoreError):  # in place of the cancellation it would keep `run` alive
                await asyncio.shield(self._store.record_settlement(job))  # end the lease: others may try at once
            raise
        except ChitError as error:
            self.trouble = None if _is_absent(error) else error
            outcome = self._put_off(job, error)
        else:
            if read_generation_info(record) is None:
                outcome = self._put_off(job, None)
            else:
                outcome = replace(job, state="settled", attempts=job.attempts + 1, record=record, next_attempt_at=None)
        if await self._store.record_settlement(outcome) and outcome.state != "pending":
            self._notices.publish(SettlementChanged(job.generation_id))
        return outcome

    def _put_off(self, job: Settlement, error: ChitError | None) -> Settlement:
        now = self._clock()
        attempts = job.attempts + 1
        ended = min(job.ended_at or now, now)
        if now - ended >= GIVE_UP_AFTER and (error is None or _is_absent(error)):
            return replace(job, state="gave_up", attempts=attempts, next_attempt_at=None)
        return replace(job, attempts=attempts, next_attempt_at=_next_attempt(ended, now, error))


def _is_absent(error: ChitError) -> bool:
    """Whether OpenRouter says that it has no such record, or not yet. Only that can be given up on."""
    return isinstance(error, UpstreamError) and error.status == 404


def _next_attempt(ended: float, now: float, error: ChitError | None) -> float:
    """The next of the offsets that lies ahead, then hourly; later if the server asked for patience.

    A key that is refused will not be accepted in two seconds (field guide §6.2: never poll on 401, 402, 403).
    """
    if isinstance(error, UpstreamError) and error.status in (401, 402, 403):
        return now + HOUR
    planned = next((ended + offset for offset in OFFSETS if ended + offset > now + 0.5), now + HOUR)
    if isinstance(error, UpstreamError) and error.retry_after is not None:
        return max(planned, now + error.retry_after)
    return planned
