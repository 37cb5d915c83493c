"""The OpenAI and Anthropic libraries as they come, which send again what failed."""

from typing import Any

from anthropic import Anthropic
from judging import BASE_URL, KEY, TEXT, describe, judge
from openai import OpenAI

OPENAI = OpenAI(base_url=BASE_URL, api_key=KEY)
ANTHROPIC = Anthropic(base_url=BASE_URL.removesuffix("/v1"), auth_token=KEY)
HELLO: Any = [{"role": "user", "content": TEXT}]


def chat(model: str) -> Any:
    """One completion."""
    return OPENAI.chat.completions.create(model=model, messages=HELLO)


def message(model: str) -> Any:
    """One message."""
    try:
        return ANTHROPIC.messages.create(model=model, max_tokens=64, messages=HELLO)
    except Exception as error:
        return describe(error)


def response(model: str) -> Any:
    """One response."""
    return OPENAI.responses.create(model=model, input=TEXT)


MODELS = ("error-type-server", "error-type-provider-overloaded", "cut", "reset", "error-data-policy-502")
judge(
    {
        f"{ask.__name__} {model}": lambda ask=ask, model=model: ask(f"sandbox/{model}")
        for ask in (chat, message, response)
        for model in MODELS
    }
)
