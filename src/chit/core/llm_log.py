"""A conversation that `llm` (https://llm.datasette.io) logged before 0.32, as ours: responses, one after the other.

Each has its own prompt, system prompt, attachments and tools. What came later is in `llm_thread`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.imported import clean, imported_id, read_title
from chit.core.messages import Message, Options, Part, ReasoningPart, Source, TextPart, ToolCallPart, ToolResultPart

PROGRAM = "llm"
_COUNTS = ("input_tokens", "output_tokens", "duration_ms")
_TEXTS = {"options_json": "options", "token_details": "token_details"}
_NOTHING = ("", "{}", "null")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmResponse:
    """One question and its answer."""

    id: str
    at: float
    """Unix seconds."""
    system: str = ""
    prompt: tuple[Part, ...] = ()
    """What a person asked: words, fragments, attachments."""
    results: tuple[ToolResultPart, ...] = ()
    """Of the tools that the answer before had called."""
    answer: tuple[Part, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the answer, as `read_facts` gives them."""


def read_responses(key: str, responses: Sequence[LlmResponse]) -> list[Message]:
    """The messages of a conversation of these, in order: a line without branches."""
    messages: list[Message] = []
    system = ""
    for response in responses:
        for place, (source, parts) in enumerate(_read_response(response, system)):
            message = Message(
                id=imported_id(PROGRAM, key, response.id, str(place)),
                conversation_id=imported_id(PROGRAM, key),
                parent_id=messages[-1].id if messages else None,
                source=source,
                parts=parts,
                extra=write_extra(response.id, response.facts if source == "actor" else {}),
                created_at=response.at,
            )
            messages.append(message)
        system = response.system or system
    return messages


def _read_response(response: LlmResponse, system: str) -> Iterator[tuple[Source, tuple[Part, ...]]]:
    """`system` is what held before: it is told again only where it changes."""
    if response.system.strip() and response.system != system:
        yield "system", (TextPart(response.system),)
    for result in response.results:
        yield "client", (result,)
    if response.prompt:
        yield "user", response.prompt
    yield "actor", response.answer


def write_extra(id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of llm with a message."""
    return {PROGRAM: {"id": clean(id), **facts}}


def write_dossier(key: str, name: Any, messages: Sequence[Message]) -> Dossier:
    """The conversation of these, of which there is at least one."""
    conversation = Conversation(
        id=imported_id(PROGRAM, key),
        title=read_title(name, tuple(messages)),
        origin="import",
        created_at=min(message.created_at for message in messages),
    )
    return Dossier(id=conversation.id, conversation=conversation, messages=tuple(hide_lost_results(messages)))


def hide_lost_results(messages: Sequence[Message]) -> Iterator[Message]:
    """The same; an answer to no call before it is not told to the next model, which would be refused."""
    asked: set[str] = set()
    for message in messages:
        asked |= {part.id for part in message.parts if isinstance(part, ToolCallPart)}
        results = {part.tool_call_id for part in message.parts if isinstance(part, ToolResultPart)}
        yield message if results <= asked else replace(message, options=Options(visible_to_engine=False))


def read_answer(text: str, reasoning: str) -> tuple[Part, ...]:
    """What a model thought and said."""
    thought = (ReasoningPart(reasoning),) if reasoning.strip() else ()
    return (*thought, *((TextPart(text),) if text else ()))


def read_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of a response or a turn: the model as llm resolved it, and figures where there are any."""
    model = row.get("resolved_model") or row.get("model")
    facts: dict[str, Any] = {"model": clean(model)} if isinstance(model, str) else {}
    for name in _COUNTS:
        if isinstance(row.get(name), int):
            facts[name] = row[name]
    for name, called in _TEXTS.items():
        text = row.get(name)
        if isinstance(text, str) and text not in _NOTHING:
            facts[called] = clean(text)
    return facts
