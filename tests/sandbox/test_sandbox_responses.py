"""`POST /responses` over real sockets."""

from typing import Any

import pytest
from tests.sandbox.caller import Answer, Caller

from chit.sandbox.failure_table import FAILURES

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


async def respond(
    caller: Caller, model: str | None = "openai/gpt-5-mini", given: Any = "Hello?", **members: Any
) -> Answer:
    """One response."""
    named = {} if model is None else {"model": model}
    return await caller.send("POST", "/responses", json={"input": given, **named, **members})


def kinds(answer: Answer) -> list[str]:
    """The types of a stream's events, each run of the same once."""
    found = [event["type"].removeprefix("response.") for event in answer.chunks]
    return [kind for at, kind in enumerate(found) if at == 0 or found[at - 1] != kind]


async def test_unary_response_has_usage_with_cost(caller: Caller) -> None:
    """One object with a message, an id that is the header's, tokens in this dialect's names, and what was billed."""
    answer = await respond(caller, given="Why?", instructions="Be brief.", max_output_tokens=900)
    response = answer.json
    (generation,) = caller.sandbox.ledger.generations
    assert response["id"] == answer.headers["X-Generation-Id"] == generation.id
    (item,) = response["output"]
    assert "> Why?" in item["content"][0]["text"]
    assert (response["status"], response["instructions"], response["max_output_tokens"]) == (
        "completed",
        "Be brief.",
        900,
    )
    assert response["usage"]["total_tokens"] == response["usage"]["input_tokens"] + response["usage"]["output_tokens"]
    assert response["usage"]["cost"] == float(caller.sandbox.ledger.billed) > 0
    record = (await caller.send("GET", f"/generation?id={generation.id}")).json["data"]
    assert (record["api_type"], record["native_tokens_completion"]) == (
        "completions",
        response["usage"]["output_tokens"],
    )


async def test_stream_has_the_events_of_the_real_one(caller: Caller) -> None:
    """Numbered events from created to completed, the text in deltas, `[DONE]` at the end."""
    answer = await respond(caller, "sandbox/echo", "Grüße!", stream=True)
    assert kinds(answer) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in answer.chunks] == list(range(len(answer.chunks)))
    deltas = [event["delta"] for event in answer.chunks if event["type"] == "response.output_text.delta"]
    assert "".join(deltas) == "Grüße!"
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert answer.chunks[-1]["response"]["output"][0]["content"][0]["text"] == "Grüße!"


async def test_reasoning_is_an_item_of_its_own(caller: Caller) -> None:
    """Thoughts stream as reasoning text and are signed before the message begins."""
    answer = await respond(caller, "sandbox/reasoning", stream=True, reasoning={"effort": "high"})
    assert kinds(answer)[2:7] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
    ]
    reasoning, message = answer.chunks[-1]["response"]["output"]
    assert (reasoning["type"], reasoning["format"]) == ("reasoning", "anthropic-claude-v1")
    assert reasoning["signature"]
    assert message["type"] == "message"
    assert answer.chunks[-1]["response"]["usage"]["output_tokens_details"]["reasoning_tokens"] > 0


async def test_functions_are_called_and_their_outputs_understood(caller: Caller) -> None:
    """A call with streamed arguments; with its output in the input, an answer in words."""
    first = await respond(caller, "sandbox/tools", stream=True, tools=[WEATHER, {"type": "web_search"}, 7])
    (call,) = first.chunks[-1]["response"]["output"]
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "get_weather", '{"city":"sandbox"}')
    assert "function_call_arguments.delta" in kinds(first)
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    history = [{"role": "user", "content": "Hello?"}, {"type": "reasoning", "summary": []}, call, output, "nonsense"]
    second = await respond(caller, "sandbox/tools", history, tools=[WEATHER])
    assert "the tool results arrived" in second.json["output"][0]["content"][0]["text"]


async def test_parts_are_understood(caller: Caller) -> None:
    """Texts, pictures and files of the input count as in chat; parts that chat knows too pass as they are."""
    parts = [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        7,
    ]
    answer = await respond(caller, given=[{"type": "message", "role": "user", "content": parts}])
    assert "3 files came" in answer.json["output"][0]["content"][0]["text"]


async def test_an_answer_fits_the_wanted_format(caller: Caller) -> None:
    """`text.format` is what `response_format` is in chat."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    answer = await respond(caller, text={"format": {"type": "json_schema", "name": "person", "schema": schema}})
    assert answer.json["output"][0]["content"][0]["text"] == '{"age":42}'
    plain = await respond(caller, "sandbox/echo", "x", text={"verbosity": "low"})
    assert plain.json["output"][0]["content"][0]["text"] == "x"


async def test_pictures_and_citations_have_their_places(caller: Caller) -> None:
    """A picture is an item, a citation an annotation of the message – and sound has no place, though it is billed."""
    drawn = (await respond(caller, "sandbox/image", stream=True)).chunks[-1]["response"]["output"]
    assert [item["type"] for item in drawn] == ["message", "image_generation_call"]
    assert drawn[1]["result"].startswith("iVBOR")
    cited = await respond(caller, "sandbox/citations", stream=True)
    assert "output_text.annotation.added" in kinds(cited)
    (message,) = cited.chunks[-1]["response"]["output"]
    assert [note["url"] for note in message["content"][0]["annotations"]] == [
        "https://example.com/one",
        "https://example.com/two",
    ]
    heard = (await respond(caller, "sandbox/audio")).json
    assert heard["output"] == []
    assert heard["usage"]["output_tokens"] > 0


async def test_a_cut_by_the_limit_is_incomplete(caller: Caller) -> None:
    """`max_output_tokens` ends the response as incomplete, and says why."""
    answer = await respond(caller, "sandbox/long", max_output_tokens=5)
    assert (answer.json["status"], answer.json["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    empty = await respond(caller, "sandbox/empty")
    assert (empty.json["output"], empty.json["usage"]["cost"]) == ([], 0)


async def test_refusals_have_the_dialects_shape(caller: Caller) -> None:
    """A refusal says `failed`, a code in words and the type; status and headers are those of chat."""
    answer = await respond(caller, "sandbox/error-data-policy")
    assert answer.status == 404
    body = FAILURES["data-policy"].body
    assert isinstance(body, dict)
    assert answer.json["error"] == {"code": "invalid_prompt", "message": body["error"]["message"]}
    assert (answer.json["status"], answer.json["error_type"]) == ("failed", "not_found")
    assert answer.json["metadata"]["failed_routing_step"] == "Filter by Data Policy"
    busy = await respond(caller, "sandbox/error-capacity")
    assert (busy.status, busy.headers["Retry-After"]) == (429, "2")
    assert busy.json["error"]["code"] == "rate_limit_exceeded"
    assert busy.json["error"]["availability"]["code"] == "capacity_exhausted"
    assert (await respond(caller, "sandbox/error-type-server")).json["error"]["code"] == "server_error"
    assert (await respond(caller, "sandbox/error-ddos-html")).headers["Content-Type"].startswith("text/html")
    refused = await caller.send("POST", "/responses", key="", json={"input": "x"})
    assert (refused.status, refused.json["error_type"]) == (401, "authentication")
    assert (await caller.send("POST", "/responses", data=b"nonsense")).status == 400
    assert (await respond(caller, given=[])).status == 400


@pytest.mark.parametrize("members", [{"store": True}, {"previous_response_id": "resp_1"}])
async def test_nothing_is_kept(caller: Caller, members: dict[str, Any]) -> None:
    """A request that counts on kept conversations is refused, and nothing is billed."""
    assert (await respond(caller, **members)).status == 400
    assert caller.sandbox.ledger.generations == []


async def test_errors_in_the_middle(caller: Caller) -> None:
    """A failed response ends the stream; bare, an error event does; without streaming, the status is in the object."""
    failed = await respond(caller, "sandbox/mid-error", stream=True)
    last = failed.chunks[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {"code": "server_error", "message": "Provider disconnected"}
    assert last["response"]["error_type"] == "provider_unavailable"
    assert last["response"]["output"][0]["content"][0]["text"].startswith("This reply begins well")
    bare = (await respond(caller, "sandbox/mid-error-bare", stream=True)).chunks[-1]
    assert (bare["type"], bare["code"]) == ("error", "server_error")
    unary = await respond(caller, "sandbox/choice-error")
    assert (unary.status, unary.json["status"], unary.json["error"]["code"]) == (200, "failed", "server_error")
    instead = await respond(caller, "sandbox/body-error")
    assert (instead.status, instead.json["error_type"]) == (200, "server")
    assert {each.state for each in caller.sandbox.ledger.generations} == {"failed"}
