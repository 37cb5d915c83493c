"""How far an import came, and what it told on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chit.core.dossier import Dossier
from chit.store.dossier_protocol import Added

MOST_PROBLEMS = 50
"""That are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far an import came."""

    total: int
    """Conversations in the file."""
    done: int = 0
    added: int = 0
    """Conversations that were not here."""
    completed: int = 0
    """Conversations that were here in part."""
    messages: int = 0
    """Added to either."""
    here: int = 0
    """Conversations that were here already."""
    problems: tuple[str, ...] = ()
    """A line each, of the first few."""
    refused: int = 0
    """Conversations of which nothing was imported; there is a problem for each of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a file holds."""

    total: int
    """Conversations, as far as can be told beforehand."""
    outcomes: Iterator[tuple[str, Dossier | str]]
    """A name for each, and the conversation or why there is none. Raises `InputError` where it cannot go on."""


def count(report: Report, name: str, added: Added) -> Report:
    """With one more that was added, as far as it could be."""
    if added.conflict is not None:
        return refuse(report, f"{name}: {added.conflict}")
    return replace(
        report,
        done=report.done + 1,
        added=report.added + added.is_new,
        completed=report.completed + (added.changed and not added.is_new),
        messages=report.messages + added.messages,
        here=report.here + (not added.changed),
    )


def refuse(report: Report, line: str) -> Report:
    """With one more of which nothing was imported."""
    problems = (*report.problems, line)[:MOST_PROBLEMS]
    return replace(report, done=report.done + 1, refused=report.refused + 1, problems=problems)


def finish(report: Report) -> Report:
    """At the end of the file; where it was not known how many there would be, it is now."""
    return replace(report, total=report.done)
