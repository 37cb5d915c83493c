"""Unary replies of Messages, Responses and Embeddings."""

import json
from decimal import Decimal
from typing import Any

import pytest

from chit.core.fault import Fault
from chit.core.messages import ReasoningPart, TextPart, ToolCallPart
from chit.core.typed_reply import judge_embeddings, judge_typed_body

MESSAGE = {
    "id": "gen-1",
    "type": "message",
    "model": "a/b",
    "provider": "P",
    "stop_reason": "end_turn",
    "content": [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "yes"},
        {"type": "text", "text": ""},
        {"type": "tool_use", "id": "c1", "name": "look", "input": {"a": 1}},
        {"type": "unheard-of"},
        5,
    ],
    "usage": {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 2, "cost": 0.5},
}
RESPONSE = {
    "id": "resp_1",
    "status": "incomplete",
    "incomplete_details": {"reason": "max_output_tokens"},
    "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "content": None},
        {"type": "message", "content": [{"type": "output_text", "text": "yes"}, {"type": "x"}, 5]},
        {"type": "function_call", "call_id": "c1", "id": "f", "name": "look", "arguments": "{}"},
        {"type": "function_call", "id": "f"},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 1}},
}


def encode(value: Any) -> bytes:
    """As it comes."""
    return json.dumps(value).encode()


def test_a_message() -> None:
    """All that the ledger and the history want of it; what a cache took is part of the prompt."""
    answer = judge_typed_body(encode(MESSAGE), None)
    assert (answer.state, answer.fault, answer.completion) == ("done", None, MESSAGE)
    assert (answer.generation_id, answer.model, answer.provider) == ("gen-1", "a/b", "P")
    assert answer.finish_reason == "end_turn"
    assert (answer.usage.prompt_tokens, answer.usage.cached_tokens, answer.usage.cost) == (5, 2, Decimal("0.5"))
    assert answer.parts == (ReasoningPart("hm"), TextPart("yes"), ToolCallPart("c1", "look", '{"a":1}'))


def test_a_response() -> None:
    """Its own id is none that OpenRouter has a record of."""
    answer = judge_typed_body(encode(RESPONSE), None)
    assert (answer.state, answer.generation_id, answer.finish_reason) == ("done", None, "max_output_tokens")
    assert (answer.usage.completion_tokens, answer.usage.reasoning_tokens) == (4, 1)
    parts = (ReasoningPart("hm"), TextPart("yes"), ToolCallPart("c1", "look", "{}"), ToolCallPart("f", "", ""))
    assert answer.parts == parts


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "server_error", "message": "no"}, "status": "failed", "error_type": "server"},
        {"type": "error", "error": {"type": "x", "message": "no"}},
        {"status": "failed"},
    ],
)
@pytest.mark.parametrize("judge", [judge_typed_body, judge_embeddings])
def test_a_failure_after_a_good_status(body: dict[str, Any], judge: Any) -> None:
    """In the words that came."""
    answer = judge(encode(body), None)
    assert answer.state == "failed"
    assert json.loads(answer.fault.raw) == body


@pytest.mark.parametrize("judge", [judge_typed_body, judge_embeddings])
def test_what_broke_off_or_cannot_be_read(judge: Any) -> None:
    """Cut off; or not JSON, whose outcome is unknown."""
    answer = judge(b'{"id', Fault(phase="streaming", cause="cut"))
    assert (answer.state, answer.fault.raw) == ("cut", '{"id')
    answer = judge(b"<html>", None)
    assert (answer.state, answer.fault.cause, answer.fault.raw) == ("unknown", "garbled", "<html>")


def test_vectors_are_not_kept() -> None:
    """Everything else of an embedding is."""
    body = {"id": "gen-e", "data": [{"index": 0, "embedding": [0.1, 0.2]}, 5], "usage": {"prompt_tokens": 2}}
    answer = judge_embeddings(encode(body), None)
    assert answer.completion == {**body, "data": [{"index": 0}, 5]}
    assert (answer.state, answer.generation_id, answer.usage.prompt_tokens) == ("done", "gen-e", 2)
    assert judge_embeddings(b'{"data": 5}', None).completion == {"data": 5}


def test_half_an_emoji_is_mended() -> None:
    """As everywhere."""
    answer = judge_typed_body(b'{"content":[{"type":"text","text":"\\ud83d\\ude00 \\ud83d"}]}', None)
    assert answer.parts == (TextPart("\U0001f600 \ufffd"),)
