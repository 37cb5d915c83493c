"""Values to store, whole and plausible, with any member replaced."""

from typing import Any

from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.messages import Message, TextPart
from chit.store.ids import new_id
from chit.store.protocol import Store


def a_conversation(**members: Any) -> Conversation:
    """A conversation of the command line."""
    defaults: dict[str, Any] = {"id": new_id(), "title": "Why?", "origin": "cli", "created_at": 1.5}
    return Conversation(**(defaults | members))


def a_message(conversation: Conversation, **members: Any) -> Message:
    """A question."""
    defaults: dict[str, Any] = {
        "id": new_id(),
        "conversation_id": conversation.id,
        "source": "user",
        "parts": (TextPart("Why?"),),
        "created_at": 2.5,
    }
    return Message(**(defaults | members))


def a_generation(message: Message, owner: str | None, **members: Any) -> Generation:
    """A generation that has just been sent."""
    defaults: dict[str, Any] = {
        "id": new_id(),
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "origin": "cli",
        "owner": owner,
        "request": b'{"model":"author/slug","messages":[]}',
        "streamed": True,
        "requested_model": "author/slug",
        "created_at": 3.5,
    }
    return Generation(**(defaults | members))


async def send(store: Store, **members: Any) -> tuple[Conversation, Message, Generation]:
    """Record a new conversation with a question and an empty answer; the answer and its generation come back."""
    conversation = a_conversation()
    question = a_message(conversation)
    answer = a_message(conversation, source="actor", parts=(), parent_id=question.id)
    generation = a_generation(answer, **({"owner": store.owner} | members))
    await store.record_send(conversation=conversation, messages=[question, answer], generation=generation)
    return conversation, answer, generation
