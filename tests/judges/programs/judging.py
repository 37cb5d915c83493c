"""What the judges in Python share: the questions, and how the outcome of each scenario is told as JSON."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

BASE_URL, KEY = sys.argv[1:3]
TEXT = "Why is the sky blue? Grüße 👩‍🚀"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture of one pixel: base64 of a PNG."""
FAILURES = {
    "400": "sandbox/error-temperature",
    "401": "sandbox/error-auth-user",
    "402": "sandbox/error-credits",
    "404 data policy": "sandbox/error-data-policy",
    "429": "sandbox/error-provider-pool",
}
"""Models by the status that they answer with."""


def judge(scenarios: Mapping[str, Callable[[], Any]]) -> None:
    """Run every scenario and print what came of it: what it returned, or what was raised."""
    outcomes: dict[str, Any] = {}
    for name, scenario in scenarios.items():
        try:
            outcomes[name] = scenario()
        except Exception as error:  # the errors of other people's libraries are what is judged
            outcomes[name] = describe(error)
    json.dump(outcomes, sys.stdout, default=_plain)


def failing(ask: Callable[[str], Any]) -> dict[str, Callable[[], Any]]:
    """A scenario for each status; `ask` takes the model."""
    return {f"error {status}": lambda model=model: ask(model) for status, model in FAILURES.items()}


def describe(error: BaseException) -> dict[str, Any]:
    """An error of any library: its class, and the status and body it kept; its words where it kept none."""
    told: dict[str, Any] = {"raised": type(error).__name__}
    for name in ("status_code", "code", "param", "type", "body"):
        value = getattr(error, name, None)
        if isinstance(value, str | int | dict | list):
            told[name] = _parse(value)
    return told if "body" in told else told | {"words": str(error)}


def _parse(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _plain(value: Any) -> Any:
    """What JSON has no form for: the models of pydantic, and dataclasses by their members."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return vars(value) if hasattr(value, "__dict__") else repr(value)
