"""Messages as the JSON that `--json` prints. Its members are an interface: added to, never renamed."""

from typing import Any

from chit.core.conversation import Conversation, ConversationSummary
from chit.core.generation import Generation, write_chit
from chit.core.messages import Message, encode_part
from chit.core.usage import write_cost


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


def summary_record(summary: ConversationSummary) -> dict[str, Any]:
    """A conversation as a list shows it. Times are unix seconds, the cost is US dollars as decimal text."""
    return {
        "id": summary.id,
        "title": summary.title,
        "origin": summary.origin,
        "created_at": summary.created_at,
        "last_at": summary.last_at,
        "cost": None if summary.cost is None else write_cost(summary.cost),
        "pending": summary.pending,
        "pinned_at": summary.pinned_at,
        "archived_at": summary.archived_at,
    }
