"""LangChain's OpenAI integration."""

from typing import Any

from judging import BASE_URL, KEY, PERSON, PIXEL, TEXT, WEATHER, describe, failing, judge
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

TOOL = {"type": "function", "function": {"name": "get_weather", "description": "of a city", "parameters": WEATHER}}


def chat(model: str, **members: Any) -> Any:
    """A model of the integration."""
    return ChatOpenAI(model=model, base_url=BASE_URL, api_key=KEY, max_retries=0, **members)


def streaming(model: str, limit: int | None = None) -> Any:
    """The pieces of an answer, all of them, or those before an error, or the first ones before leaving."""
    pieces: list[Any] = []
    stream = chat(model).stream(TEXT)
    try:
        for piece in stream:
            pieces.append(piece)
            if len(pieces) == limit:
                break
    except Exception as error:
        pieces.append(describe(error))
    stream.close()
    return pieces


def tools() -> Any:
    """A call, and the answer to its result."""
    model = chat("sandbox/tools").bind_tools([TOOL])
    first = model.invoke(TEXT)
    results = [ToolMessage("sunny", tool_call_id=call["id"]) for call in first.tool_calls]
    return [first, model.invoke([HumanMessage(TEXT), first, *results])]


def structured() -> Any:
    """An answer in a JSON schema."""
    model = chat("sandbox/structured").with_structured_output({"title": "person", **PERSON}, method="json_schema")
    return model.invoke(TEXT)


def image_input() -> Any:
    """A picture beside the words."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    return chat("openai/gpt-5-mini").invoke([HumanMessage([{"type": "text", "text": TEXT}, image])])


def embeddings() -> Any:
    """Vectors of two texts."""
    model = OpenAIEmbeddings(
        model="openai/text-embedding-3-small",
        base_url=BASE_URL,
        api_key=KEY,
        dimensions=8,
        check_embedding_ctx_length=False,  # counting tokens would download a vocabulary
    )
    return model.embed_documents(["one", "two"])


judge(
    {
        "unary": lambda: chat("openai/gpt-5-mini").invoke(TEXT),
        "streaming": lambda: streaming("sandbox/echo"),
        "tools": tools,
        "structured": structured,
        "reasoning": lambda: chat("sandbox/reasoning", extra_body={"reasoning": {"effort": "high"}}).invoke(TEXT),
        "image input": image_input,
        **failing(lambda model: chat(model).invoke(TEXT)),
        "error in the middle": lambda: streaming("sandbox/mid-error"),
        "cancel": lambda: streaming("sandbox/stall", 3),
        "responses": lambda: chat("sandbox/reasoning", use_responses_api=True).invoke(TEXT),
        "embeddings": embeddings,
    }
)
