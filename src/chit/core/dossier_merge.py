"""What an import adds to what is here: only what is missing, and nothing where the two contradict each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.dossier import Dossier, is_empty, withhold
from chit.core.dossier_json import Scrub, dossier_record
from chit.core.fault import scrub_value
from chit.core.generation import RUNNING, Generation, Settlement
from chit.core.messages import Message

_SAID = frozenset({"message_id", "request", "completion", "error"})
"""Members of a generation that go when its conversation is deleted."""
_OUTCOME = frozenset(
    {"state", "generation_id", "model", "provider", "finish_reason", "usage", "completion", "error"}
) | {
    "time_to_first_token_ms",
    "duration_ms",
    "reasoning_ms",
}
"""Members of a generation that change while it runs."""
_FIXED = ("id", "origin", "private", "created_at")
"""Of a conversation; its title and the like belong to whoever changed them last, which is always here."""


class DossierConflict(ValueError):
    """The same id stands for different things. `str()` of it says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What is to be written."""

    adds_conversation: bool = False
    messages: tuple[Message, ...] = ()
    generations: tuple[Generation, ...] = ()
    filled: tuple[Generation, ...] = ()
    """Rows that are here without what was said, since their conversation had been deleted."""
    settlements: tuple[Settlement, ...] = ()
    """Records that were not known here yet, or not at all."""

    @property
    def is_nothing(self) -> bool:
        """Whether everything is here already."""
        return not (self.adds_conversation or self.messages or self.generations or self.filled or self.settlements)


def plan_merge(home: Dossier | None, settlements: Mapping[str, Settlement], incoming: Dossier, scrub: Scrub) -> Merge:
    """`home` is the same conversation as it is here, `settlements` those here of any of its `gen-…` ids.

    Both are compared as they would be exported. Raises `DossierConflict`.
    """
    if home is None:
        everything = _compare_settlements(settlements, incoming, scrub)
        return Merge(
            adds_conversation=incoming.conversation is not None,
            messages=incoming.messages,
            generations=incoming.generations,
            settlements=tuple(everything),
        )
    home = withhold(home)
    here, there = dossier_record(home, scrub, in_full=True), dossier_record(incoming, scrub, in_full=True)
    is_here = home.conversation is not None
    if is_here and incoming.conversation is not None:
        _check_equal(here["conversation"], there["conversation"], _FIXED, "the conversation")
    rows = _Rows(here, incoming, there)
    generations, filled = rows.compare_generations()
    return Merge(
        adds_conversation=not is_here and incoming.conversation is not None,
        messages=tuple(rows.compare_messages()),
        generations=tuple(generations),
        filled=tuple(filled),
        settlements=tuple(_compare_settlements(settlements, incoming, scrub)),
    )


class _Rows:
    def __init__(self, here: Mapping[str, Any], incoming: Dossier, there: Mapping[str, Any]) -> None:
        self._incoming = incoming
        self._there = there
        self._messages = {record["id"]: record for record in here["messages"]}
        self._generations = {record["id"]: record for record in here["generations"]}
        self._grown: set[str] = set()
        """Messages whose reply went on here."""

    def compare_generations(self) -> tuple[list[Generation], list[Generation]]:
        """Those that are not here, and those that are here without what was said."""
        added, filled = [], []
        for generation, theirs in zip(self._incoming.generations, self._there["generations"], strict=True):
            mine = self._generations.get(generation.id)
            if mine is None:
                added.append(generation)
                continue
            different = {name for name in theirs if theirs[name] != mine[name]} - {"settlement"}
            is_emptied = not mine["request"] and mine["completion"] is None and mine["error"] is None
            if not different or (different <= _SAID and is_empty(generation)):
                continue
            if different <= _SAID and is_emptied:
                filled.append(generation)
            elif different <= _OUTCOME and _went_on(mine, theirs):
                self._grown.add(mine["message_id"])
            else:
                names = sorted(different - _SAID or different)
                raise DossierConflict(f"a reply in it is another one here ({', '.join(names)})")
        return added, filled

    def compare_messages(self) -> list[Message]:
        """Those that are not here. After `compare_generations`."""
        added = []
        for message, record in zip(self._incoming.messages, self._there["messages"], strict=True):
            mine = self._messages.get(message.id)
            if mine is None:
                added.append(message)
            elif message.id in self._grown:
                _check_equal(mine, record, ("parent_id", "source"), "a message in it")
            else:
                _check_equal(mine, record, tuple(record), "a message in it")
        return added


def _went_on(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether theirs was exported while the reply still ran, of which more is known here."""
    same_id = theirs["generation_id"] in (None, mine["generation_id"])
    return same_id and theirs["state"] in ("cut", "unknown", *RUNNING)


def _check_equal(mine: Mapping[str, Any], theirs: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    if different := [name for name in names if mine[name] != theirs[name]]:
        raise DossierConflict(f"{what} is another one here ({', '.join(different)})")


def _compare_settlements(here: Mapping[str, Settlement], incoming: Dossier, scrub: Scrub) -> list[Settlement]:
    """Those that are not here, and records of those that are not settled here."""
    news: dict[str, Settlement] = {}
    for theirs in (each.settlement for each in incoming.generations):
        mine = here.get(theirs.generation_id) if theirs else None
        if theirs is None:
            continue
        if mine is None or (theirs.state == "settled" and mine.state != "settled"):
            news[theirs.generation_id] = theirs
        elif theirs.state == "settled" and scrub_value(mine.record, scrub) != scrub_value(theirs.record, scrub):
            raise DossierConflict(f"the record of {theirs.generation_id} is another one here")
    return list(news.values())
