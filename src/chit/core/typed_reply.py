"""Replies of the dialects whose events and parts say their type: Anthropic's Messages, OpenAI's Responses; and vectors.

They are passed on untouched. Read is what the ledger and the history want: id, model, usage, how it ended, what was
said.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chit.core.answer import Answer
from chit.core.fault import Fault, read_fault
from chit.core.generation import GenerationState, read_text
from chit.core.jsontext import JsonInvalid, decode_mended, encode_json
from chit.core.messages import Part, ReasoningPart, TextPart, ToolCallPart
from chit.core.usage import read_usage

_INCOMPLETE = "incomplete_details"


def judge_typed_body(body: bytes, broken: Fault | None) -> Answer:
    """The answer of a unary reply with a good status."""
    reply = _decode(body, broken)
    if isinstance(reply, Answer):
        return reply
    return judge_typed(reply, body if find_typed_error(reply) else None)


def judge_embeddings(body: bytes, broken: Fault | None) -> Answer:
    """As `judge_typed_body`. Vectors are not kept: they are long, and say nothing to anybody in a history."""
    reply = _decode(body, broken)
    if isinstance(reply, Answer):
        return reply
    vectors = reply.get("data")
    if isinstance(vectors, list):
        reply["data"] = [_leave_out_vector(each) for each in vectors]
    return judge_typed(reply, body if find_typed_error(reply) else None)


def judge_typed(reply: Mapping[str, Any], failure: bytes | None) -> Answer:
    """Of a reply that is complete, or one that failed, in these words."""
    if failure is None:
        return read_typed(reply, "done", None)
    fault = read_fault(
        phase="streaming",
        status=200,
        headers={},
        body=failure,
        generation_id=read_generation_id(reply),
        requested_model=read_text(reply.get("model")),
    )
    return read_typed(reply, "failed", fault)


def read_typed(reply: Mapping[str, Any], state: GenerationState, fault: Fault | None) -> Answer:
    """What such a reply holds."""
    parts = tuple(_read_parts(reply))
    return Answer(
        state=state,
        fault=replace(fault, kept=bool(parts)) if fault else None,
        completion=reply or None,
        generation_id=read_generation_id(reply),
        model=read_text(reply.get("model")),
        provider=read_text(reply.get("provider")),
        finish_reason=_read_reason(reply),
        usage=read_usage(reply.get("usage")),
        parts=parts,
    )


def read_generation_id(reply: Mapping[str, Any]) -> str | None:
    """Its id, if it is one that OpenRouter has a record of: these dialects have ids of their own as well."""
    found = read_text(reply.get("id"))
    return found if found is not None and found.startswith("gen-") else None


def find_typed_error(reply: Mapping[str, Any]) -> Any:
    """What it says of its failure; None or nothing if it did not fail."""
    return reply.get("error") or (reply.get("status") == "failed" and {"message": "the reply failed"})


def _decode(body: bytes, broken: Fault | None) -> dict[str, Any] | Answer:
    if broken is not None:
        return Answer(state="cut", fault=replace(broken, status=200, raw=body.decode("utf-8", "replace")))
    try:
        return decode_mended(body)
    except JsonInvalid as error:
        text, raw = f"the reply is not the JSON it should be: {error}", body.decode("utf-8", "replace")
        return Answer(state="unknown", fault=Fault(phase="streaming", cause="garbled", status=200, text=text, raw=raw))


def _leave_out_vector(each: Any) -> Any:
    return {name: value for name, value in each.items() if name != "embedding"} if isinstance(each, dict) else each


def _read_reason(reply: Mapping[str, Any]) -> str | None:
    details = reply.get(_INCOMPLETE)
    cut = read_text(details.get("reason")) if isinstance(details, Mapping) else None
    return read_text(reply.get("stop_reason")) or cut or read_text(reply.get("status"))


def _read_parts(reply: Mapping[str, Any]) -> list[Part]:
    parts: list[Part] = []
    for name in ("content", "output"):
        items = reply.get(name)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping):
                _read_item(item, parts)
    return parts


def _read_item(item: Mapping[str, Any], parts: list[Part]) -> None:
    """A content block of Messages, or an output item of Responses."""
    match item.get("type"):
        case "text" | "output_text" if text := read_text(item.get("text")):
            parts.append(TextPart(text))
        case "thinking" if text := read_text(item.get("thinking")):
            parts.append(ReasoningPart(text))
        case "tool_use":
            parts.append(ToolCallPart(_text(item.get("id")), _text(item.get("name")), _write(item.get("input"))))
        case "function_call":
            call_id = read_text(item.get("call_id")) or _text(item.get("id"))
            parts.append(ToolCallPart(call_id, _text(item.get("name")), _text(item.get("arguments"))))
        case "message" | "reasoning":
            for name in ("summary", "content"):
                inner = item.get(name)
                for each in inner if isinstance(inner, list) else ():
                    _read_inner(item, each, parts)


def _read_inner(item: Mapping[str, Any], each: Any, parts: list[Part]) -> None:
    text = read_text(each.get("text")) if isinstance(each, Mapping) else None
    if text:
        parts.append(TextPart(text) if item.get("type") == "message" else ReasoningPart(text))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _write(value: Any) -> str:
    return encode_json(value).decode()
