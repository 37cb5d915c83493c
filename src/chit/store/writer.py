"""Where all that is written goes: one transaction at a time, for all running generations together.

Operations queue up while a commit is under way and go into the next one: one commit in flight, never one a chunk. An
urgent operation (a send, an id, an end) is committed at once, where company is likely `TURNS` turns of the loop later;
so are received bytes after a quiet moment. The ones that follow wait for company until `PACE` seconds have passed,
which nobody can see and which spares most commits.

The commit, which waits for the disk, is a thread's. Operations that are brief run on the event loop before it: in the
thread, each of their statements would hand Python's lock over twice, which costs more than the statement does.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from chit.errors import StoreError
from chit.store.connection import BUSY_MILLISECONDS

PACE = 1 / 30
"""Least seconds between two commits that hold received bytes only: thirty pictures a second look continuous."""

TURNS = 16
"""Of the event loop that a transaction waits for company, where the last one was shared. They take no time where
nothing else is to be done; where many calls are under way, more of them are committed together."""

T = TypeVar("T")
Operation = Callable[[apsw.Connection], T]
Done = Callable[[Any, Exception | None], None]
Explain = Callable[[Exception, apsw.Connection | None], StoreError]


@dataclass(slots=True)
class _Job:
    operation: Operation[Any]
    done: Done
    is_brief: bool
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs operations in transactions of its own connection and calls back on the event loop after the commit.

    An operation that fails takes nothing else with it. If the thread itself dies, every waiter fails, present and
    future. All but the thread's work happens on the loop.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        explain: Explain,
        finish: Operation[None] = lambda _: None,
        finish_in_thread: Operation[None] = lambda _: None,
    ) -> None:
        """`finish` is the last operation of each transaction: what can be done once for all that it holds.

        `finish_in_thread` comes after it: long statements of SQLite's, which keep nobody waiting there.
        """
        self._connect = connect
        self._explain = explain
        self._finish = finish
        self._finish_in_thread = finish_in_thread
        self._jobs: deque[_Job] = deque()
        self._urgent = False
        self._busy = False
        self._flying: list[_Job] = []
        """What the thread has; when it is through, the next transaction begins."""
        self._coming = False
        self._timer: asyncio.TimerHandle | None = None
        """One of both where the next transaction is planned."""
        self._closing = False
        self._paced_at = 0.0
        self._was_shared = False
        self._died: StoreError | None = None
        self._connection: apsw.Connection | None = None
        """Once it is open; the thread's while `_busy`."""
        self._work: SimpleQueue[tuple[Callable[[apsw.Connection, list[_Job]], None], list[_Job]] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="chit-writer", daemon=True)
        self._thread.start()

    # on the loop

    def submit(self, operation: Operation[Any], done: Done, *, urgent: bool, brief: bool = False) -> None:
        """Queue `operation`; `done(result, error)` runs on the loop once it is durable or has failed.

        A `brief` one takes no longer than reading does, and opens no file.
        """
        job = _Job(operation, done, brief)
        if self._died is not None or self._closing:
            job.error = self._died or StoreError("the store is closed")
            self._loop.call_soon(_deliver, [job])
            return
        self._jobs.append(job)
        self._urgent = self._urgent or urgent
        self._plan()

    async def run(self, operation: Operation[T], *, brief: bool = False) -> T:
        """Queue `operation` as urgent and wait until it is durable. Raises what it raised, explained."""
        future: asyncio.Future[T] = self._loop.create_future()

        def settle(result: T, error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(operation, settle, urgent=True, brief=brief)
        return await future

    async def close(self) -> None:
        """Write what is queued, then end the thread. Idempotent."""
        if not self._closing:
            self._closing = True
            if rest := self._take():
                self._hand_over(rest, self._commit)
            self._work.put(None)
        await asyncio.to_thread(self._thread.join)

    def _plan(self) -> None:
        """Begin the next transaction when it is time: at the end of this turn of the loop at the earliest."""
        if self._busy or not self._jobs or self._coming:
            return
        rest = 0.0 if self._urgent else self._paced_at + PACE - time.monotonic()
        if rest <= 0:
            self._coming = True
            self._loop.call_soon(self._await_company, TURNS if self._was_shared else 0)
        elif self._timer is None:
            self._timer = self._loop.call_later(rest, self._begin)

    def _await_company(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._await_company, turns - 1)
        else:
            self._begin()

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._coming = None, False
        if self._busy or not self._jobs:
            return
        if not self._urgent:
            self._paced_at = time.monotonic()
        jobs = self._take()
        self._was_shared = len(jobs) > 1
        try:
            is_filled = self._connection is not None and self._fill_here(self._connection, jobs)
        except BaseException:
            self._hand_over(jobs, self._commit)  # the program ends; what was asked for is stored all the same
            raise
        self._hand_over(jobs, self._seal if is_filled else self._commit)

    def _take(self) -> list[_Job]:
        jobs = list(self._jobs)
        self._jobs.clear()
        self._urgent = False
        return jobs

    def _fill_here(self, connection: apsw.Connection, jobs: list[_Job]) -> bool:
        """The transaction but for its commit. False where nothing was done: it is not brief, has to wait, or fails."""
        if not all(job.is_brief for job in jobs):
            return False
        connection.set_busy_timeout(0)
        try:
            self._fill(connection, jobs)
        except Exception:
            return False  # the thread tries it again, and tells why
        finally:
            connection.set_busy_timeout(BUSY_MILLISECONDS)
        return True

    def _hand_over(self, jobs: list[_Job], work: Callable[[apsw.Connection, list[_Job]], None]) -> None:
        self._busy = True
        self._flying += jobs
        self._work.put((work, jobs))

    def _land(self, jobs: list[_Job]) -> None:
        """They are durable, or have failed."""
        self._busy = False
        self._flying = self._flying[len(jobs) :]
        _deliver(jobs)
        self._plan()

    def _die(self, error: StoreError) -> None:
        """Nothing can be written any more."""
        self._died = error
        lost = [*self._flying, *self._take()]
        self._flying = []
        for job in lost:
            job.error = error
        _deliver(lost)

    # in the thread

    def _run(self) -> None:
        try:
            connection = self._connection = self._connect()
            try:
                while (order := self._work.get()) is not None:
                    work, jobs = order
                    work(connection, jobs)
                    self._tell(self._land, jobs)
            finally:
                self._connection = None
                connection.close()
        except BaseException as error:
            died = self._explain(error, None) if isinstance(error, Exception) else StoreError(repr(error))
            self._tell(self._die, died)

    def _commit(self, connection: apsw.Connection, jobs: list[_Job]) -> None:
        """All in one transaction; if one fails, each in a transaction of its own."""
        try:
            self._fill(connection, jobs)
        except Exception as error:
            self._part(connection, jobs, error)
        else:
            self._seal(connection, jobs)

    def _seal(self, connection: apsw.Connection, jobs: list[_Job]) -> None:
        """Commit what is filled."""
        try:
            try:
                self._finish_in_thread(connection)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
        except Exception as error:
            self._part(connection, jobs, error)

    def _part(self, connection: apsw.Connection, jobs: list[_Job], error: Exception) -> None:
        if len(jobs) == 1:
            jobs[0].error = self._explain(error, connection)
            return
        for job in jobs:
            self._commit(connection, [job])

    def _tell(self, what: Callable[[T], None], of: T) -> None:
        with suppress(RuntimeError):  # the loop is gone, and with it everyone who waited
            self._loop.call_soon_threadsafe(what, of)

    # in either

    def _fill(self, connection: apsw.Connection, jobs: list[_Job]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                job.result = job.operation(connection)
            self._finish(connection)
        except BaseException:
            _roll_back(connection)
            raise


def _roll_back(connection: apsw.Connection) -> None:
    """Unless SQLite has done so by itself, as it does on a full disk."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _deliver(jobs: list[_Job]) -> None:
    """Call everyone back, in order; one who raises keeps nobody else waiting."""
    for job in jobs:
        try:
            job.done(job.result, job.error)
        except Exception as error:
            context = {"message": "a callback of the writer failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
