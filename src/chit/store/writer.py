"""One thread that writes, for all running generations together.

Operations queue up while a commit is under way and go into the next one: one commit in flight, never one a chunk. An
urgent operation (a send, an id, an end) is committed at once, and so are received bytes after a quiet moment; the ones
that follow wait for company until `PACE` seconds have passed, which nobody can see and which spares most commits.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import apsw

from chit.errors import StoreError

PACE = 1 / 30
"""Least seconds between two commits that hold received bytes only: thirty pictures a second look continuous."""

T = TypeVar("T")
Operation = Callable[[apsw.Connection], T]
Done = Callable[[Any, Exception | None], None]
Explain = Callable[[Exception, apsw.Connection | None], StoreError]


@dataclass(slots=True)
class _Job:
    operation: Operation[Any]
    done: Done
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs operations in transactions of its own connection and calls back on the event loop after the commit.

    An operation that fails takes nothing else with it. If the thread itself dies, every waiter fails, present and
    future.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        explain: Explain,
        finish: Operation[None] = lambda _: None,
    ) -> None:
        """`finish` is the last operation of each transaction: what can be done once for all that it holds."""
        self._connect = connect
        self._explain = explain
        self._finish = finish
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._urgent = False
        self._idle = False
        self._closing = False
        self._paced_at = 0.0
        self._died: StoreError | None = None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="chit-writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Operation[Any], done: Done, *, urgent: bool) -> None:
        """Queue `operation`; `done(result, error)` runs on the loop once it is durable or has failed."""
        job = _Job(operation, done)
        with self._changed:
            if self._died is None and not self._closing:
                self._jobs.append(job)
                self._urgent = self._urgent or urgent
                if urgent or self._idle:
                    self._changed.notify()
                return
            job.error = self._died or StoreError("the store is closed")
        self._loop.call_soon(_deliver, [job])

    async def run(self, operation: Operation[T]) -> T:
        """Queue `operation` as urgent and wait until it is durable. Raises what it raised, explained."""
        future: asyncio.Future[T] = self._loop.create_future()

        def settle(result: T, error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(operation, settle, urgent=True)
        return await future

    async def close(self) -> None:
        """Write what is queued, then end the thread. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        jobs: list[_Job] = []
        try:
            connection = self._connect()
            try:
                while jobs := self._take():
                    self._commit(connection, jobs)
                    self._report(jobs)
            finally:
                connection.close()
        except BaseException as error:
            with self._changed:
                self._died = self._explain(error, None) if isinstance(error, Exception) else StoreError(repr(error))
                jobs += self._jobs
                self._jobs.clear()
            for job in jobs:
                job.error = self._died
            self._report(jobs)

    def _take(self) -> list[_Job]:
        """Every queued job, once there are some and their pace has passed; empty when closing with nothing left."""
        with self._changed:
            while not self._jobs and not self._closing:
                self._idle = True
                self._changed.wait()
            self._idle = False
            rest = self._paced_at + PACE - time.monotonic()
            if rest > 0 and not self._urgent and not self._closing:
                self._changed.wait(rest)
            if not self._urgent:
                self._paced_at = time.monotonic()
            jobs = list(self._jobs)
            self._jobs.clear()
            self._urgent = False
            return jobs

    def _commit(self, connection: apsw.Connection, jobs: list[_Job]) -> None:
        """All in one transaction; if one fails, each in a transaction of its own."""
        try:
            self._transact(connection, jobs)
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].error = self._explain(error, connection)
                return
            for job in jobs:
                self._commit(connection, [job])

    def _transact(self, connection: apsw.Connection, jobs: list[_Job]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                job.result = job.operation(connection)
            self._finish(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _report(self, jobs: list[_Job]) -> None:
        with suppress(RuntimeError):  # the loop is gone, and with it everyone who waited
            self._loop.call_soon_threadsafe(_deliver, jobs)


def _deliver(jobs: list[_Job]) -> None:
    """Call everyone back, in order; one who raises keeps nobody else waiting."""
    for job in jobs:
        try:
            job.done(job.result, job.error)
        except Exception as error:
            context = {"message": "a callback of the writer failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
