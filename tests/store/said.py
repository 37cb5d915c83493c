"""Histories to search, and the plain way to search them: look at every message."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import apsw
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.conversation import Conversation
from chit.core.generation import Generation, GenerationState, Settlement
from chit.core.messages import Message, TextPart
from chit.core.search import SearchQuery
from chit.core.searchable import searchable
from chit.core.usage import Usage
from chit.store.protocol import Store
from chit.store.rows import pico_of

TOKENIZER = apsw.Connection(":memory:").fts5_tokenizer("unicode61", [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message, its conversation, and what its reply came to."""

    conversation: Conversation
    message: Message
    generation: Generation | None = None
    pico: int | None = None


async def ask(
    store: Store,
    question: str,
    answer: str = "",
    *,
    conversation: Conversation | None = None,
    parent: str | None = None,
    state: GenerationState = "done",
    cost: str | None = None,
    settled: str | None = None,
    created_at: float = 1.0,
    model: str | None = None,
    **generation_members: Any,
) -> tuple[Said, Said]:
    """A question and its reply, recorded as they are when they happen; settled where a settled cost is given."""
    place = conversation or a_conversation(title=question[:40])
    asked = a_message(place, parts=(TextPart(question),), parent_id=parent, created_at=created_at)
    empty = a_message(place, source="actor", parts=(), parent_id=asked.id, created_at=created_at)
    generation = a_generation(empty, store.owner, created_at=created_at, **generation_members)
    await store.record_send(
        conversation=None if conversation else place, messages=[asked, empty], generation=generation
    )
    ended = replace(
        generation,
        state=state,
        owner=None,
        model=model,
        usage=Usage(cost=None if cost is None else Decimal(cost)),
        generation_id=f"gen-{generation.id}",
    )
    reply = replace(empty, parts=(TextPart(answer),) if answer else ())
    await store.record_end(ended, reply, now=1.0)
    if settled is not None:
        record = {"id": ended.generation_id, "total_cost": settled}
        await store.record_settlement(Settlement(generation_id=f"gen-{generation.id}", state="settled", record=record))
    known = (pico_of(None if each is None else Decimal(each)) for each in (settled, cost))
    pico = next((each for each in known if each is not None), None)
    return (
        Said(conversation=place, message=asked),
        Said(conversation=place, message=reply, generation=ended, pico=pico),
    )


def tokens_of(text: str) -> list[str]:
    """The words of a text as the index has them."""
    found = TOKENIZER(searchable(text).encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False)
    return [str(each[0]) for each in found]


def look_through(said: Sequence[Said], query: SearchQuery) -> list[str] | None:
    """The ids of the messages that a query wants, or of conversations, newest first; None if it asks for nothing."""
    wanted = _wanted(query)
    if not (wanted or query.filters):
        return None
    if not query.in_title:
        return [
            each.message.id
            for each in reversed(said)
            if _fits(each, query) and _reads(each.message.text, wanted, query)
        ]
    titled = [
        each.conversation for each in said if _fits(each, query) and _reads(each.conversation.title, wanted, query)
    ]
    places = list(dict.fromkeys(each.conversation.id for each in said))
    return sorted({each.id for each in titled}, key=places.index, reverse=True)


def _wanted(query: SearchQuery) -> list[tuple[list[str], bool]]:
    """Runs of words, each with whether its last one may be unfinished."""
    runs = []
    for place, word in enumerate(query.words, 1):
        tokens, is_open = tokens_of(word), query.is_open and place == len(query.words)
        if tokens:
            runs.append((tokens, is_open and len(tokens[-1]) > 1))
    return runs


def _reads(text: str, wanted: Sequence[tuple[list[str], bool]], query: SearchQuery) -> bool:
    tokens = tokens_of(text)
    excluded = [run for run in map(tokens_of, query.excluded) if run]
    return all(_stands(run, is_open, tokens) for run, is_open in wanted) and not any(
        _stands(run, False, tokens) for run in excluded
    )


def _stands(run: list[str], is_open: bool, tokens: list[str]) -> bool:
    for at in range(len(tokens) - len(run) + 1):
        found = tokens[at : at + len(run)]
        is_last = found[-1].startswith(run[-1]) if is_open else found[-1] == run[-1]
        if found[:-1] == run[:-1] and is_last:
            return True
    return False


def _fits(said: Said, query: SearchQuery) -> bool:
    message, generation = said.message, said.generation
    names = [generation.requested_model or "", generation.model or ""] if generation else []
    checks = [
        not query.sources or message.source in query.sources,
        query.after is None or message.created_at >= _begin(query.after),
        query.before is None or message.created_at < _begin(query.before),
        query.cost_from is None or (said.pico is not None and said.pico >= query.cost_from),
        query.cost_to is None or (said.pico is not None and said.pico <= query.cost_to),
        not query.has_error or (generation is not None and generation.state in ("failed", "cut", "unknown")),
        not query.models
        or any(all(_lower(part) in _lower(name) for part in each.split()) for each in query.models for name in names),
    ]
    return all(checks)


def _lower(text: str) -> str:
    return "".join(each.lower() if each.isascii() else each for each in text)


def _begin(day: date) -> float:
    return datetime(day.year, day.month, day.day).timestamp()
