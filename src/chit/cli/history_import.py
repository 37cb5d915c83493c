"""The work of `chit import`: a counter while it goes on, and a summary at its end."""

import os
import sys
import time
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any

from chit.cli.exits import DONE, USAGE
from chit.cli.history_export import find_scrub
from chit.cli.history_home import run_with_history
from chit.cli.prefs import load_prefs_aloud
from chit.cli.terminal import begin_again, is_terminal, neutralise, write_err, write_json, write_out
from chit.errors import InputError
from chit.store.home import Home
from chit.store.sqlite import SqliteStore
from chit.transfer.import_report import Report
from chit.transfer.importing import import_file

_TELL_EVERY = 0.1
"""Seconds between two counts."""


def import_conversations(path: Path, *, as_json: bool) -> int:
    """2 if any conversation was refused, else 0. Raises `InputError`, `StoreError`; what came before stays."""
    counter = _Counter()
    scrub = find_scrub()
    folder = Home(load_prefs_aloud().home).run

    async def work(store: SqliteStore) -> Report:
        with open_file(path) as file:
            return await import_file(
                store, file, scrub=scrub, clock=time.time, tell=counter.tell, path=path, folder=folder
            )

    try:
        report = run_with_history(work)
    except BaseException as error:
        counter.end(error)
        raise
    counter.end()
    if as_json:
        write_json(_record(report))
    else:
        write_out(f"{summarise(report)}\n")
    for line in report.problems:
        write_err(neutralise(f"chit: not imported: {line}\n"))
    if report.refused > len(report.problems):
        write_err(f"chit: … and {report.refused - len(report.problems):,} more\n")
    return USAGE if report.refused else DONE


def open_file(path: Path) -> IO[bytes]:
    """For reading. Raises `InputError`: a pipe cannot be read twice, and a folder is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="Name a file.") from error
    if not S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path} is not a file", hint="Save it first, and name that.")
    return open(handle, "rb")


def summarise(report: Report) -> str:
    """`12 conversations added · 3 completed · 340 messages · 5 were here already · 1 not imported`."""
    words = [_count(report.added, "conversation", "added")]
    words += [f"{report.completed:,} completed"] if report.completed else []
    words += [_count(report.messages, "message")]
    words += [f"{report.here:,} {'was' if report.here == 1 else 'were'} here already"] if report.here else []
    words += [f"{report.refused:,} not imported"] if report.refused else []
    return " · ".join(words)


def _count(number: int, what: str, done: str = "") -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'} {done}".strip()


def _record(report: Report) -> dict[str, Any]:
    return {
        "total": report.total,
        "added": report.added,
        "completed": report.completed,
        "messages": report.messages,
        "here": report.here,
        "refused": report.refused,
        "problems": list(report.problems),
    }


class _Counter:
    """A line on standard error that is written over, where that is a terminal."""

    def __init__(self) -> None:
        self._line = ""
        self._told_at = 0.0
        self._report: Report | None = None

    def tell(self, report: Report) -> None:
        """So far."""
        self._report = report
        now = time.monotonic()
        if is_terminal(sys.stderr) and now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            self._show(f"importing {report.done:,} of {report.total:,}")

    def end(self, broken_off: BaseException | None = None) -> None:
        """Take the line away, and say how far it came if it ended early: a file that is refused came nowhere."""
        self._show("")
        report = Report(total=0) if self._report is None and isinstance(broken_off, KeyboardInterrupt) else self._report
        if broken_off is not None and report is not None:
            write_err(f"chit: broken off: {summarise(report)}. The same command goes on from there.\n")

    def _show(self, line: str) -> None:
        before, self._line = self._line, line
        if before or line:
            write_err(f"{begin_again(before, sys.stderr) if before else ''}{line}")
