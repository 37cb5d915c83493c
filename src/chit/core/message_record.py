"""Messages as the JSON that `--json` prints. Its members are an interface: added to, never renamed."""

from typing import Any

from chit.core.conversation import Conversation
from chit.core.generation import Generation, write_chit
from chit.core.messages import Message, encode_part


def message_record(message: Message, generation: Generation | None) -> dict[str, Any]:
    """One message with its chit and its error, if a generation wrote it."""
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "source": message.source,
        "text": message.text,
        "parts": [encode_part(part) for part in message.parts],
        "state": generation.state if generation else None,
        "finish_reason": generation.finish_reason if generation else None,
        "extra": dict(message.extra),
        "chit": write_chit(generation).as_dict() if generation else None,
        "error": generation.error if generation else None,
    }


def conversation_record(
    conversation: Conversation, messages: list[Message], generations: dict[str, Generation]
) -> dict[str, Any]:
    """A conversation with all its messages, oldest first."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "origin": conversation.origin,
        "messages": [message_record(message, generations.get(message.id)) for message in messages],
    }
