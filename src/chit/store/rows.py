"""Rows to values and back: the one place that knows the columns."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.jsontext import decode_json, encode_json
from chit.core.messages import Message, Options, decode_part, encode_part
from chit.core.surrogates import join_surrogates
from chit.core.usage import Usage, to_pico, write_cost
from chit.core.wire import ENGINE

SETTLEMENT_COLUMNS = "generation_id, state, attempts, ended_at, next_attempt_at, record"
GENERATION_COLUMNS = """
    g.id, g.message, g.conversation, g.owner, g.origin, g.streamed, g.state, g.generation_id, g.requested_model,
    g.model, g.provider, g.finish_reason, g.reported_cost, g.prompt_tokens, g.completion_tokens, g.reasoning_tokens,
    g.cached_tokens, g.upstream_cost, g.is_byok, g.time_to_first_token_ms, g.duration_ms, g.request, g.completion,
    g.error, g.created_at, g.reasoning_ms,
    (SELECT hash FROM token_calls JOIN local_tokens t ON t.id = token WHERE generation = g.seq),
    s.generation_id, s.state, s.attempts, s.ended_at, s.next_attempt_at, s.record
"""
BRIEF_GENERATION_COLUMNS = GENERATION_COLUMNS.replace("g.request,", "'',")
"""Without the request, which holds the whole branch each time: together they grow with the square of its length."""
MESSAGE_COLUMNS = "id, conversation, parent, source, parts, options, extra, created_at, seq"
CONVERSATION_COLUMNS = "id, title, origin, private, parameters, pinned_at, archived_at, created_at, seq"

PutBack = Callable[[bytes], bytes]
"""`Blobs.put_back`."""


def text_of(value: Any) -> str:
    """The JSON text of a column."""
    return encode_json(value).decode()


def read_conversation(row: tuple[Any, ...]) -> Conversation:
    """From `CONVERSATION_COLUMNS`."""
    conversation_id, title, origin, private, parameters, pinned_at, archived_at, created_at, seq = row
    return Conversation(
        id=conversation_id,
        title=title,
        origin=origin,
        private=bool(private),
        parameters=_load(parameters),
        pinned_at=pinned_at,
        archived_at=archived_at,
        created_at=created_at,
        seq=seq,
    )


def read_message(row: tuple[Any, ...], generation: Generation | None, put_back: PutBack) -> Message:
    """From `MESSAGE_COLUMNS`; what the generation knows becomes the message's extra data."""
    message_id, conversation, parent, source, parts, options, extra, created_at, seq = row
    return Message(
        id=message_id,
        conversation_id=conversation,
        parent_id=parent,
        source=source,
        parts=tuple(decode_part(part) for part in _load(parts, put_back)),
        options=Options(**_load(options)),
        extra=_with_generation(_load(extra), generation),
        created_at=created_at,
        seq=seq,
    )


def read_generation(row: tuple[Any, ...], put_back: PutBack) -> Generation:
    """From `GENERATION_COLUMNS`."""
    fields, settlement = row[:27], row[27:]
    completion, error = fields[22], fields[23]
    return Generation(
        id=fields[0],
        message_id=fields[1] or "",
        conversation_id=fields[2],
        owner=fields[3],
        origin=fields[4],
        streamed=bool(fields[5]),
        state=fields[6],
        generation_id=fields[7],
        requested_model=fields[8],
        model=fields[9],
        provider=fields[10],
        finish_reason=fields[11],
        usage=_read_usage(fields[12:19]),
        time_to_first_token_ms=fields[19],
        duration_ms=fields[20],
        reasoning_ms=fields[25],
        token=fields[26],
        request=put_back(fields[21].encode()),
        completion=None if completion is None else _load(completion, put_back),
        error=None if error is None else _load(error),
        created_at=fields[24],
        settlement=read_settlement(settlement) if settlement[0] is not None else None,
    )


def read_settlement(row: tuple[Any, ...]) -> Settlement:
    """From `SETTLEMENT_COLUMNS`."""
    generation_id, state, attempts, ended_at, next_attempt_at, record = row
    return Settlement(
        generation_id=generation_id,
        state=state,
        attempts=attempts,
        ended_at=ended_at,
        next_attempt_at=next_attempt_at,
        record=None if record is None else _load(record),
    )


def message_values(message: Message) -> dict[str, Any]:
    """Named bindings for an insert; the parts are not among them, since their media is taken out first."""
    return {
        "id": message.id,
        "conversation": message.conversation_id,
        "parent": message.parent_id,
        "source": message.source,
        "options": _options_text(message.options),
        "extra": text_of(message.extra),
        "created_at": message.created_at,
    }


@cache
def _options_text(options: Options) -> str:
    return text_of({"visible_to_user": options.visible_to_user, "visible_to_engine": options.visible_to_engine})


def parts_text(message: Message) -> bytes:
    """The parts as JSON text."""
    return encode_json([encode_part(part) for part in message.parts])


def generation_values(generation: Generation) -> dict[str, Any]:
    """Named bindings for the columns that change while a generation lives."""
    usage = generation.usage
    return {
        "id": generation.id,
        "state": generation.state,
        "generation_id": generation.generation_id,
        "model": generation.model,
        "provider": generation.provider,
        "finish_reason": generation.finish_reason,
        "reported_cost": _cost(usage.cost),
        "reported_pico": pico_of(usage.cost),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
        "upstream_cost": _cost(usage.upstream_cost),
        "is_byok": usage.is_byok,
        "time_to_first_token_ms": generation.time_to_first_token_ms,
        "duration_ms": generation.duration_ms,
        "reasoning_ms": generation.reasoning_ms,
        "error": None if generation.error is None else text_of(generation.error),
    }


def pico_of(cost: Decimal | None) -> int | None:
    """What sums are made of; None where there is no cost, or one beyond what a column holds ($9 million)."""
    pico = None if cost is None else to_pico(cost)
    return pico if pico is not None and -(2**63) <= pico < 2**63 else None


def mend_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Bindings without lone surrogates, which a column cannot hold and a hostile name or header may carry."""
    return {name: join_surrogates(value) if isinstance(value, str) else value for name, value in values.items()}


def _read_usage(columns: tuple[Any, ...]) -> Usage:
    cost, prompt, completion, reasoning, cached, upstream, is_byok = columns
    return Usage(
        cost=None if cost is None else Decimal(cost),
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=reasoning,
        cached_tokens=cached,
        upstream_cost=None if upstream is None else Decimal(upstream),
        is_byok=bool(is_byok),
    )


def _with_generation(extra: dict[str, Any], generation: Generation | None) -> dict[str, Any]:
    if generation is None:
        return extra
    settlement = generation.settlement
    record: Mapping[str, Any] | None = settlement.record if settlement else None
    known = {"completion": generation.completion, "generation": record}
    return extra | {ENGINE: extra.get(ENGINE, {}) | known}


def _cost(cost: Decimal | None) -> str | None:
    return None if cost is None else write_cost(cost)


def _load(text: str, put_back: PutBack | None = None) -> Any:
    data = text.encode()
    return decode_json(put_back(data) if put_back else data)
