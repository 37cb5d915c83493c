"""OpenRouter's official Python library."""

from collections.abc import Callable
from typing import Any

from judging import BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, describe, failing, judge
from openrouter import OpenRouter
from openrouter.utils.retries import BackoffStrategy, RetryConfig

NEVER = RetryConfig("none", BackoffStrategy(1, 1, 1.0, 1), retry_connection_errors=False)
CLIENT = OpenRouter(server_url=BASE_URL, api_key=KEY, retry_config=NEVER)
HELLO: Any = [{"role": "user", "content": TEXT}]
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]


def ask(model: str, messages: Any = HELLO, **members: Any) -> Any:
    """One completion."""
    return CLIENT.chat.send(model=model, messages=messages, **members)


def events(send: Callable[..., Any], limit: int | None = None, **members: Any) -> Any:
    """All events of a stream, or those before an error, or the first ones before leaving it."""
    told: list[Any] = []
    try:
        with send(stream=True, **members) as stream:
            for event in stream:
                told.append(event)
                if len(told) == limit:
                    break
    except Exception as error:
        told.append(describe(error))
    return told


def chat_events(model: str, limit: int | None = None, **members: Any) -> Any:
    """Those of a completion."""
    return events(CLIENT.chat.send, limit, model=model, messages=HELLO, **members)


def tools() -> Any:
    """A call, and the answer to its result."""
    first = ask("sandbox/tools", tools=TOOLS)
    message = first.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls or ()]
    return [first, ask("sandbox/tools", [*HELLO, message, *results], tools=TOOLS)]


def reasoning() -> Any:
    """Reasoning, sent back untouched with the next question."""
    first = ask("sandbox/reasoning", reasoning={"effort": "high"})
    history = [*HELLO, first.choices[0].message, {"role": "user", "content": "And?"}]
    return [first, ask("sandbox/reasoning", history, reasoning={"effort": "high"})]


def structured() -> Any:
    """An answer in a JSON schema."""
    layout = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema_": PERSON}}
    return ask("sandbox/structured", response_format=layout)


def image_input() -> Any:
    """A picture beside the words."""
    parts = [
        {"type": "text", "text": TEXT},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    return ask("openai/gpt-5-mini", [{"role": "user", "content": parts}])


judge(
    {
        "unary": lambda: ask("openai/gpt-5-mini"),
        "streaming": lambda: chat_events("sandbox/echo"),
        "streaming reasoning": lambda: chat_events("sandbox/reasoning"),
        "tools": tools,
        "tools streaming": lambda: chat_events("sandbox/tools", tools=TOOLS),
        "structured": structured,
        "reasoning round trip": reasoning,
        "image input": image_input,
        "image output": lambda: ask("sandbox/image", modalities=["image", "text"]),
        **failing(ask),
        "error in a choice": lambda: ask("sandbox/choice-error"),
        "error in the middle": lambda: chat_events("sandbox/mid-error"),
        "error in the middle, bare": lambda: chat_events("sandbox/mid-error-bare"),
        "cancel": lambda: chat_events("sandbox/stall", 3),
        "responses unary": lambda: CLIENT.responses.send(model="openai/gpt-5-mini", input=TEXT),
        "responses streaming": lambda: events(CLIENT.responses.send, model="sandbox/reasoning", input=TEXT),
        "responses error": lambda: CLIENT.responses.send(model="sandbox/error-data-policy", input=TEXT),
        "responses error in the middle": lambda: events(CLIENT.responses.send, model="sandbox/mid-error", input=TEXT),
        "responses cancel": lambda: events(CLIENT.responses.send, 6, model="sandbox/stall", input=TEXT),
        "embeddings": lambda: CLIENT.embeddings.generate(
            model="openai/text-embedding-3-small", input=["one", "two"], dimensions=8
        ),
        "models": lambda: [model.id for model in CLIENT.models.list().result.data],
    }
)
