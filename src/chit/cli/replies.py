"""Replies as a person names them on the command line, and the commands that remedy a failed one."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from chit.core.generation import Generation
from chit.core.history import Tree
from chit.core.jsontext import encode_json
from chit.core.messages import Message, ToolCallPart
from chit.errors import ChitError, InputError, NotFound
from chit.store.ids import short_id
from chit.store.protocol import Store


async def find_reply_id(store: Store, name: str | None) -> str:
    """The reply that `name` names: itself, the newest one to that question, the last one of that conversation.

    None is the last one that the command line asked for. Raises `NotFound`, `StoreError`, and `InputError` where there
    is no reply.
    """
    if name is None:
        if (last := await store.find_last_reply("cli")) is None:
            raise InputError("no reply has been asked for here yet", hint="Ask first: chit ask 'Why is the sky blue?'")
        return last
    found = await store.find(name)
    if found is None:
        raise NotFound(f"nothing here has the id {name}", hint="`chit ask --json` prints the ids of what it keeps.")
    if found.kind == "generation":
        return (await store.get_generation(found.id)).message_id
    if found.kind == "conversation":
        replies = [each for each in await store.list_messages(found.id) if each.source == "actor"]
    else:
        message = await store.get_message(found.id)
        if message.source == "actor":
            return message.id
        tree = Tree(await store.list_messages(message.conversation_id))
        replies = [each for each in tree.children(message.id) if each.source == "actor"]
    if not replies:
        raise InputError(f"{name} has no reply", hint="Name a reply, its question or its conversation.")
    return replies[-1].id


def list_remedies(error: ChitError, message: Message, generation: Generation) -> list[str]:
    """Commands that a person may type next, one for each action of the error that a command can carry out."""
    short = short_id(message.id)
    lines = []
    is_partial = generation.state in ("cut", "stopped", "failed", "unknown") and bool(message.text.strip())
    if is_partial and not any(isinstance(part, ToolCallPart) for part in message.parts):
        lines.append(f"Go on from here: chit continue {short}")
    for action in error.actions:
        if action.kind == "retry":
            lines.append(f"{action.label}: chit regenerate {short}")
        elif action.kind == "retry_with" and action.changes:
            assignments = " ".join(f"-p {shlex.quote(each)}" for each in _write_assignments(action.changes))
            lines.append(f"{action.label}: chit regenerate {short} {assignments}")
        elif action.kind == "switch_model" and action.models:
            lines.append(f"{action.label}: chit regenerate {short} -m {shlex.quote(action.models[0])}")
    return lines


def _write_assignments(changes: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in changes.items():
        if isinstance(value, Mapping) and value:
            yield from _write_assignments(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else encode_json(value).decode()
            yield f"{prefix}{name}={text}"
