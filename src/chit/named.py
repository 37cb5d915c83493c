"""What a person or a program names by an id, whole or short."""

from chit.errors import NotFound
from chit.store.protocol import Found, Store

_HINT = "`chit list` shows the ids."


async def get_named(store: Store, name: str, *, hint: str = _HINT) -> Found:
    """What it names. Raises `NotFound`."""
    found = await store.find(name)
    if found is None:
        raise NotFound(f"nothing here has the id {name}", hint=hint)
    return found


async def get_conversation_id(store: Store, found: Found) -> str:
    """Of the conversation that it is, or that it stands in. Raises `NotFound`."""
    if found.kind == "conversation":
        return found.id
    if found.kind == "generation":
        return (await store.get_generation(found.id)).conversation_id
    return (await store.get_message(found.id)).conversation_id


async def get_message_id(store: Store, found: Found) -> str:
    """Of the message that it is, or that the generation wrote; no conversation may be given. Raises `NotFound`."""
    return (await store.get_generation(found.id)).message_id if found.kind == "generation" else found.id
