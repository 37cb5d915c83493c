"""What a failed reply says about itself, read from any of the shapes OpenRouter uses (field guide §4.1).

Facts only. What they mean for a person is `guidance`; whether to send again is `retry`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from chit.core.generation import read_text
from chit.core.jsontext import JsonInvalid, decode_json

Phase = Literal["unsent", "replied", "streaming", "unanswered"]
"""`unsent`: surely nothing was sent; `replied`: a reply with a status; `streaming`: after a good start;
`unanswered`: sent, and no reply, or only part of one, came back."""

Cause = Literal["reply", "connect", "dns", "tls", "proxy", "timeout", "reset", "cut", "stalled", "empty", "garbled"]
"""How it failed: `reply` is OpenRouter's own word, all others are ours for what the connection did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The facts of one failure. Texts as received; `retry_after` in seconds."""

    phase: Phase
    cause: Cause = "reply"
    status: int | None = None
    code: int | str | None = None
    text: str = ""
    """OpenRouter's or the provider's message."""
    error_type: str | None = None
    availability: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    provider: str | None = None
    retry_after: float | None = None
    reset_at: float | None = None
    """`X-RateLimit-Reset` as unix seconds."""
    generation_id: str | None = None
    has_json_error: bool = False
    requested_model: str | None = None
    uses_tools: bool = False
    """The request offered tools or plugins, which may have acted before it failed."""
    raw: str | None = None
    kept: bool = False
    """Something of the reply had arrived before it failed."""


def read_fault(
    *,
    phase: Phase,
    status: int | None,
    headers: Mapping[str, str],
    body: bytes,
    generation_id: str | None = None,
    requested_model: str | None = None,
    uses_tools: bool = False,
) -> Fault:
    """From a reply or a chunk that carries an error. `headers` has lower-case names. Never raises."""
    raw = body.decode("utf-8", "replace")
    decoded = _try_decode(body)
    error = find_error(decoded)
    headers = {**_nested_headers(error), **headers}
    metadata, availability = _object(error.get("metadata")), _object(error.get("availability"))
    return Fault(
        phase=phase,
        status=status,
        code=_code(error),
        text=_text_of(error),
        error_type=read_text(metadata.get("error_type"))
        or read_text(error.get("error_type"))
        or read_text(_object(decoded).get("error_type")),
        availability=availability,
        metadata=metadata,
        provider=read_text(metadata.get("provider_name"))
        or read_text(error.get("provider_name"))
        or read_text(_object(decoded).get("provider")),
        retry_after=_retry_after(availability, headers, metadata),
        reset_at=_reset_at(headers),
        generation_id=generation_id,
        has_json_error=bool(error),
        requested_model=requested_model,
        uses_tools=uses_tools,
        raw=raw,
    )


def find_error(body: Any) -> Mapping[str, Any]:
    """The error object of a decoded body: top-level, in a choice, or a bare string; empty if there is none."""
    if not isinstance(body, Mapping):
        return {}
    found = body.get("error")
    if found is None:
        choices = body.get("choices")
        errors = (
            [choice.get("error") for choice in choices if isinstance(choice, Mapping)]
            if isinstance(choices, list)
            else []
        )
        found = next((error for error in errors if error is not None), None)
    if isinstance(found, Mapping):
        return found
    if isinstance(found, str) and found:
        return {"message": found}
    if found is None:
        return {}
    return {"message": "" if isinstance(found, list) else str(found)}


def find_generation_id(body: bytes) -> str | None:
    """The `gen-…` id in a body that is an object with one."""
    found = _object(_try_decode(body)).get("id")
    return found if isinstance(found, str) and found.startswith("gen-") else None


def scrub_fault(fault: Fault, scrub: Callable[[str], str]) -> Fault:
    """`fault` with every text in it scrubbed: upstream may repeat the key that it was sent, in any member."""
    return replace(fault, **{each.name: scrub_value(getattr(fault, each.name), scrub) for each in fields(fault)})


def scrub_value(value: Any, scrub: Callable[[str], str]) -> Any:
    """A JSON value with every text in it scrubbed, names included."""
    match value:
        case str():
            return scrub(value)
        case Mapping():
            return {scrub(name): scrub_value(member, scrub) for name, member in value.items()}
        case list():
            return [scrub_value(item, scrub) for item in value]
        case _:
            return value


def read_seconds(value: Any) -> float | None:
    """A delay in seconds from a number or numeric text; None for dates, negatives and nonsense."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < 10**9 else None


def _try_decode(body: bytes) -> Any:
    try:
        return decode_json(body)
    except JsonInvalid:
        return None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _code(error: Mapping[str, Any]) -> int | str | None:
    for name in ("code", "http_status"):
        code = error.get(name)
        if isinstance(code, int | str) and not isinstance(code, bool):
            return code
    return None


def _text_of(error: Mapping[str, Any]) -> str:
    text = error.get("message")
    return text if isinstance(text, str) else ""


def _nested_headers(error: Mapping[str, Any]) -> dict[str, str]:
    """Headers of the provider's own reply, repeated inside `error.metadata.headers` (field guide §1.3)."""
    nested = _object(_object(error.get("metadata")).get("headers"))
    return {name.lower(): str(value) for name, value in nested.items() if isinstance(value, str | int | float)}


def _retry_after(
    availability: Mapping[str, Any], headers: Mapping[str, str], metadata: Mapping[str, Any]
) -> float | None:
    """In the order of trust of field guide §4.9."""
    hints = (
        availability.get("retry_after"),
        headers.get("retry-after"),
        metadata.get("retry_after_seconds"),
        _seconds_to_reset(headers),
    )
    return next((seconds for seconds in map(read_seconds, hints) if seconds is not None), None)


def _seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """By the clock of whoever answered: ours may be wrong, and the core has none."""
    reset_at = _reset_at(headers)
    try:
        answered = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return None if reset_at is None else reset_at - answered.replace(tzinfo=answered.tzinfo or UTC).timestamp()


def _reset_at(headers: Mapping[str, str]) -> float | None:
    """Epoch milliseconds by observation (field guide §1.3); small values would be seconds, others are nonsense."""
    try:
        value = float(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    if 10**11 < value < 10**14:
        return value / 1000
    return value if 10**9 < value <= 10**11 else None
