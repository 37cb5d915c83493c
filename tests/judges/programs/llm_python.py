"""`llm`, with models that its file of OpenAI-compatible ones names."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from judging import BASE_URL, KEY, PERSON, PIXEL, TEXT, describe, failing, judge

MODELS = (
    "openai/gpt-5-mini",
    "sandbox/echo",
    "sandbox/tools",
    "sandbox/structured",
    "sandbox/mid-error",
    "sandbox/stall",
    *(f"sandbox/error-{name}" for name in ("temperature", "auth-user", "credits", "data-policy", "provider-pool")),
)
_ROW = """
- model_id: {0}
  model_name: {0}
  api_base: {1}
  api_key_name: judges
  supports_schema: true
  supports_tools: true
  vision: true
"""
folder = Path(os.environ["LLM_USER_PATH"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "extra-openai-models.yaml").write_text("".join(_ROW.format(model, BASE_URL) for model in MODELS))
(folder / "keys.json").write_text(json.dumps({"judges": KEY}))

import llm  # noqa: E402 - reads the file where the variable says


def ask(model: str, *, stream: bool = False, **members: Any) -> Any:
    """One answer, as text and as the library keeps it."""
    response = llm.get_model(model).prompt(TEXT, stream=stream, **members)
    return {"text": response.text(), "kept": response.response_json, "usage": vars(response.usage())}


def streaming(model: str, limit: int | None = None) -> Any:
    """The pieces of an answer, all of them, or those before an error, or the first ones before leaving."""
    pieces: list[Any] = []
    response = iter(llm.get_model(model).prompt(TEXT))
    try:
        for piece in response:
            pieces.append(piece)
            if len(pieces) == limit:
                break
    except Exception as error:
        pieces.append(describe(error))
    return pieces


def get_weather(city: str, days: int) -> str:
    """Of a city."""
    return f"sunny in {city} for {days} days"


def tools() -> Any:
    """A call that is run, and the answer to its result."""
    chain = llm.get_model("sandbox/tools").chain(TEXT, tools=[get_weather], stream=False)
    return [response.text() for response in chain.responses()]


judge(
    {
        "unary": lambda: ask("openai/gpt-5-mini"),
        "streaming": lambda: streaming("sandbox/echo"),
        "streaming whole": lambda: ask("sandbox/echo", stream=True),
        "tools": tools,
        "structured": lambda: ask("sandbox/structured", schema=PERSON),
        "image input": lambda: ask(
            "openai/gpt-5-mini", attachments=[llm.Attachment(type="image/png", content=base64.b64decode(PIXEL))]
        ),
        **failing(ask),
        "error in the middle": lambda: streaming("sandbox/mid-error"),
        "cancel": lambda: streaming("sandbox/stall", 3),
    }
)
