"""A dossier as JSON: the format of docs/export.md, written. `dossier_reading` is the inverse."""

from collections.abc import Callable, Mapping
from typing import Any

from chit.core.blob_text import list_references, scrub_request, take_out
from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.fault import scrub_value
from chit.core.generation import Generation, Settlement
from chit.core.jsontext import encode_json
from chit.core.messages import Message, encode_part
from chit.core.request_chain import shorten
from chit.core.usage import Usage, write_cost

FORMAT = "chit-conversation"
VERSION = 1

Scrub = Callable[[str], str]


def encode_dossier(dossier: Dossier, scrub: Scrub) -> bytes:
    """One line of UTF-8. The same dossier always becomes the same bytes."""
    return encode_json(dossier_record(dossier, scrub)) + b"\n"


def dossier_record(dossier: Dossier, scrub: Scrub, *, in_full: bool = False) -> dict[str, Any]:
    """The JSON object, without keys in any text of it. `in_full` tells each request whole, for comparing."""
    blobs: dict[str, str] = {}
    requests: list[Any] = [_write_request(each, dossier.blobs, scrub, blobs) for each in dossier.generations]
    if not in_full:
        requests = list(shorten(requests))
    conversation = dossier.conversation
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "conversation": {"id": dossier.id, "deleted": True} if conversation is None else _conversation(conversation),
        "messages": [message_record(message) for message in dossier.messages],
        "generations": [generation_record(each) for each in dossier.generations],
    }
    record = take_out(scrub_value(record, scrub), blobs)
    for generation, request in zip(record["generations"], requests, strict=True):
        generation["request"] = request
    return record | {"blobs": dict(sorted(blobs.items()))}


def message_record(message: Message) -> dict[str, Any]:
    """One message, media and all."""
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "source": message.source,
        "parts": [encode_part(part) for part in message.parts],
        "options": {
            "visible_to_user": message.options.visible_to_user,
            "visible_to_engine": message.options.visible_to_engine,
        },
        "extra": dict(message.extra),
        "created_at": message.created_at,
    }


def generation_record(generation: Generation) -> dict[str, Any]:
    """One generation without its request."""
    return {
        "id": generation.id,
        "message_id": generation.message_id or None,
        "origin": generation.origin,
        "streamed": generation.streamed,
        "state": generation.state,
        "generation_id": generation.generation_id,
        "requested_model": generation.requested_model,
        "model": generation.model,
        "provider": generation.provider,
        "finish_reason": generation.finish_reason,
        "usage": _usage(generation.usage),
        "time_to_first_token_ms": generation.time_to_first_token_ms,
        "duration_ms": generation.duration_ms,
        "reasoning_ms": generation.reasoning_ms,
        "created_at": generation.created_at,
        "completion": generation.completion,
        "error": generation.error,
        "settlement": None if generation.settlement is None else settlement_record(generation.settlement),
    }


def settlement_record(settlement: Settlement) -> dict[str, Any]:
    """OpenRouter's record as it came, and how far the search for it got."""
    return {
        "state": settlement.state,
        "attempts": settlement.attempts,
        "ended_at": settlement.ended_at,
        "next_attempt_at": settlement.next_attempt_at,
        "record": settlement.record,
    }


def _conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "title": conversation.title,
        "origin": conversation.origin,
        "private": conversation.private,
        "parameters": dict(conversation.parameters),
        "pinned_at": conversation.pinned_at,
        "archived_at": conversation.archived_at,
        "created_at": conversation.created_at,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost": None if usage.cost is None else write_cost(usage.cost),
        "upstream_cost": None if usage.upstream_cost is None else write_cost(usage.upstream_cost),
        "is_byok": usage.is_byok,
    }


def _write_request(generation: Generation, media: Mapping[str, str], scrub: Scrub, blobs: dict[str, str]) -> str:
    request = scrub_request(generation.request.decode("utf-8", "replace"), media, scrub)
    blobs |= {name: media[name] for name in list_references(request)}
    return request
