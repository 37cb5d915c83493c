"""The official OpenAI library: chat completions, responses, embeddings, models."""

from typing import Any

from judging import BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, describe, failing, judge
from openai import OpenAI
from pydantic import BaseModel

CLIENT = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
HELLO: Any = [{"role": "user", "content": TEXT}]
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]


class Person(BaseModel):
    """What a structured answer is read as."""

    name: str
    age: int


def unary() -> Any:
    """One completion, and the header with its id."""
    raw = CLIENT.chat.completions.with_raw_response.create(model="openai/gpt-5-mini", messages=HELLO)
    return {"id": raw.headers.get("x-generation-id"), "completion": raw.parse()}


def streaming(model: str = "sandbox/echo") -> Any:
    """All chunks, or those before an error."""
    chunks: list[Any] = []
    try:
        chunks.extend(CLIENT.chat.completions.create(model=model, messages=HELLO, stream=True))
    except Exception as error:
        chunks.append(describe(error))
    return chunks


def with_helper() -> Any:
    """What the library's own accumulation of a stream makes of it."""
    with CLIENT.chat.completions.stream(model="openai/gpt-5-mini", messages=HELLO) as stream:
        kinds = [event.type for event in stream]
        return {"events": kinds, "completion": stream.get_final_completion()}


def tools(*, stream: bool = False) -> Any:
    """A call, and the answer to its result."""
    asked: Any = {"model": "sandbox/tools", "tools": TOOLS}
    if stream:
        with CLIENT.chat.completions.stream(messages=HELLO, **asked) as events:
            events.until_done()
            first: Any = events.get_final_completion()
    else:
        first = CLIENT.chat.completions.create(messages=HELLO, **asked)
    message = first.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls or ()]
    second = CLIENT.chat.completions.create(messages=[*HELLO, message, *results], **asked)
    return [first, second]


def structured() -> Any:
    """An answer read into a class."""
    parsed = CLIENT.chat.completions.parse(model="sandbox/structured", messages=HELLO, response_format=Person)
    return parsed.choices[0].message.parsed


def by_schema() -> Any:
    """An answer in a JSON schema."""
    layout: Any = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
    return CLIENT.chat.completions.create(model="openai/gpt-5-mini", messages=HELLO, response_format=layout)


def reasoning() -> Any:
    """Reasoning, sent back untouched with the next question."""
    more = {"extra_body": {"reasoning": {"effort": "high"}}}
    first = CLIENT.chat.completions.create(model="sandbox/reasoning", messages=HELLO, **more)
    history: Any = [*HELLO, first.choices[0].message.model_dump(exclude_none=True), {"role": "user", "content": "And?"}]
    return [first, CLIENT.chat.completions.create(model="sandbox/reasoning", messages=history, **more)]


def image_input() -> Any:
    """A picture beside the words."""
    parts = [
        {"type": "text", "text": TEXT},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    message: Any = {"role": "user", "content": parts}
    return CLIENT.chat.completions.create(model="openai/gpt-5-mini", messages=[message])


def image_output() -> Any:
    """A picture that was made."""
    return CLIENT.chat.completions.create(
        model="sandbox/image", messages=HELLO, extra_body={"modalities": ["image", "text"]}
    )


def cancel() -> Any:
    """A stream left after its third piece."""
    pieces: list[Any] = []
    with CLIENT.chat.completions.create(model="sandbox/stall", messages=HELLO, stream=True) as stream:
        for chunk in stream:
            pieces.append(chunk)
            if len(pieces) == 3:
                break
    return pieces


def wrong_key() -> Any:
    """A key that nobody gave: every server has its own words for it, so only the kind is told."""
    try:
        OpenAI(base_url=BASE_URL, api_key="nobody", max_retries=0).models.with_raw_response.list()
        return CLIENT.with_options(api_key="nobody").chat.completions.create(model="sandbox/echo", messages=HELLO)
    except Exception as error:
        return {name: told for name, told in describe(error).items() if name in ("raised", "status_code")}


def responses(model: str = "openai/gpt-5-mini", **members: Any) -> Any:
    """One answer by `/responses`."""
    return CLIENT.responses.create(model=model, input=TEXT, **members)


def responses_streaming(model: str = "openai/gpt-5-mini", **members: Any) -> Any:
    """The events of one."""
    events: list[Any] = []
    try:
        events.extend(CLIENT.responses.create(model=model, input=TEXT, stream=True, **members))
    except Exception as error:
        events.append(describe(error))
    return events


def responses_tools() -> Any:
    """A call, and the answer to its result."""
    asked: Any = {
        "model": "sandbox/tools",
        "tools": [{"type": "function", "name": "get_weather", "parameters": WEATHER}],
    }
    first = CLIENT.responses.create(input=HELLO, **asked)
    calls = [item for item in first.output if item.type == "function_call"]
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
    return [first, CLIENT.responses.create(input=[*HELLO, *calls, *results], **asked)]


def responses_structured() -> Any:
    """An answer read into a class."""
    return CLIENT.responses.parse(model="sandbox/structured", input=TEXT, text_format=Person).output_parsed


def responses_cancel() -> Any:
    """A stream left after its sixth event."""
    events: list[Any] = []
    with CLIENT.responses.create(model="sandbox/stall", input=TEXT, stream=True) as stream:
        for event in stream:
            events.append(event)
            if len(events) == 6:
                break
    return events


def embeddings(**members: Any) -> Any:
    """Vectors; the library asks for base64 where nothing else is asked."""
    return CLIENT.embeddings.create(
        model="openai/text-embedding-3-small", input=["one", "two"], dimensions=8, **members
    )


judge(
    {
        "unary": unary,
        "streaming": streaming,
        "streaming with the helper": with_helper,
        "streaming reasoning": lambda: streaming("sandbox/reasoning"),
        "tools": tools,
        "tools streaming": lambda: tools(stream=True),
        "structured": structured,
        "by schema": by_schema,
        "reasoning round trip": reasoning,
        "image input": image_input,
        "image output": image_output,
        "image output streaming": lambda: streaming("sandbox/image"),
        **failing(lambda model: CLIENT.chat.completions.create(model=model, messages=HELLO)),
        "error while streaming is asked": lambda: streaming("sandbox/error-data-policy"),
        "error in a choice": lambda: CLIENT.chat.completions.create(model="sandbox/choice-error", messages=HELLO),
        "error in the middle": lambda: streaming("sandbox/mid-error"),
        "error in the middle, bare": lambda: streaming("sandbox/mid-error-bare"),
        "cut in the middle": lambda: streaming("sandbox/cut"),
        "cancel": cancel,
        "models": lambda: [model.id for model in CLIENT.models.list()],
        "embeddings": embeddings,
        "embeddings as numbers": lambda: embeddings(encoding_format="float"),
        "responses unary": responses,
        "responses streaming": responses_streaming,
        "responses reasoning": lambda: responses_streaming("sandbox/reasoning", reasoning={"effort": "high"}),
        "responses picture": lambda: responses_streaming("sandbox/image"),
        "responses tools": responses_tools,
        "responses tools streaming": lambda: responses_streaming(
            "sandbox/tools", tools=[{"type": "function", "name": "get_weather", "parameters": WEATHER}]
        ),
        "responses structured": responses_structured,
        "responses stateless": lambda: responses(previous_response_id="resp_1"),
        "responses error": lambda: responses("sandbox/error-data-policy"),
        "responses error in the middle": lambda: responses_streaming("sandbox/mid-error"),
        "responses cancel": responses_cancel,
        "wrong key": wrong_key,
    }
)
