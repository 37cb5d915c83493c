"""A history looked at from outside: what is in it and whether it is whole. Nothing is created, migrated or adopted."""

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import apsw

from chit.errors import StoreError
from chit.store.blobs import Blobs
from chit.store.connection import find_schema, open_unchanged
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.integrity import SECONDS, check_integrity
from chit.store.protocol import Integrity
from chit.store.schema import STEPS

_TRIES = 3
"""A file that somebody else opens meanwhile is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A generation that may have been billed, of which no id ever came."""

    created_at: float
    """When it was sent, unix seconds."""
    model: str | None
    message_id: str | None
    """The reply; None where it was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much there is."""

    conversations: int
    messages: int
    generations: int
    unknown: int
    """Generations that may have been billed, of which no id ever came."""
    pending: int
    """Generations that have ended and whose cost is still looked for."""
    pending_since: float | None
    """When the first of those ended, unix seconds."""
    gave_up: int


_TALLY = """
    SELECT
        (SELECT count(*) FROM conversations),
        (SELECT count(*) FROM messages),
        (SELECT count(*) FROM generations),
        (SELECT count(*) FROM generations WHERE state = 'unknown'),
        count(*) FILTER (WHERE state = 'pending' AND ended_at IS NOT NULL),
        min(ended_at) FILTER (WHERE state = 'pending'),
        count(*) FILTER (WHERE state = 'gave_up')
    FROM settlements
"""


_FIELDS = tuple(field.name for field in fields(Tally))
_LOST = "SELECT created_at, requested_model, message FROM generations WHERE state = 'unknown' ORDER BY seq DESC LIMIT 3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found."""

    schema: int
    is_current: bool
    """False for the file of an earlier Chit, which the next command brings up to date."""
    tally: Tally | None
    """None where it cannot be read, which `integrity` then tells, and for a file that no Chit has opened yet."""
    integrity: Integrity
    lost: tuple[Lost, ...] = ()
    """The newest of those that the tally calls unknown, the newest first."""


def examine(home: Home, *, seconds: float = SECONDS) -> Examination | None:
    """None where there is no history yet.

    Raises `StoreError` for a file that cannot be opened, is another program's or comes from a later Chit.
    """
    outcome: Examination | StoreError
    for _ in range(_TRIES):
        stood = _find_stamp(home.database)
        if stood is None:
            return None
        try:
            outcome = _examine(home, seconds)
        except StoreError as error:
            outcome = error
        if _find_stamp(home.database) == stood:
            break
    if isinstance(outcome, StoreError):
        raise outcome
    return outcome


def examine_integrity(home: Home) -> Integrity:
    """As `examine`, for an open store: a file that cannot be opened any more is a problem like others."""
    try:
        examination = examine(home)
    except StoreError as error:
        return Integrity(problems=(error.message,))
    return examination.integrity if examination else Integrity(problems=(f"{home.database} is gone",))


def _find_stamp(database: Path) -> tuple[int, ...] | None:
    """By which it is seen that somebody wrote; always the same with a log, where SQLite itself minds the writers."""
    try:
        found = os.stat(database)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_store_error(error, database) from error
    has_log = database.with_name(f"{database.name}-wal").exists()
    return () if has_log else (found.st_ino, found.st_mtime_ns, found.st_size)


def _examine(home: Home, seconds: float) -> Examination:
    connection = open_unchanged(home.database)
    try:
        schema = find_schema(connection)
        is_current = schema == len(STEPS)
        integrity = check_integrity(connection, Blobs(home.blobs), seconds=seconds) if schema else Integrity()
        tally = None
        lost: tuple[Lost, ...] = ()
        try:
            if schema:
                counts: dict[str, Any] = dict(zip(_FIELDS, connection.execute(_TALLY).fetchall()[0], strict=True))
                tally = Tally(**counts)
                lost = _list_lost(connection) if tally.unknown else ()
        except apsw.Error as error:
            problems = (*integrity.problems, " ".join(str(error).split()))
            integrity = replace(integrity, problems=problems, is_sound=False)
        return Examination(schema=schema, is_current=is_current, tally=tally, integrity=integrity, lost=lost)
    finally:
        connection.close()


def _list_lost(connection: apsw.Connection) -> tuple[Lost, ...]:
    rows: list[Any] = connection.execute(_LOST).fetchall()
    return tuple(Lost(created_at=at, model=model, message_id=message) for at, model, message in rows)
