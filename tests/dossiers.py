"""Whole conversations for tests: any that a store can hold, drawn by Hypothesis, and plain ones made by hand."""

import base64
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st

from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.generation import Generation, GenerationState, Origin, Settlement
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Options,
    Part,
    ReasoningPart,
    Source,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.usage import Usage
from chit.errors import ChitError
from chit.store.ids import new_id
from chit.store.sqlite import SqliteStore, open_store

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20).decode()
"""Large enough to rest in a file of its own."""
PICTURE_ADDRESS = f"data:image/png;base64,{PICTURE}"
LOOKALIKE = "blob:sha256:" + "ab" * 32
"""What is no reference, though it looks like one."""


def same(text: str) -> str:
    """A scrubber that knows of no key."""
    return text


# --- by hand ---------------------------------------------------------------------------------------------------------


def a_dossier(text: str = "Why?", **members: Any) -> Dossier:
    """A question and its settled answer."""
    id = new_id()
    question = Message(id=new_id(), conversation_id=id, source="user", parts=(TextPart(text),), created_at=2.0)
    answer = replace(question, id=new_id(), parent_id=question.id, source="actor", parts=(TextPart("Because."),))
    conversation = Conversation(id=id, title=text, origin="web", created_at=1.0)
    dossier = Dossier(
        id=id,
        conversation=conversation,
        messages=(question, answer),
        generations=(a_generation(answer),),
    )
    return replace(dossier, **members)


def a_generation(message: Message, **members: Any) -> Generation:
    """Done and settled."""
    generation_id = f"gen-{new_id()}"
    record = {"id": generation_id, "total_cost": 0.0000012, "provider_name": "Somebody"}
    defaults: dict[str, Any] = {
        "id": new_id(),
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "origin": "web",
        "request": b'{"model":"a/b","messages":[{"role":"user","content":"Why?"}]}',
        "streamed": True,
        "state": "done",
        "generation_id": generation_id,
        "requested_model": "a/b",
        "model": "a/b-1",
        "provider": "Somebody",
        "finish_reason": "stop",
        "usage": Usage(prompt_tokens=3, completion_tokens=5, cost=Decimal("0.0000013")),
        "time_to_first_token_ms": 200,
        "duration_ms": 1200,
        "completion": {"id": generation_id, "choices": []},
        "created_at": 3.0,
        "settlement": Settlement(generation_id=generation_id, state="settled", attempts=2, ended_at=4.0, record=record),
    }
    return Generation(**(defaults | members))


async def fill(folder: Path, *dossiers: Dossier) -> SqliteStore:
    """A home that holds these."""
    store = open_store(folder)
    for dossier in dossiers:
        added = await store.add_dossier(dossier, scrub=same, now=1000.0)
        assert added.conflict is None, added.conflict
    return store


class _Media(Enum):
    """Named, so that a failing example is short."""

    LOOKALIKE = LOOKALIKE
    PICTURE = PICTURE
    ADDRESS = PICTURE_ADDRESS


# --- drawn -----------------------------------------------------------------------------------------------------------

whole_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
odd_texts = st.text(st.characters(), max_size=20) | st.sampled_from(_Media).map(lambda each: each.value)
"""With halves of surrogate pairs, with media and with what only looks like it."""
numbers = st.integers() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False, width=64)
values = st.recursive(
    st.none() | st.booleans() | numbers | odd_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(odd_texts, values, max_size=3)
times = st.floats(0, 1e10, allow_nan=False)
counts = st.none() | st.integers(0, 2**63 - 1)
costs = st.none() | st.decimals(-100, 10**6, places=19).map(abs)
names = st.none() | whole_texts
_PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(TextFilePart, odd_texts, odd_texts),
    st.builds(TextPart, odd_texts, objects.map(lambda each: {f"x{name}": value for name, value in each.items()})),
    st.builds(ReasoningPart, odd_texts, st.lists(values, max_size=2).map(tuple)),
    st.builds(MediaPart, objects.map(lambda each: each | {"type": "image_url", "image_url": {"url": PICTURE_ADDRESS}})),
    st.builds(MediaPart, objects.map(lambda each: each | {"type": "text"})),
    st.builds(ToolCallPart, odd_texts, odd_texts, odd_texts, st.just({}) | st.just({"index": 0, "function": {"a": 1}})),
    st.builds(ToolResultPart, odd_texts, values),
    st.builds(AnnotationPart, objects),
)
_EXTRAS: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.builds(
    lambda wire, other: {"OpenRouter": {"wire": wire, "continues": True}, "Other": other}, objects, values
)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    """A tree of messages, and generations in every state with every kind of settlement."""
    id = new_id()
    messages: list[Message] = []
    for _ in range(draw(st.integers(0, 5))):
        parent = draw(st.sampled_from([None, *(each.id for each in messages)]))
        messages.append(
            Message(
                id=new_id(),
                conversation_id=id,
                parent_id=parent,
                source=draw(st.sampled_from(get_args(Source))),
                parts=tuple(draw(st.lists(_PARTS, max_size=3))),
                options=Options(visible_to_user=draw(st.booleans()), visible_to_engine=draw(st.booleans())),
                extra=draw(_EXTRAS),
                created_at=draw(times),
            )
        )
    owners = [each.id for each in messages] or [""]
    generations = [draw(generations_of(id, draw(st.sampled_from(owners)))) for _ in range(draw(st.integers(0, 4)))]
    if len(generations) > 1 and draw(st.booleans()):  # an id that was met twice
        first = generations[0]
        generations[1] = replace(generations[1], generation_id=first.generation_id, settlement=first.settlement)
    conversation = Conversation(
        id=id,
        title=draw(whole_texts),
        origin=draw(st.sampled_from(get_args(Origin))),
        parameters=draw(objects),
        pinned_at=draw(st.none() | times),
        archived_at=draw(st.none() | times),
        created_at=draw(times),
    )
    return Dossier(id=id, conversation=conversation, messages=tuple(messages), generations=tuple(generations))


@st.composite
def generations_of(draw: st.DrawFn, conversation_id: str, message_id: str) -> Generation:
    """One that has ended."""
    generation_id = draw(st.none() | st.builds(lambda: f"gen-{new_id()}"))
    shared = draw(st.sampled_from(["", "ä" * 300, f'"{PICTURE_ADDRESS}"']))
    return Generation(
        id=new_id(),
        message_id=message_id,
        conversation_id=conversation_id,
        origin=draw(st.sampled_from(get_args(Origin))),
        request=f'{{"x":{shared!r}{draw(whole_texts)}{shared}'.encode(),
        streamed=draw(st.booleans()),
        state=draw(st.sampled_from([each for each in get_args(GenerationState) if each not in ("sent", "streaming")])),
        generation_id=generation_id,
        requested_model=draw(names),
        model=draw(names),
        provider=draw(names),
        finish_reason=draw(names),
        usage=Usage(
            prompt_tokens=draw(counts),
            completion_tokens=draw(counts),
            reasoning_tokens=draw(counts),
            cached_tokens=draw(counts),
            cost=draw(costs),
            upstream_cost=draw(costs),
            is_byok=draw(st.booleans()),
        ),
        time_to_first_token_ms=draw(counts),
        duration_ms=draw(counts),
        reasoning_ms=draw(counts),
        completion=draw(st.none() | objects),
        error=draw(st.none() | st.builds(lambda text, more: ChitError(text).as_dict() | more, odd_texts, st.just({}))),
        created_at=draw(times),
        settlement=None if generation_id is None else draw(settlements(generation_id)),
    )


def settlements(generation_id: str) -> st.SearchStrategy[Settlement]:
    """Pending, settled and given up."""
    return st.one_of(
        st.builds(
            lambda at: Settlement(generation_id=generation_id, ended_at=at, next_attempt_at=at + 2, attempts=1), times
        ),
        st.builds(
            lambda record, cost: Settlement(
                generation_id=generation_id,
                state="settled",
                attempts=3,
                ended_at=1.0,
                record=record | {"id": generation_id, "total_cost": cost},
            ),
            objects,
            st.none() | st.floats(0, 100),
        ),
        st.just(Settlement(generation_id=generation_id, state="gave_up", attempts=9, ended_at=1.0)),
    )
