"""The official Anthropic library, on `/messages`."""

from typing import Any

from anthropic import Anthropic
from judging import BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, describe, failing, judge

CLIENT = Anthropic(base_url=BASE_URL.removesuffix("/v1"), auth_token=KEY, max_retries=0)
HELLO: Any = [{"role": "user", "content": TEXT}]
TOOLS: Any = [{"name": "get_weather", "description": "of a city", "input_schema": WEATHER}]


def ask(model: str = "anthropic/claude-sonnet-4.5", messages: Any = HELLO, **members: Any) -> Any:
    """One message."""
    return CLIENT.messages.create(model=model, max_tokens=512, messages=messages, **members)


def streaming(model: str = "anthropic/claude-haiku-4.5", limit: int | None = None, **members: Any) -> Any:
    """The raw events of one, all of them, or those before an error, or the first ones before leaving."""
    events: list[Any] = []
    try:
        with ask(model, stream=True, **members) as stream:
            for event in stream:
                events.append(event)
                if len(events) == limit:
                    break
    except Exception as error:
        events.append(describe(error))
    return events


def with_helper(model: str, **members: Any) -> Any:
    """What the library's own accumulation of a stream makes of it."""
    with CLIENT.messages.stream(model=model, max_tokens=512, messages=HELLO, **members) as stream:
        return {"text": list(stream.text_stream), "message": stream.get_final_message()}


def tools() -> Any:
    """A use of a tool, and the answer to its result."""
    first = ask("sandbox/tools", tools=TOOLS)
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "sunny"}
        for block in first.content
        if block.type == "tool_use"
    ]
    history = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    return [first, ask("sandbox/tools", history, tools=TOOLS)]


def thinking() -> Any:
    """Thinking, sent back untouched with the next question."""
    first = ask("sandbox/reasoning", thinking={"type": "enabled", "budget_tokens": 1024})
    history = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": "And?"}]
    return [first, ask("sandbox/reasoning", history, thinking={"type": "enabled", "budget_tokens": 1024})]


def image_input() -> Any:
    """A picture beside the words."""
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    parts = [{"type": "text", "text": TEXT}, {"type": "image", "source": source}]
    return ask(messages=[{"role": "user", "content": parts}], system="Be brief.")


def structured() -> Any:
    """An answer in a JSON schema."""
    return ask("sandbox/structured", output_config={"format": {"type": "json_schema", "schema": PERSON}})


judge(
    {
        "unary": ask,
        "streaming": streaming,
        "streaming with the helper": lambda: with_helper("sandbox/reasoning"),
        "tools": tools,
        "tools streaming": lambda: with_helper("sandbox/tools", tools=TOOLS),
        "structured": structured,
        "thinking round trip": thinking,
        "image input": image_input,
        **failing(ask),
        "error while streaming is asked": lambda: streaming("sandbox/error-data-policy"),
        "error in the middle": lambda: streaming("sandbox/mid-error"),
        "cut in the middle": lambda: streaming("sandbox/cut"),
        "cancel": lambda: streaming("sandbox/stall", 4),
    }
)
