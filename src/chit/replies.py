"""Replies that were given before, for a request that follows from one."""

from chit.core.generation import RUNNING, Generation
from chit.core.imported import is_imported
from chit.core.jsontext import decode_object
from chit.core.messages import Message, ToolCallPart
from chit.core.revision import continues, find_prefill, join_continued, prefill_request
from chit.errors import InputError
from chit.store.protocol import Store


async def find_reply(store: Store, message_id: str) -> tuple[Message, Generation]:
    """A reply that has ended, and the newest generation that wrote it.

    Raises `NotFound`, `StoreError`, and `InputError` for a message that is no reply, or is still coming in.
    """
    reply = await store.get_message(message_id)
    generation = await store.find_generation(message_id)
    if generation is None and is_imported(reply):
        raise InputError(
            "that reply was imported, and was not asked for here", hint="Ask its question anew, with a model from here."
        )
    if generation is None:
        raise InputError("that message is not a reply of a model", hint="Name a reply; `chit show` tells which is one.")
    if generation.state in RUNNING:
        raise InputError("that reply is still coming in", hint="Wait for its end, or stop it first.")
    return reply, generation


async def write_continuation(store: Store, reply: Message, before: Generation) -> bytes:
    """The request that lets the model go on from `reply`, which `before` wrote. Raises `InputError`, `StoreError`.

    Of a reply that is itself a continuation, what the earlier ones said stands before it; before all, what the caller
    had put into the model's mouth.
    """
    _check_continuable(reply, before)
    said, message = reply.text, reply
    while continues(message) and message.parent_id is not None:
        message = await store.get_message(message.parent_id)
        said = join_continued(message.text, said)
    first = await store.find_generation(message.id) or before
    return prefill_request(before.request, join_continued(find_prefill(first.request), said))


def _check_continuable(reply: Message, before: Generation) -> None:
    if before.state == "done" and before.finish_reason != "length":
        raise InputError("that reply is whole; there is nothing to go on with", hint="Ask again for another one.")
    if any(isinstance(part, ToolCallPart) for part in reply.parts):
        raise InputError("that reply broke off while it called a tool", hint="It can only be asked for again.")
    if not reply.text.strip():
        raise InputError("that reply has no text to go on from", hint="It can only be asked for again.")
    if not isinstance(decode_object(before.request).get("messages"), list):
        raise InputError("the request of that reply has no messages to add to", hint="It can only be asked for again.")
