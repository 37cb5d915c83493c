"""Replies as a person names them on the command line, and what remedies one that failed or is not whole."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chit.cli.exits import one_line
from chit.core.amendment import is_edited
from chit.core.generation import Generation
from chit.core.history import Tree
from chit.core.jsontext import encode_json
from chit.core.messages import Message, ToolCallPart
from chit.core.revision import continues
from chit.errors import ChitError, InputError
from chit.named import get_message_id, get_named
from chit.store.ids import short_id
from chit.store.protocol import Store


async def find_reply_id(store: Store, name: str | None) -> str:
    """The reply that `name` names: itself, the newest one to that question, the last one of that conversation.

    What goes on where a reply broke off is a reply to the same question.

    None is the last one that the command line asked for. Raises `NotFound`, `StoreError`, and `InputError` where there
    is no reply.
    """
    if name is None:
        if (last := await store.find_last_reply("cli")) is None:
            raise InputError("no reply has been asked for here yet", hint="Ask first: chit ask 'Why is the sky blue?'")
        return last
    found = await get_named(store, name)
    if found.kind == "generation":
        return await get_message_id(store, found)
    if found.kind == "conversation":
        replies = [each for each in await store.list_messages(found.id) if _is_reply(each)]
    else:
        message = await store.get_message(found.id)
        if message.source == "actor":
            return message.id
        replies = _replies_to(message, Tree(await store.list_messages(message.conversation_id)))
    if not replies:
        raise InputError(f"{name} has no reply", hint="Name a reply, its question or its conversation.")
    return replies[-1].id


def _replies_to(question: Message, tree: Tree) -> list[Message]:
    """With all that go on from them, oldest first."""
    replies = [each for each in tree.children(question.id) if _is_reply(each)]
    for reply in replies:  # grows as it goes
        replies += [each for each in tree.children(reply.id) if continues(each)]
    return sorted(replies, key=lambda reply: reply.seq)


def _is_reply(message: Message) -> bool:
    """Of a model: what the person wrote in its place cannot be asked for again."""
    return message.source == "actor" and not is_edited(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How commands are written where they are told."""

    go_on: str
    again: str
    parameter: str
    model: str


IN_A_SHELL = Wording(go_on="chit continue {id}", again="chit regenerate {id}", parameter=" -p {}", model=" -m {}")
IN_A_CHAT = Wording(go_on="/continue", again="/retry", parameter=" {}", model=" model={}")


def list_remedies(
    error: ChitError | None, message: Message, generation: Generation, wording: Wording = IN_A_SHELL
) -> list[str]:
    """What a person may do next: going on with a reply that is not whole, then a command, or a page that the error line
    does not name, for each action of the error that has one.
    """
    again, go_on = (text.format(id=short_id(message.id)) for text in (wording.again, wording.go_on))
    lines = [f"Go on from here: {go_on}"] if _can_go_on(message, generation) else []
    for action in error.actions if error else ():
        if action.kind == "retry":
            lines.append(f"{action.label}: {again}")
        elif action.kind == "retry_with" and action.changes:
            assignments = map(shlex.quote, _write_assignments(action.changes))
            lines.append(f"{action.label}: {again}{''.join(map(wording.parameter.format, assignments))}")
        elif action.kind == "switch_model" and action.models:
            lines.append(f"{action.label}: {again}{wording.model.format(shlex.quote(action.models[0]))}")
        elif action.kind == "open_link" and error and action.url and action.url not in one_line(error):
            lines.append(f"{action.label}: {action.url}")
    return lines


def _can_go_on(message: Message, generation: Generation) -> bool:
    is_whole = generation.state == "done" and generation.finish_reason != "length"
    calls = any(isinstance(part, ToolCallPart) for part in message.parts)
    return bool(message.text.strip()) and not is_whole and not calls


def _write_assignments(changes: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in changes.items():
        if isinstance(value, Mapping) and value:
            yield from _write_assignments(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else encode_json(value).decode()
            yield f"{prefix}{name}={text}"
