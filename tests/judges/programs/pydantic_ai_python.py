"""Pydantic AI, with its OpenRouter model and its Responses model."""

import asyncio
import base64
from typing import Any

from judging import BASE_URL, KEY, PIXEL, TEXT, describe, failing, judge
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.models.openrouter import OpenRouterModel, OpenRouterModelSettings
from pydantic_ai.output import NativeOutput
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider


class Person(BaseModel):
    """What a structured answer is read as."""

    name: str
    age: int


def agent(model: str, *, by_responses: bool = False, **members: Any) -> Any:
    """An agent of one model."""
    client = AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
    if by_responses:
        return Agent(OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=client)), **members)
    return Agent(OpenRouterModel(model, provider=OpenRouterProvider(openai_client=client)), **members)


def ask(model: str, *parts: Any, **members: Any) -> Any:
    """All messages of one run."""
    result = agent(model, **members).run_sync([TEXT, *parts])
    return {"output": result.output, "messages": result.all_messages(), "usage": result.usage}


def streaming(model: str, limit: int | None = None) -> Any:
    """The pieces of an answer, all of them, or those before an error, or the first ones before leaving."""

    async def run() -> list[Any]:
        pieces: list[Any] = []
        try:
            async with agent(model).run_stream(TEXT) as result:
                async for piece in result.stream_text(delta=True, debounce_by=None):
                    pieces.append(piece)
                    if len(pieces) == limit:
                        break
        except Exception as error:
            pieces.append(describe(error))
        return pieces

    return asyncio.run(run())


def tools() -> Any:
    """A call that is run, and the answer to its result."""
    weather = agent("sandbox/tools")

    @weather.tool_plain
    def get_weather(city: str, days: int) -> str:
        """Of a city."""
        return f"sunny in {city} for {days} days"

    return weather.run_sync(TEXT).all_messages()


def reasoning() -> Any:
    """Reasoning, sent back with the next question."""
    thinker = agent(
        "sandbox/reasoning", model_settings=OpenRouterModelSettings(openrouter_reasoning={"effort": "high"})
    )
    first = thinker.run_sync(TEXT)
    return thinker.run_sync("And?", message_history=first.all_messages()).all_messages()


judge(
    {
        "unary": lambda: ask("openai/gpt-5-mini"),
        "streaming": lambda: streaming("sandbox/echo"),
        "tools": tools,
        "structured": lambda: ask("openai/gpt-5-mini", output_type=NativeOutput(Person)),
        "reasoning round trip": reasoning,
        "image input": lambda: ask("openai/gpt-5-mini", BinaryContent(base64.b64decode(PIXEL), media_type="image/png")),
        "image output": lambda: ask("sandbox/image"),
        **failing(ask),
        "error in the middle": lambda: streaming("sandbox/mid-error"),
        "cancel": lambda: streaming("sandbox/stall", 3),
        "responses": lambda: ask("sandbox/reasoning", by_responses=True),
    }
)
