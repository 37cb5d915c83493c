"""Findings about the history: what is in it, whether it is whole, and which costs are still looked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from chit.about import ACTIVITY_PAGE
from chit.cli.age import show_age
from chit.cli.backup_findings import advise
from chit.cli.exits import exit_code
from chit.cli.findings import Finding, Hide, Verdict, find_failure
from chit.core.moments import show_utc
from chit.errors import StoreDamaged, StoreError
from chit.store.examination import Examination, Lost, Tally, examine
from chit.store.home import Home
from chit.store.ids import short_id
from chit.store.owners import is_in_use

_SHOWN = 3
"""Lines of damage that are told; whoever mends it will see the others."""
_SLOW = 3600.0
"""Seconds after which a record is missed: OpenRouter has nearly all of them within a minute."""
_PARTLY = "What is not damaged can still be read; what is sent may not be saved."
_NOT_AT_ALL = "Nothing can be read or sent until then."

_UNTOLD = Finding(topic="settlement", verdict="note", text="not known, since the database cannot be read")
_NOTHING = Tally(conversations=0, messages=0, generations=0, unknown=0, pending=0, pending_since=None, gave_up=0)


def examine_history(folder: Path, hide: Hide, clock: Callable[[], float] = time.time) -> list[Finding]:
    """The database, then the settlement backlog. `clock` gives unix seconds."""
    home = Home(folder)
    try:
        examination = examine(home)
    except StoreDamaged as error:
        failure = find_failure("database", error, hide)
        return [replace(failure, hint=f"{_NOT_AT_ALL} {advise(home, hide)}"), *_tell_log(home), _UNTOLD]
    except StoreError as error:
        return [find_failure("database", error, hide), _UNTOLD]
    if examination is None:
        text = "there is no history yet"
        return [Finding(topic="database", verdict="note", text=text), _tell_settlement(_NOTHING, 0.0)]
    tally = examination.tally
    settlement = _UNTOLD if tally is None else _tell_settlement(tally, clock())
    return [*_tell_database(home, examination, hide), *_tell_log(home), settlement]


def _tell_log(home: Home) -> Iterator[Finding]:
    """What a process that ended early had committed, and nobody has brought into the file since."""
    log = home.database.with_name(f"{home.database.name}-wal")
    with suppress(OSError):
        size = log.stat().st_size
        if size and not is_in_use(home.database):
            text = f"a process ended early and left a log of {size / 1024**2:.1f} MiB beside it"
            hint = "Nothing is lost: what was saved there is read, and the next command brings it into the file."
            yield Finding(topic="database", verdict="note", text=text, hint=hint)


def _tell_database(home: Home, examination: Examination, hide: Hide) -> Iterator[Finding]:
    tally, integrity = examination.tally, examination.integrity
    damaged = exit_code(StoreDamaged(""))
    if not examination.is_current:
        text = f"schema {examination.schema}, of an earlier Chit: the next command brings it up to date"
        yield Finding(topic="database", verdict="note", text=text)
    if integrity.problems:
        told = "; ".join(hide(problem)[:200] for problem in integrity.problems[:_SHOWN])
        more = f"; and {len(integrity.problems) - _SHOWN} more" if len(integrity.problems) > _SHOWN else ""
        text = f"it is damaged: {told}{more}"
        hint = f"{_PARTLY} {advise(home, hide)}"
        yield Finding(topic="database", verdict="bad", text=text, hint=hint, exit_code=damaged)
    if integrity.lost:
        text = f"attachments that are not what they were: {len(integrity.lost)}; first: {integrity.lost[0]}"
        hint = f"The rest of the history can be read. {advise(home, hide)}"
        yield Finding(topic="database", verdict="bad", text=text, hint=hint, exit_code=damaged)
    if not integrity.is_complete:
        yield Finding(topic="database", verdict="note", text="it is too large to be checked whole in this time")
    if tally is None:
        return
    state = "whole" if integrity.is_complete and not integrity.problems and not integrity.lost else "readable"
    counts = (
        f"conversations {tally.conversations}, messages {tally.messages}, generations {tally.generations}, of which "
        f"listed “may have been billed” {tally.unknown}"
    )
    hint = _tell_lost(examination.lost, hide) if examination.lost else ""
    verdict: Verdict = "note" if tally.unknown else "ok"
    text = f"schema {examination.schema}, {state}: {counts}"
    yield Finding(topic="database", verdict=verdict, text=text, hint=hint)


def _tell_lost(newest: Sequence[Lost], hide: Hide) -> str:
    """Which, and what to do about them. A model's name is what somebody typed, and may hold a key."""
    each = [
        f"{show_utc(lost.created_at)} UTC"
        + (f" {hide(lost.model)}" if lost.model else "")
        + (f" (chit show {short_id(lost.message_id)})" if lost.message_id else "")
        for lost in newest
    ]
    return (
        f"The newest: {'; '.join(each)}. What {ACTIVITY_PAGE} shows of that model within minutes of that time was "
        "billed, what it does not show was not. The page Costs lists them, and Chit sends none of them again by itself."
    )


def _tell_settlement(tally: Tally, now: float) -> Finding:
    gave_up = f"; {tally.gave_up} given up: OpenRouter had no record of them" if tally.gave_up else ""
    if not tally.pending:
        return Finding(topic="settlement", verdict="ok", text=f"no cost is pending{gave_up}")
    age = max(0.0, now - (tally.pending_since or now))
    text = f"{tally.pending} pending, the oldest for {show_age(age)}{gave_up}"
    if age > _SLOW:
        return Finding(topic="settlement", verdict="warn", text=text, hint="Look them up now: chit settle")
    return Finding(topic="settlement", verdict="note", text=text)
