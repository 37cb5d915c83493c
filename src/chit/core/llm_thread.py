"""A thread of `llm` from 0.32 on, as ours: messages that each name the one before, and turns that added them.

Threads share messages, so each of ours is named by its thread and its hash. What was logged by an earlier llm stands at
the beginning of such a chain as well; it keeps the names that it has by `llm_log`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chit.core.imported import imported_id
from chit.core.llm_log import PROGRAM, write_extra
from chit.core.members import DossierInvalid
from chit.core.messages import Message, Part, Source, TextFilePart, TextPart, ToolCallPart, ToolResultPart

_SOURCES: Mapping[str, Source] = {"system": "system", "user": "user", "assistant": "actor", "tool": "client"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmMessage:
    """One message, whoever shares it."""

    hash: str
    parent: str | None
    role: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmTurn:
    """One call of a model."""

    before: str | None
    """The last message that was sent."""
    last: str | None
    """The last one that came."""
    at: float
    """Unix seconds."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """As `llm_log.read_facts` gives them."""


def read_thread(
    key: str, known: Mapping[str, LlmMessage], turns: Sequence[LlmTurn], tip: str | None, logged: Sequence[Message]
) -> list[Message]:
    """The messages that turns and tip lead back to, the tip last; `known` are by hash, `turns` in order.

    `logged` are those of the same conversation by `llm_log`. Raises `DossierInvalid`.
    """
    times: dict[str, float] = {}
    wrote: dict[str, Mapping[str, Any]] = {}
    for turn in turns:
        asked = set(_climb(known, turn.before))
        for hash in _climb(known, turn.last):
            times.setdefault(hash, turn.at)
            if hash not in asked:
                wrote.setdefault(hash, turn.facts)
    for hash in _climb(known, tip):
        times.setdefault(hash, turns[-1].at if turns else 0.0)
    ordered = list(times)
    if tip is not None and not any(known[hash].parent == tip for hash in ordered):
        ordered.remove(tip)
        ordered.append(tip)
    made: list[Message] = []
    for hash in ordered:
        made += _write(key, known[hash], wrote.get(hash, {}), times[hash])
    return _join(logged, made)


def _climb(known: Mapping[str, LlmMessage], hash: str | None) -> list[str]:
    """From the first message to this one. Raises `DossierInvalid`."""
    chain: dict[str, None] = {}
    while hash is not None:
        if hash not in known:
            raise DossierInvalid("a message in it is missing")
        if hash in chain:
            raise DossierInvalid("its messages go round in a circle")
        chain[hash] = None
        hash = known[hash].parent
    return list(reversed(chain))


def _write(key: str, message: LlmMessage, facts: Mapping[str, Any], at: float) -> Iterator[Message]:
    """One message; of several results of tools one for each, the last with the id that others follow."""
    source = _SOURCES.get(message.role, "user")
    written = Message(
        id=imported_id(PROGRAM, key, message.hash),
        conversation_id=imported_id(PROGRAM, key),
        parent_id=None if message.parent is None else imported_id(PROGRAM, key, message.parent),
        source=source,
        parts=message.parts,
        extra=write_extra(message.hash, facts if source == "actor" else {}),
        created_at=at,
    )
    *others, last = (message.parts,) if source != "client" else _split(message.parts)
    for place, parts in enumerate(others):
        id = imported_id(PROGRAM, key, message.hash, str(place))
        yield replace(written, id=id, parts=parts)
        written = replace(written, parent_id=id)
    yield replace(written, parts=last)


def _split(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    results = [part for part in parts if isinstance(part, ToolResultPart)]
    return [(result,) for result in results] if len(results) > 1 else [parts]


def _join(logged: Sequence[Message], made: Sequence[Message]) -> list[Message]:
    """Those that were logged, then those of the thread that are none of them: they say the same from the beginning on,
    or else stand beside each other.
    """
    same: dict[str, str] = {}
    rest = list(made)
    for message in logged:
        found = next((each for each in rest if _is_same(message, each, same)), None)
        if found is None:
            return [*logged, *made]
        same[found.id] = message.id
        rest.remove(found)
    return [*logged, *(replace(each, parent_id=same.get(each.parent_id or "", each.parent_id)) for each in rest)]


def _is_same(logged: Message, made: Message, same: Mapping[str, str]) -> bool:
    """Whether they follow the same message and say the same."""
    parent = None if made.parent_id is None else same.get(made.parent_id, made.parent_id)
    return logged.parent_id == parent and logged.source == made.source and _words(logged) == _words(made)


def _words(message: Message) -> list[str]:
    """What is the same in both shapes, of which one has fragments within the text: words, and the names of calls."""
    words: list[str] = []
    for part in message.parts:
        match part:
            case TextPart(text=text) | TextFilePart(text=text):
                words += text.split()
            case ToolCallPart(id=id) | ToolResultPart(tool_call_id=id):
                words.append(id)
    return words
