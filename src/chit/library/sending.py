"""Sending: where a question goes, and with which parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chit.core.messages import Message, ToolResultPart
from chit.library.desk import Desk
from chit.library.prompt import read_prompt
from chit.library.question import Question
from chit.library.tool import Tool
from chit.named import get_conversation_id, get_message_id
from chit.places import Place, locate
from chit.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A question on its way."""

    running: Running
    parameters: Mapping[str, Any]
    """As they were sent, for what follows with tools."""


async def send_question(desk: Desk, question: Question, tools: Mapping[str, Tool]) -> Sent:
    """Record it and send it. Raises `KeyUnavailable`, `InputError`, `NotFound`, `StoreError`."""
    await desk.keys.find()
    parts = await read_prompt(question.prompt, question.files)
    place = await _find_place(desk, question)
    parameters = question.list_parameters(tools, place, desk.prefs)
    running = await desk.parts.engine.send(
        parts,
        parameters=parameters,
        system=question.system,
        conversation_id=place.conversation.id if place else None,
        parent_id=place.leaf_id if place else None,
        private=question.private,
        own=question.list_own(),
    )
    return Sent(running=running, parameters=parameters)


async def send_results(desk: Desk, sent: Sent, reply: Message, results: Sequence[ToolResultPart]) -> Sent:
    """What the tools gave, after the reply that asked for them. A choice of tool was for the first time only."""
    parameters = {name: value for name, value in sent.parameters.items() if name != "tool_choice" or value == "none"}
    running = await desk.parts.engine.send(
        results, parameters=parameters, conversation_id=reply.conversation_id, parent_id=reply.id
    )
    return Sent(running=running, parameters=parameters)


async def _find_place(desk: Desk, question: Question) -> Place | None:
    """None for a new conversation. Raises `NotFound`."""
    after = question.after
    if after is None:
        return None
    if question.private:
        raise TypeError("private is for a new conversation: one that is there is what it is")
    if isinstance(after, Message):
        return await locate(desk.store, after.conversation_id, after.id)
    if not isinstance(after, str):
        return await locate(desk.store, after.id, None)
    found = await desk.find(after)
    leaf_id = None if found.kind == "conversation" else await get_message_id(desk.store, found)
    return await locate(desk.store, await get_conversation_id(desk.store, found), leaf_id)
