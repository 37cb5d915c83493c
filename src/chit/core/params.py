"""Request parameters: every field of OpenRouter's chat schema, and what stands beside it (field guide §2).

Parameters restrict nothing: an unknown name is sent as given and only remarked upon. Values are checked by OpenRouter,
which knows the model; checking them here would refuse tomorrow's values.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from chit.core.jsontext import JsonInvalid, decode_json

PARAMETERS: Mapping[str, str] = {
    # ChatRequest, schema of 2026-08
    "cache_control": "prompt caching for the whole request: {type, ttl}",
    "debug": "{echo_upstream_body}; streaming only, never in production",
    "frequency_penalty": "-2 to 2",
    "image_config": "image options of the provider",
    "logit_bias": "token id -> -100 to 100",
    "logprobs": "true to return log probabilities",
    "max_completion_tokens": "cap on the reply, reasoning included",
    "max_tokens": "older name of max_completion_tokens",
    "messages": "the conversation",
    "metadata": "up to 16 pairs of strings",
    "min_p": "0 to 1",
    "modalities": "output kinds: text, image, audio",
    "model": "model id; leave out for the account's default",
    "models": "up to three fallbacks, in order",
    "parallel_tool_calls": "false to get one tool call at a time",
    "plugins": "[{id, ...}]: web, file-parser, context-compression, ...",
    "prediction": "{type, content}: text the reply will repeat",
    "presence_penalty": "-2 to 2",
    "prompt_cache_key": "sticky routing where there is no session_id",
    "prompt_cache_options": "{mode, ttl}",
    "provider": "routing: order, only, ignore, sort, zdr, max_price, ...",
    "reasoning": "{effort, max_tokens, exclude, enabled, summary}",
    "reasoning_effort": "max, xhigh, high, medium, low, minimal, none",
    "repetition_penalty": "0 to 2",
    "response_format": "text, json_object, json_schema, grammar, python",
    "route": "deprecated alias of provider.sort.partition",
    "seed": "integer; not a guarantee",
    "service_tier": "auto, default, fast, flex, priority, scale",
    "session_id": "sticky routing and log grouping, up to 256 characters",
    "stop": "up to four strings",
    "stop_server_tools_when": "conditions that end a server tool loop",
    "stream": "true to receive the reply as it is made",
    "stream_options": "accepted, no effect",
    "temperature": "0 to 2",
    "tool_choice": "none, auto, required, or one tool",
    "tools": "function and server tools",
    "top_a": "0 to 1",
    "top_k": "0 and up",
    "top_logprobs": "0 to 20, with logprobs",
    "top_p": "0 to 1",
    "trace": "ids for broadcast destinations",
    "user": "your end user's id",
    # documented, accepted on the wire, absent from the schema
    "audio": "{voice, format} for audio output",
    "deferred_tools": "tools the model may ask for later",
    "include_reasoning": "older form of reasoning",
    "max_tool_calls": "cap on server tool calls, at most 30",
    "preset": "a preset's slug",
    "prompt": "text instead of messages",
    "transforms": "no longer documented; see plugins",
    "usage": "accepted, no effect: usage always comes",
    "verbosity": "low, medium, high, xhigh, max",
    "web_search_options": "native search context size",
    "x_search_filter": "xAI search filter",
}

_OBJECTS = frozenset(
    {
        "cache_control",
        "debug",
        "image_config",
        "logit_bias",
        "metadata",
        "provider",
        "prompt_cache_options",
        "reasoning",
    }
    | {"response_format", "trace", "audio", "web_search_options", "x_search_filter", "prediction", "stream_options"}
)


class ParameterInvalid(ValueError):
    """An assignment that is not `name=value`, or two that contradict each other."""


def read_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Parameters from `name=value` texts; a value is JSON if it parses, else text. The last of a name wins.

    `provider.order=["a"]` sets a member, where the first name is one of the object parameters.
    Raises `ParameterInvalid`.
    """
    parameters: dict[str, Any] = {}
    for assignment in assignments:
        name, sign, text = assignment.partition("=")
        name = name.strip()
        if not sign or not name:
            raise ParameterInvalid(f"{assignment!r} is not name=value")
        _assign(parameters, name, _read_value(text))
    return parameters


def split_name(name: str) -> list[str]:
    """The way to a member of one of the object parameters; any other name as it is."""
    path = name.split(".")
    return path if path[0] in _OBJECTS else [name]


def unknown_names(parameters: Mapping[str, Any]) -> list[str]:
    """The names OpenRouter does not document, in the order given."""
    return [name for name in parameters if name not in PARAMETERS]


def suggest_name(name: str) -> str | None:
    """The documented name that looks most like `name`, if one does."""
    near = difflib.get_close_matches(name, PARAMETERS, n=1, cutoff=0.7)
    return near[0] if near else None


def remark_on_parameters(parameters: Mapping[str, Any]) -> list[str]:
    """A sentence for each name that OpenRouter does not document."""
    remarks = []
    for name in unknown_names(parameters):
        near = suggest_name(name)
        meant = f" Did you mean {near}?" if near else ""
        remarks.append(f"OpenRouter documents no parameter {name!r}; it is sent as given.{meant}")
    return remarks


def _read_value(text: str) -> Any:
    try:
        return decode_json(text.encode("utf-8", "surrogatepass"))
    except JsonInvalid:
        return text


def _assign(parameters: dict[str, Any], name: str, value: Any) -> None:
    *way, last = split_name(name)
    inner = parameters
    for step in way:
        found = inner.setdefault(step, {})
        if not isinstance(found, dict):
            raise ParameterInvalid(f"{name}: {step} was already given a value that has no members")
        inner = found
    inner[last] = value
