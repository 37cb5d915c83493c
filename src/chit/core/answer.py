"""What a reply came to: the state its generation ends in, and the figures and parts it holds.

The one judge of "done", for streams and unary replies alike. A reply is done only if it says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chit.core.fault import Fault, find_error, read_fault, scrub_fault, scrub_value
from chit.core.fold import CompletionFold
from chit.core.generation import Generation, GenerationState, read_text
from chit.core.jsontext import JsonInvalid, decode_mended, encode_json
from chit.core.messages import Part
from chit.core.usage import Usage, read_usage
from chit.core.wire import read_parts
from chit.errors import ChitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply, whole or partial. `fault` says what was wrong with it, None if nothing."""

    state: GenerationState
    fault: Fault | None = None
    completion: Mapping[str, Any] | None = None
    generation_id: str | None = None
    model: str | None = None
    provider: str | None = None
    finish_reason: str | None = None
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    parts: tuple[Part, ...] = ()


def judge_stream(fold: CompletionFold, broken: Fault | None, *, stopped: bool = False) -> Answer:
    """The answer of a stream that will bring nothing more.

    `broken` is what the connection did, if it broke; a stream that had said it was over is done all the same.
    """
    completion = fold.completion()
    if stopped and not fold.complete:
        return _answer(completion, "stopped", None)
    if fold.error is not None:
        received = fold.error_text or encode_json(fold.error)
        return _answer(completion, "failed", _error_inside(fold.error, received))
    if not fold.complete:
        fault = broken or Fault(phase="streaming", cause="cut", text="the stream ended without a finish reason")
        return _answer(completion, "cut", fault)
    return _judge_content(completion)


def judge_body(body: bytes, broken: Fault | None) -> Answer:
    """The answer of a unary reply with a good status."""
    raw = body.decode("utf-8", "replace")
    if broken is not None:
        return Answer(state="cut", fault=replace(broken, status=200, raw=raw))
    try:
        completion = decode_mended(body)
    except JsonInvalid as error:
        text = f"the reply is not the JSON it should be: {error}"
        return Answer(state="unknown", fault=Fault(phase="streaming", cause="garbled", status=200, text=text, raw=raw))
    if find_error(completion):
        return _answer(completion, "failed", _error_inside(completion, body))
    return _judge_content(completion)


def refuse(fault: Fault) -> Answer:
    """The answer where no good reply ever began."""
    return Answer(state=_state_after(fault), fault=fault, generation_id=fault.generation_id)


def identify_fault(answer: Answer, generation: Generation) -> Answer:
    """`answer`, its failure naming the model that was asked for and the id that was seen: a body may name neither."""
    if answer.fault is None:
        return answer
    fault = replace(
        answer.fault,
        requested_model=generation.requested_model or answer.fault.requested_model,
        generation_id=generation.generation_id or answer.generation_id or answer.fault.generation_id,
    )
    return replace(answer, fault=fault)


def scrub_answer(answer: Answer, scrub: Callable[[str], str]) -> Answer:
    """`answer` with what it says of a failure scrubbed. The model's own words, and a good reply, stay as received."""
    fault, completion = answer.fault, answer.completion
    if fault is not None:
        answer = replace(answer, fault=scrub_fault(fault, scrub))
    if completion is None or not find_error(completion):
        return answer
    return replace(
        answer,
        completion=_scrub_around_words(completion, scrub),
        model=scrub_value(answer.model, scrub),
        provider=scrub_value(answer.provider, scrub),
        finish_reason=scrub_value(answer.finish_reason, scrub),
    )


def apply_answer(generation: Generation, answer: Answer, error: ChitError | None, **measured: Any) -> Generation:
    """The row of a generation that ended in this answer: `error` is what a person is told, `measured` its times here.

    What broke off or was stopped without an id may be billed, and nothing else will tell: its outcome is unknown. With
    an id it is not, since the settlement will tell.
    """
    generation_id = generation.generation_id or answer.generation_id
    state = answer.state
    if generation_id is None and state in ("cut", "stopped"):
        state = "unknown"
    elif generation_id is not None and state == "unknown":
        state = "failed"
    return replace(
        generation,
        state=state,
        owner=None,
        generation_id=generation_id,
        model=answer.model,
        provider=answer.provider or (answer.fault.provider if answer.fault else None),
        finish_reason=answer.finish_reason,
        usage=answer.usage,
        completion=answer.completion,
        error=error.as_dict() if error else None,
        **measured,
    )


def _scrub_around_words(completion: Mapping[str, Any], scrub: Callable[[str], str]) -> dict[str, Any]:
    """Everything but the message of each choice."""
    scrubbed: dict[str, Any] = scrub_value(completion, scrub)
    choices = completion.get("choices")
    if isinstance(choices, list):
        scrubbed["choices"] = [
            after | {"message": before["message"]} if isinstance(before, Mapping) and "message" in before else after
            for before, after in zip(choices, scrubbed["choices"], strict=True)
        ]
    return scrubbed


def _state_after(fault: Fault) -> GenerationState:
    """`failed` where OpenRouter surely ran nothing, or said that it failed; `unknown` where a bill may come.

    Bare 500, 504, 52x, 408 and silence after sending leave the outcome open (security and reliability §3).
    """
    if fault.generation_id is not None or fault.phase == "unsent":
        return "failed"
    if fault.phase == "unanswered" or fault.status is None:
        return "unknown"
    if fault.status < 500:
        return "unknown" if fault.status == 408 else "failed"
    return "failed" if fault.status in (502, 503, 529) and fault.has_json_error else "unknown"


def _judge_content(completion: Mapping[str, Any]) -> Answer:
    """A complete reply can still be nothing: no choice, no finish reason and nothing said (field guide §10.3)."""
    choice = _first_choice(completion)
    reason = read_text(choice.get("finish_reason"))
    if reason == "error":
        text = "the provider ended with an error"
        fault = Fault(phase="streaming", status=200, text=text, raw=encode_json(completion).decode())
        return _answer(completion, "failed", fault)
    answer = _answer(completion, "done", None)
    if answer.parts or reason is not None:
        return answer
    raw = encode_json(completion).decode()
    fault = Fault(
        phase="streaming",
        cause="empty",
        status=200,
        provider=answer.provider,
        requested_model=answer.model,
        raw=raw,
    )
    return _answer(completion, "failed", fault)


def _answer(completion: Mapping[str, Any], state: GenerationState, fault: Fault | None) -> Answer:
    choice = _first_choice(completion)
    message = choice.get("message")
    parts = read_parts(message) if isinstance(message, Mapping) else ()
    return Answer(
        state=state,
        fault=replace(fault, kept=bool(parts)) if fault else None,
        completion=completion,
        generation_id=read_text(completion.get("id")),
        model=read_text(completion.get("model")),
        provider=read_text(completion.get("provider")),
        finish_reason=read_text(choice.get("finish_reason")),
        usage=read_usage(completion.get("usage")),
        parts=parts,
    )


def _first_choice(completion: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = completion.get("choices")
    if isinstance(choices, list):
        return next((choice for choice in choices if isinstance(choice, Mapping)), {})
    return {}


def _error_inside(body: Mapping[str, Any], received: bytes) -> Fault:
    """An error that came after a good status: mid-stream, in a choice, or instead of choices (field guide §4.1)."""
    return read_fault(
        phase="streaming",
        status=200,
        headers={},
        body=received,
        generation_id=read_text(body.get("id")),
        requested_model=read_text(body.get("model")),
    )
