"""`POST /messages` over real sockets."""

from typing import Any

import orjson
import pytest
from tests.sandbox.caller import Answer, Caller

from chit.sandbox import server
from chit.sandbox.error_words import name_error, name_for_anthropic
from chit.sandbox.server import Sandbox

WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
HELLO = [{"role": "user", "content": "Hello?"}]


async def ask(
    caller: Caller, model: str = "anthropic/claude-haiku-4.5", messages: Any = HELLO, **members: Any
) -> Answer:
    """One message."""
    return await caller.send("POST", "/messages", json={"model": model, "messages": messages, **members})


def events(answer: Answer) -> list[Any]:
    """Those of a stream; each has its type in both places."""
    found = []
    for event in answer.body.decode().split("\n\n"):
        if event.startswith("event: "):
            name, data = event.split("\n")
            value = orjson.loads(data.removeprefix("data: "))
            assert name == f"event: {value['type']}"
            found.append(value)
    return found


async def test_unary_message_has_usage_with_cost(caller: Caller) -> None:
    """One object with a block of text, an id that is the header's, tokens in this dialect's names, and the bill."""
    answer = await ask(
        caller, max_tokens=500, system=[{"type": "text", "text": "Be brief."}], metadata={"user_id": "u1"}
    )
    (generation,) = caller.sandbox.ledger.generations
    message = answer.json
    assert message["id"] == answer.headers["X-Generation-Id"] == generation.id
    assert (message["type"], message["role"], message["stop_reason"]) == ("message", "assistant", "end_turn")
    assert "> Hello?" in message["content"][0]["text"]
    assert message["usage"]["cost"] == float(caller.sandbox.ledger.billed) > 0
    assert generation.metadata == {"user": "u1"}
    assert (await ask(caller, "sandbox/cached")).json["usage"]["cache_read_input_tokens"] == 2048


async def test_stream_has_anthropics_events(caller: Caller) -> None:
    """Start, ping, a block in deltas, why it stopped and what it cost, stop."""
    answer = await ask(caller, "sandbox/echo", stream=True)
    first, ping, begun, *deltas, ended, delta, stop = events(answer)
    assert (first["message"]["content"], first["message"]["usage"]["output_tokens"]) == ([], 0)
    assert (ping, begun["type"], ended["type"]) == ({"type": "ping"}, "content_block_start", "content_block_stop")
    assert "".join(each["delta"]["text"] for each in deltas) == "Hello?"
    assert (delta["delta"]["stop_reason"], stop) == ("end_turn", {"type": "message_stop"})
    assert delta["usage"]["cost"] == float(caller.sandbox.ledger.billed)
    assert "message_stop" not in [each["type"] for each in events(await ask(caller, "sandbox/no-done", stream=True))]


async def test_thinking_is_a_signed_block(caller: Caller) -> None:
    """Thoughts come before the text in a block with a signature – if thinking is not switched off."""
    answer = await ask(
        caller, "deepseek/deepseek-r1-0528", thinking={"type": "enabled", "budget_tokens": 1024}, stream=True
    )
    kinds = [each["delta"]["type"] for each in events(answer) if each["type"] == "content_block_delta"]
    assert list(dict.fromkeys(kinds)) == ["thinking_delta", "signature_delta", "text_delta"]
    thinking, text = (await ask(caller, "deepseek/deepseek-r1-0528")).json["content"]
    assert (thinking["type"], thinking["signature"], text["type"]) == ("thinking", "c2FuZGJveA==", "text")
    (text,) = (await ask(caller, "deepseek/deepseek-r1-0528", thinking={"type": "disabled"})).json["content"]
    assert text["type"] == "text"


async def test_tools_are_used_and_their_results_understood(caller: Caller) -> None:
    """A use with its input; with its result in the next message, an answer in words."""
    first = (await ask(caller, "sandbox/tools", tools=[WEATHER, {"type": "web_search_20250305"}, 7])).json
    (use,) = first["content"]
    assert (use["name"], use["input"], first["stop_reason"]) == ("get_weather", {"city": "sandbox"}, "tool_use")
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": [{"type": "text", "text": "sunny"}]}
    history = [*HELLO, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}, "nonsense"]
    second = (await ask(caller, "sandbox/tools", history, tools=[WEATHER])).json
    assert "the tool results arrived" in second["content"][0]["text"]
    pieces = events(await ask(caller, "sandbox/tools", tools=[WEATHER], stream=True))
    parts = [each["delta"]["partial_json"] for each in pieces if each["type"] == "content_block_delta"]
    assert "".join(parts) == '{"city":"sandbox"}'
    cut = (await ask(caller, "sandbox/tools", tools=[WEATHER], max_tokens=2)).json
    assert (cut["content"][0]["input"], cut["stop_reason"]) == ({}, "max_tokens")


async def test_parts_are_understood(caller: Caller) -> None:
    """Pictures and documents count as in chat, by their data or their address."""
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
        {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}, "title": "a.pdf"},
        {"type": "image"},
        7,
    ]
    answer = await ask(caller, messages=[{"role": "user", "content": parts}])
    assert "3 files came" in answer.json["content"][0]["text"]


async def test_an_answer_fits_the_wanted_format(caller: Caller) -> None:
    """`output_config.format` is what `response_format` is in chat."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    answer = await ask(caller, output_config={"format": {"type": "json_schema", "schema": schema}})
    assert answer.json["content"][0]["text"] == '{"age":42}'
    assert (await ask(caller, "sandbox/echo", output_config={"effort": "low"})).json["content"][0]["text"] == "Hello?"


@pytest.mark.parametrize(
    ("name", "status", "kind", "typed"),
    [
        ("temperature", 400, "invalid_request_error", "invalid_request"),
        ("auth-user", 401, "authentication_error", "authentication"),
        ("credits", 402, "billing_error", "payment_required"),
        ("data-policy", 404, "not_found_error", "not_found"),
        ("provider-pool", 429, "rate_limit_error", "rate_limit_exceeded"),
        ("type-server", 500, "api_error", "server"),
    ],
)
async def test_refusals_have_the_dialects_shape(caller: Caller, name: str, status: int, kind: str, typed: str) -> None:
    """A refusal has Anthropic's type and OpenRouter's, under the status that chat gives."""
    answer = await ask(caller, f"sandbox/error-{name}")
    assert answer.status == status
    assert (answer.json["type"], answer.json["error"]["type"], answer.json["error"]["error_type"]) == (
        "error",
        kind,
        typed,
    )
    assert answer.json["request_id"] is None


async def test_other_refusals(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Availability is told, an edge's page stays as it is, and what is no request or too large is refused in shape."""
    busy = await ask(caller, "sandbox/error-capacity")
    assert busy.json["error"]["availability"]["code"] == "capacity_exhausted"
    assert (await ask(caller, "sandbox/error-ddos-html")).headers["Content-Type"].startswith("text/html")
    assert (await caller.send("POST", "/messages", data=b"[]")).json["type"] == "error"
    assert (await ask(caller, messages=[{"role": "user", "content": [{"type": "thinking"}]}])).status == 400
    monkeypatch.setattr(server, "_LARGEST_BODY", 10)
    async with Sandbox() as small:
        headers = {"Authorization": "Bearer x"}
        async with caller.session.post(f"{small.base_url}/messages", data=b"x" * 100, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]["type"]) == (413, "request_too_large")


async def test_errors_in_the_middle(caller: Caller) -> None:
    """An error event ends the stream; without streaming it stands in place of the message."""
    last = events(await ask(caller, "sandbox/mid-error", stream=True))[-1]
    told = {"type": "api_error", "message": "Provider disconnected", "error_type": "provider_unavailable"}
    assert (last["type"], last["error"]) == ("error", told)
    unary = await ask(caller, "sandbox/choice-error")
    assert (unary.status, unary.json["error"]) == (200, told)
    instead = await ask(caller, "sandbox/body-error")
    assert (instead.status, instead.json["error"]["message"]) == (200, "Internal Server Error")


async def test_what_has_no_place_is_left_out(caller: Caller) -> None:
    """Pictures and sounds are billed, and not shown; a message may be empty."""
    assert [block["type"] for block in (await ask(caller, "sandbox/image")).json["content"]] == ["text"]
    assert (await ask(caller, "sandbox/empty")).json["content"] == []


def test_errors_are_named_by_themselves_first() -> None:
    """The type that an error says counts before its status, and a status that nobody knows is unmapped."""
    assert name_error({"code": 500, "metadata": {"error_type": "timeout"}}) == "timeout"
    assert name_error({"error_type": "not_found"}, 400) == "not_found"
    assert name_error({"code": 418}) == "unmapped"
    assert name_for_anthropic("unmapped") == "api_error"
