"""Where a question goes on: a place in a conversation, with what was asked there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.core.conversation import Conversation
from chit.core.defaults import choose_parameters
from chit.core.generation import Origin
from chit.core.history import Tree
from chit.core.messages import Message
from chit.core.named_models import write_requested
from chit.errors import InputError
from chit.named import get_message_id, get_named
from chit.prefs import UserPrefs
from chit.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """In a conversation that is there."""

    conversation: Conversation
    path: tuple[Message, ...]
    """From the first message to the one that the question follows."""
    model: str | None
    """What was asked last on that path, several with commas, "" for the account's default; None where nobody was."""

    @property
    def leaf_id(self) -> str | None:
        """The message that the question follows; None in a conversation without any."""
        return self.path[-1].id if self.path else None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The conversation's own."""
        return self.conversation.parameters


async def find_place(store: Store, name: str | None, origin: Origin) -> Place:
    """By the id of a conversation: at its newest end; of a question: after its newest reply; of a reply: right there.

    None is the conversation in which `origin` asked last. Raises `InputError`, `NotFound`, `StoreError`.
    """
    if name is None:
        if (reply := await store.find_last_reply(origin)) is None:
            raise InputError("no conversation was begun here yet", hint="Begin one: chit ask 'Why is the sky blue?'")
        return await locate(store, (await store.get_message(reply)).conversation_id, None)
    found = await get_named(store, name)
    if found.kind == "conversation":
        return await locate(store, found.id, None)
    message = await store.get_message(await get_message_id(store, found))
    leaf_id = message.id
    if message.source == "user":
        leaf_id = await store.find_newest_under(message.conversation_id, message.id)
    return await locate(store, message.conversation_id, leaf_id)


async def locate(store: Store, conversation_id: str, leaf_id: str | None) -> Place:
    """After that message; None is the newest. Raises `NotFound`, `StoreError`."""
    conversation = await store.get_conversation(conversation_id)
    tree = Tree(await store.list_messages(conversation_id))
    leaf = tree.newest_leaf() if leaf_id is None else tree.find(leaf_id)
    path = tree.path(leaf.id) if leaf else ()
    last = next((each for each in reversed(path) if each.source == "actor"), None)
    generation = await store.find_generation(last.id) if last else None
    return Place(conversation=conversation, path=path, model=write_requested(generation) if generation else None)


def write_parameters(
    model: str | None, given: Mapping[str, Any], place: Place | None, prefs: UserPrefs
) -> dict[str, Any]:
    """What is given, over what the conversation says, over the preferences; of models the last one asked there."""
    if model is None and place is not None:
        model = place.model
    return choose_parameters(given, place.parameters if place else {}, prefs.defaults, model=model)
