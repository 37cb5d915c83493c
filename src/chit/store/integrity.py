"""Whether everything that is stored holds together (promise G10)."""

import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

import apsw

from chit.store.blobs import Blobs
from chit.store.protocol import Integrity

MOST_PROBLEMS = 20
"""Of each kind that are told."""
SECONDS = 20.0
"""After which a check ends, however large the history."""
_STEPS = 10_000
"""SQLite's own, between two looks at the clock."""

_UNWATCHED = (
    "SELECT 'received_bytes', seq, 'generations', NULL FROM received_bytes"
    " WHERE generation NOT IN (SELECT id FROM generations)",
    "SELECT 'blob_uses', NULL, 'blobs', NULL FROM blob_uses WHERE hash NOT IN (SELECT hash FROM blobs)",
)
"""What refers to something without a foreign key, in the columns of `PRAGMA foreign_key_check`."""


def check_integrity(connection: apsw.Connection, blobs: Blobs, *, seconds: float = SECONDS) -> Integrity:
    """Pages, indexes, references between rows, and the files of attachments. Damage is reported, never raised."""
    deadline = time.monotonic() + seconds

    def is_late() -> bool:
        return time.monotonic() >= deadline

    def damaged_blobs(connection: apsw.Connection) -> Iterator[str]:
        for (name,) in connection.execute("SELECT hash FROM blobs"):
            if is_late():
                raise apsw.InterruptError
            if problem := blobs.find_problem(name):
                yield problem

    connection.set_progress_handler(is_late, _STEPS)
    try:
        pages, pages_done = _collect(_damaged_pages, connection)
        rows, rows_done = _collect(_dangling_rows, connection)
        lost, lost_done = _collect(damaged_blobs, connection)
    finally:
        connection.set_progress_handler(None)
    problems = (*pages, *rows)
    return Integrity(
        problems=tuple(dict.fromkeys(problems))[:MOST_PROBLEMS],
        lost=tuple(lost),
        is_complete=pages_done and rows_done and lost_done,
        is_sound=not pages,
    )


def check_pages(database: Path) -> list[str]:
    """What is wrong with the pages and indexes of a file that nobody writes to. Raises `apsw.Error`."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return _collect(_damaged_pages, connection)[0]
    finally:
        connection.close()


def _collect(check: Callable[[apsw.Connection], Iterator[str]], connection: apsw.Connection) -> tuple[list[str], bool]:
    """What a check finds, and whether it came to its end; what keeps SQLite from checking is a finding as well."""
    found: list[str] = []
    try:
        for problem in islice(check(connection), MOST_PROBLEMS):
            found.append(problem)
    except apsw.InterruptError:
        return found, False
    except (apsw.Error, ValueError) as error:
        found.append(" ".join(str(error).split()))
    return found, True


def _damaged_pages(connection: apsw.Connection) -> Iterator[str]:
    for (line,) in connection.execute(f"PRAGMA integrity_check({MOST_PROBLEMS})"):
        if line != "ok":
            yield " ".join(str(line).split())


def _dangling_rows(connection: apsw.Connection) -> Iterator[str]:
    queries = ("PRAGMA foreign_key_check", *_UNWATCHED)
    for table, row, other, _ in chain.from_iterable(connection.execute(query) for query in queries):
        place = f"a row of {table}" if row is None else f"row {row} of {table}"
        yield f"{place} refers to one of {other} that is not there"
