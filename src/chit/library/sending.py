"""Sending: where a question goes, and with which parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chit.core.defaults import model_parameters
from chit.core.history import Tree
from chit.core.jsontext import decode_object
from chit.core.messages import Message, ToolResultPart
from chit.library.conversation import find_conversation_id
from chit.library.desk import Desk
from chit.library.prompt import read_prompt
from chit.library.question import Question
from chit.library.tool import Tool
from chit.running import Running

_MODELS = ("model", "models")


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
    conversation_id, parent_id, own = await _find_place(desk, question)
    defaults = {**model_parameters(desk.prefs.model), **desk.prefs.parameters}
    parameters = question.write_parameters(tools, own, defaults)
    running = await desk.parts.engine.send(
        parts,
        parameters=parameters,
        system=question.system,
        conversation_id=conversation_id,
        parent_id=parent_id,
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


async def _find_place(desk: Desk, question: Question) -> tuple[str | None, str | None, Mapping[str, Any]]:
    """The conversation, the message that the question follows there, and what goes on with it: parameters, model."""
    after = question.after
    if after is None:
        return None, None, {}
    if question.private:
        raise TypeError("private is for a new conversation: one that is there is what it is")
    conversation_id = await find_conversation_id(desk, after)
    parent_id = await _find_parent(desk, after)
    tree = Tree(await desk.store.list_messages(conversation_id))
    leaf = tree.newest_leaf() if parent_id is None else tree.find(parent_id)
    path = tree.path(leaf.id) if leaf is not None else ()
    own = (await desk.store.get_conversation(conversation_id)).parameters
    return conversation_id, leaf.id if leaf else None, {**own, **await _find_model(desk, path)}


async def _find_parent(desk: Desk, after: Any) -> str | None:
    """None for a conversation."""
    if isinstance(after, Message):
        return after.id
    if not isinstance(after, str):
        return None
    found = await desk.find(after)
    match found.kind:
        case "conversation":
            return None
        case "generation":
            return (await desk.store.get_generation(found.id)).message_id
        case _:
            return found.id


async def _find_model(desk: Desk, path: Sequence[Message]) -> dict[str, Any]:
    """That of the last request on the path, with its fallbacks."""
    for message in reversed(path):
        generation = await desk.store.find_generation(message.id)
        if generation is not None and generation.request:
            request = decode_object(generation.request)
            return {name: request[name] for name in _MODELS if name in request}
    return {}
