"""Private conversations: what of them is written down, and how what was said comes back while somebody remembers it.

Written down are ids, the shape of the tree, states, models, providers, token counts, times and costs. What a person or
a model said, in whatever place it may stand, is not.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chit.core.conversation import Conversation
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.wire import ENGINE
from chit.errors import ChitError

_MEMBERS = """
    id request_id upstream_id session_id response_cache_source_id model provider_name router api_type service_tier
    data_region created_at finish_reason native_finish_reason total_cost usage upstream_inference_cost cache_discount
"""
_NAMING = frozenset(_MEMBERS.split())
"""Members of OpenRouter's record that may hold text (field guide §6.1); a cost may come as one."""


def strip_conversation(conversation: Conversation) -> Conversation:
    """Without its title and its parameters, which may hold instructions."""
    return replace(conversation, title="", parameters={})


def strip_message(message: Message) -> Message:
    """Without its parts and its extra data."""
    return replace(message, parts=(), extra={})


def strip_generation(generation: Generation) -> Generation:
    """Without request and completion; of an error its kind and status, since its words may repeat what was asked."""
    return replace(generation, request=b"", completion=None, error=_strip_error(generation.error))


def strip_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """OpenRouter's record with its figures and the texts that name a run: it repeats the request's `user`, for one."""
    return {
        name: value for name, value in record.items() if name in _NAMING or isinstance(value, int | float | Decimal)
    }


def refill_message(row: Message, kept: Message, generation: Generation | None) -> Message:
    """A stripped message as it was; `generation` is the newest that wrote it, whole."""
    engine = {**kept.extra.get(ENGINE, {}), **row.extra.get(ENGINE, {})}
    if generation is not None:
        engine["completion"] = generation.completion
    extra = {**kept.extra, ENGINE: engine} if engine else kept.extra
    return replace(row, parts=kept.parts, extra=extra)


def refill_generation(row: Generation, kept: Generation, *, briefly: bool = False) -> Generation:
    """A stripped generation as it was; `briefly` leaves its request out."""
    request = b"" if briefly else kept.request
    return replace(row, request=request, completion=kept.completion, error=kept.error)


def _strip_error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if error is None:
        return None
    kind, status = error.get("kind"), error.get("status")
    told = ChitError("this reply failed", hint="It was private: nothing more was kept.", kind=str(kind)).as_dict()
    return told | {"status": status if isinstance(status, int) else None}
