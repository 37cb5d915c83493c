"""Completions over real sockets."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.sandbox.caller import Caller

from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.failure_table import FAILURES
from chit.sandbox.magic import MAGIC
from chit.sandbox.models import MODELS

WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
HELLO = [{"role": "user", "content": "Hello?"}]


async def test_unary_answer_quotes_the_question(caller: Caller) -> None:
    """A plain completion has an id in its header, blanks before its JSON, and the question in its text."""
    answer = await caller.complete(text="Why is the sky blue?")
    assert answer.status == 200
    assert answer.body.startswith(b"\n         \n")
    assert answer.json["id"] == answer.headers["X-Generation-Id"]
    assert "> Why is the sky blue?" in answer.json["choices"][0]["message"]["content"]
    assert answer.json["model"] == "openai/gpt-5-mini-2025-08-07"
    assert answer.json["choices"][0]["native_finish_reason"] == "completed"


async def test_stream_has_the_order_of_the_real_one(caller: Caller) -> None:
    """Comments, a role, deltas, a finish chunk, one usage chunk with empty choices, `[DONE]`."""
    answer = await caller.complete("sandbox/echo", "Grüße 👩‍🚀!", stream=True)
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.body.startswith(b": OPENROUTER PROCESSING\n\n")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    first, *_, finish, usage = answer.chunks
    assert first["choices"][0]["delta"] == {"content": "", "role": "assistant"}
    assert (finish["choices"][0]["finish_reason"], usage["choices"]) == ("stop", [])
    assert usage["usage"]["total_tokens"] == usage["usage"]["prompt_tokens"] + usage["usage"]["completion_tokens"]
    assert answer.text == "Grüße 👩‍🚀!"
    assert {chunk["id"] for chunk in answer.chunks} == {answer.headers["X-Generation-Id"]}
    assert {"object", "created", "model", "provider"} <= first.keys()
    assert "system_fingerprint" not in first  # null there is refused by OpenRouter's own library


async def test_older_usage_chunk_on_request(caller: Caller) -> None:
    """The usage chunk can carry one empty delta, as older traffic did."""
    caller.sandbox.account.usage_choices = "delta"
    answer = await caller.complete("sandbox/echo", stream=True)
    assert answer.chunks[-1]["choices"][0]["delta"]["content"] == ""


@pytest.mark.parametrize("member", ["max_tokens", "max_completion_tokens"])
async def test_output_cap_is_honoured(caller: Caller, member: str) -> None:
    """Both caps end the reply with `length` after exactly so many tokens."""
    cap: dict[str, Any] = {member: 7}
    answer = await caller.complete("sandbox/long", **cap)
    assert answer.json["usage"]["completion_tokens"] == 7
    assert answer.json["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("name", [name for name in MAGIC if name not in ("stall", "cut", "reset")])
@pytest.mark.parametrize("stream", [False, True])
async def test_magic_models_end_in_a_billed_state(caller: Caller, name: str, stream: bool) -> None:
    """Every magic model that ends by itself leaves exactly one billed generation, of the answered id."""
    answer = await caller.complete(f"sandbox/{name}", stream=stream)
    assert answer.status == 200
    (generation,) = caller.sandbox.ledger.generations
    assert generation.state == {"cut-clean": "cut"}.get(name, "failed" if "error" in name else "done")
    assert generation.billed is not None
    assert ("X-Generation-Id" in answer.headers) == (name != "no-header")
    assert caller.sandbox.ledger.billed == caller.sandbox.account.total_usage
    assert answer.body.endswith(b"data: [DONE]\n\n") == (stream and name not in ("no-done", "cut-clean", "body-error"))


@pytest.mark.parametrize("name", FAILURES)
async def test_failures_come_as_in_the_table(caller: Caller, name: str) -> None:
    """Every `sandbox/error-…` model answers its status and its text, names itself, and bills nothing."""
    answer = await caller.complete(f"sandbox/error-{name}")
    failure = FAILURES[name]
    assert answer.status == failure.status
    assert answer.headers["Content-Type"] == failure.content_type
    assert b"{model}" not in answer.body
    assert "X-Generation-Id" not in answer.headers
    if failure.content_type == "application/json":
        assert not isinstance(failure.body, str)
        assert answer.json["error"]["message"] == failure.body["error"]["message"].replace(
            "{model}", f"sandbox/error-{name}"
        )
    assert caller.sandbox.ledger.generations == []
    assert caller.sandbox.ledger.requests[0].status == failure.status


async def test_every_magic_id_is_documented() -> None:
    """`MODELS` holds every magic id with a line about it."""
    assert all(MODELS[f"sandbox/{name}"] for name in MAGIC)
    assert all(MODELS[f"sandbox/error-{name}"] for name in FAILURES)


async def test_tools_are_called_then_answered(caller: Caller) -> None:
    """One call per offered tool with JSON arguments in pieces; after results, text; without tools, text."""
    answer = await caller.complete(
        "sandbox/tools", stream=True, tools=[WEATHER, {"type": "function", "function": {"name": "now"}}, {"type": "x"}]
    )
    deltas = [chunk["choices"][0]["delta"] for chunk in answer.chunks if chunk["choices"]]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    arguments = "".join(call["function"]["arguments"] for call in calls if call["index"] == 0)
    assert json.loads(arguments) == {"city": "sandbox"}
    unary = await caller.complete("sandbox/tools", tools=[WEATHER])
    (call,) = unary.json["choices"][0]["message"]["tool_calls"]
    assert (call["function"]["name"], unary.json["choices"][0]["finish_reason"]) == ("get_weather", "tool_calls")
    assert unary.json["choices"][0]["message"]["content"] is None
    results = [*HELLO, {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}]
    after = await caller.complete("sandbox/tools", tools=[WEATHER], messages=results)
    assert "arrived" in after.json["choices"][0]["message"]["content"]


async def test_reasoning_can_be_asked_for_hidden_and_refused(caller: Caller) -> None:
    """Reasoning shows where a model thinks or is asked to, and hides on request."""

    async def reasoning(model: str, **members: Any) -> Any:
        answer = await caller.complete(model, **members)
        return answer.json["choices"][0]["message"]["reasoning"]

    assert await reasoning("sandbox/reasoning")
    assert await reasoning("deepseek/deepseek-r1-0528")
    assert await reasoning("openai/gpt-5-mini", reasoning={"effort": "low"})
    assert await reasoning("openai/gpt-5-mini", reasoning_effort="high")
    assert not await reasoning("deepseek/deepseek-r1-0528", reasoning={"effort": "none"})
    assert not await reasoning("deepseek/deepseek-r1-0528", reasoning={"enabled": False})
    assert not await reasoning("sandbox/reasoning", reasoning={"exclude": True})
    assert not await reasoning("deepseek/deepseek-r1-0528", reasoning={"exclude": True})


async def test_structured_output_fits_the_schema(caller: Caller) -> None:
    """`response_format` gives JSON of the schema's shape, from ordinary models too."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    for model in ("sandbox/structured", "openai/gpt-4o-mini"):
        answer = await caller.complete(model, response_format=wanted)
        assert json.loads(answer.json["choices"][0]["message"]["content"]) == {"n": 42}
    loose = await caller.complete("openai/gpt-4o-mini", response_format={"type": "json_object"})
    assert json.loads(loose.json["choices"][0]["message"]["content"])


async def test_hard_json_reaches_the_wire(caller: Caller) -> None:
    """Halves of an emoji in two chunks, a lone half, and an integer beyond 64 bits arrive as such."""
    body = (await caller.complete("sandbox/surrogates", stream=True)).body
    assert b'"content":"\\ud83d"' in body
    assert b'"content":"\\ude00"' in body
    unary = json.loads((await caller.complete("sandbox/surrogates")).body)
    assert unary["choices"][0]["message"]["content"] == "Split: 😀, alone: \ud83d."
    bigint = json.loads((await caller.complete("sandbox/bigint")).body)
    assert bigint["sandbox_bigint"] == 2**70 + 1


async def test_debug_chunk_on_request(caller: Caller) -> None:
    """`debug.echo_upstream_body` gives any model's stream a first chunk with empty choices."""
    answer = await caller.complete("sandbox/echo", stream=True, debug={"echo_upstream_body": True})
    assert (answer.chunks[0]["choices"], "debug" in answer.chunks[0]) == ([], True)


async def test_fallback_names_who_was_tried(caller: Caller) -> None:
    """With several models the first that runs answers, and the record lists the attempts before it."""
    answer = await caller.complete("sandbox/error-overloaded-503", models=["sandbox/echo"])
    assert answer.json["model"] == "sandbox/echo"
    record = (await caller.send("GET", f"/generation?id={answer.json['id']}")).json["data"]
    assert [attempt["status"] for attempt in record["provider_responses"]] == [503, 200]


async def test_account_decides(caller: Caller) -> None:
    """Missing models, ids, messages, money, limits and policies are refused with OpenRouter's own words."""
    account = caller.sandbox.account

    async def refused(**members: Any) -> tuple[int, str]:
        key = members.pop("key", SANDBOX_KEY)
        answer = await caller.send("POST", "/chat/completions", key=key, json={"messages": HELLO, **members})
        return answer.status, answer.json["error"]["message"]

    assert await refused(model="") == (400, "No models provided")
    assert await refused(model="gpt") == (400, "gpt is not a valid model ID")
    assert await refused(model="openai/gpt-4o-mini:free") == (404, "No endpoints found for openai/gpt-4o-mini:free.")
    assert (await refused(models=["a", "b", "c", "d"]))[1] == "'models' array must have 3 items or fewer."
    assert (await refused(messages=[]))[1] == 'Input required: specify "prompt" or "messages"'
    assert (await refused(messages=[{"invalid": 1}]))[1] == "Input must have at least 1 token."
    assert (await refused(temperature=5.0))[1] == "Expected temperature to be at most 2, received 5"
    assert (await refused(key=MANAGEMENT_KEY))[0] == 403
    assert await refused(key="") == (401, "Missing Authentication header")
    assert await refused(key="nonsense") == (401, "User not found.")
    assert (await refused(provider={"only": ["groq"]}))[0] == 404
    assert (await refused(provider={"order": ["groq"], "allow_fallbacks": False}))[0] == 404
    status, text = await refused(model="openai/gpt-oss-20b:free", provider={"data_collection": "deny"})
    assert (status, text.startswith("No endpoints found matching your data policy")) == (404, True)
    account.data_policy = "deny"
    assert (await refused(model="openai/gpt-oss-20b:free"))[0] == 404
    account.keys[SANDBOX_KEY].limit = 1
    account.keys[SANDBOX_KEY].usage = 1
    assert (await refused())[1].startswith("Key limit exceeded (total limit)")
    account.keys[SANDBOX_KEY].limit = Decimal("1.0000100")
    status, text = await refused(model="sandbox/echo")
    assert (status, "can only afford 4. To increase, visit https://openrouter.ai/settings/keys" in text) == (402, True)
    account.keys[SANDBOX_KEY].disabled = True
    assert await refused() == (401, "User not found.")
    account.keys.clear()
    account.total_usage = Decimal("24.99999")
    assert "settings/credits" in (await refused())[1]
    account.total_usage = 30
    assert await refused() == (402, "Insufficient credits. Add more using https://openrouter.ai/credits")
    account.total_credits = account.total_usage = 0
    assert "never purchased" in (await refused())[1]
    account.default_model = None
    assert await refused() == (400, "No models provided")


async def test_free_models_run_on_an_empty_account(caller: Caller) -> None:
    """A balance of zero still allows free models, and they cost nothing."""
    caller.sandbox.account.total_credits = 0
    answer = await caller.complete("meta-llama/llama-3.3-70b-instruct:free")
    assert answer.json["usage"]["cost"] == 0


async def test_ids_are_understood(caller: Caller) -> None:
    """Variants, presets, routers and aliases find their model; provider order is followed."""
    for model in ("openai/gpt-4o-mini:nitro", "openai/gpt-4o-mini@preset/x", "openrouter/auto", "@preset/x"):
        assert (await caller.complete(model)).json["model"].startswith("openai/")
    aliased = await caller.complete(
        "~anthropic/claude-sonnet-latest", provider={"order": ["google"], "ignore": ["azure"]}
    )
    assert (aliased.json["model"], aliased.json["provider"]) == ("anthropic/claude-4.5-sonnet-20250929", "Google")
    record = (await caller.send("GET", f"/generation?id={caller.sandbox.ledger.generations[2].id}")).json["data"]
    assert record["router"] == "openrouter/auto"


async def test_prompt_is_accepted_instead_of_messages(caller: Caller) -> None:
    """The older `prompt` string is a question too."""
    answer = await caller.send("POST", "/chat/completions", json={"prompt": "Hi", "model": "sandbox/echo"})
    assert answer.json["choices"][0]["message"]["content"] == "Hi"


async def test_parts_and_media_count(caller: Caller) -> None:
    """Content parts are read, and pictures count as prompt tokens."""
    parts = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    answer = await caller.complete("sandbox/echo", messages=[{"role": "user", "content": parts}])
    assert answer.json["choices"][0]["message"]["content"] == "see"
    assert answer.json["usage"]["prompt_tokens"] > 258


@pytest.mark.parametrize("raw", [b"{", b"[" * 100_000, b"[]", b"\xff"])
async def test_broken_bodies_are_refused(caller: Caller, raw: bytes) -> None:
    """Bytes that are no JSON object are answered 400, and kept in the ledger as they came."""
    answer = await caller.send("POST", "/chat/completions", data=raw)
    assert answer.status == 400
    assert caller.sandbox.ledger.requests[0].raw == raw


async def test_lone_surrogates_in_a_body_are_echoed(caller: Caller) -> None:
    """What only the standard library's parser reads comes back as it was sent."""
    raw = b'{"model":"sandbox/echo","messages":[{"role":"user","content":"\\ud83d!"}]}'
    answer = await caller.send("POST", "/chat/completions", data=raw)
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "\ud83d!"
    assert (await caller.send("GET", "/sandbox/ledger")).status == 200


async def test_byok_and_cache_show_in_the_bill(caller: Caller) -> None:
    """The caller's own key costs only the fee; cached tokens save money and say how much."""
    byok = (await caller.complete("sandbox/byok")).json
    assert byok["usage"]["is_byok"]
    assert 0 < byok["usage"]["cost"] < byok["usage"]["cost_details"]["upstream_inference_cost"]
    cached = (await caller.complete("sandbox/cached")).json
    assert cached["usage"]["prompt_tokens_details"]["cached_tokens"] == 2048
    record = (await caller.send("GET", f"/generation?id={cached['id']}")).json["data"]
    assert record["cache_discount"] == 0.00073728
