"""What a request asks for: the few members of its body that decide what a model says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*\w{1,8}|\s*[^\w\s]{1,3}|\s+")
_TOKENS_PER_MESSAGE = 4
_TOKENS_PER_MEDIUM = 258
_FILE = '<file name="'
"""How a text part begins that is a file, as Chit sends them."""
_CHARACTERS_PER_TOKEN = {"file": 90, "input_audio": 1_400}
"""Of base64, for what grows with its length: about a page of a PDF for 500 tokens, a second of sound for 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, as a model sees it."""

    question: str = ""
    """The text of the last user message, without files."""
    prompt_tokens: int = 0
    limit: int | None = None
    """Most completion tokens wanted, reasoning included; None is no cap of the caller's."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """The `function` objects of the offered tools."""
    has_tool_results: bool = False
    """Whether tool results came after the last user message."""
    turn: int = 0
    """Messages so far; makes tool-call ids differ between turns."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema of `response_format`; an empty one for JSON mode; None for text."""
    wants_reasoning: bool | None = None
    """True or False when the request says so."""
    hides_reasoning: bool = False
    wants_debug: bool = False
    media: int = 0
    """Pictures, files and sounds in all messages."""
    sounds: int = 0
    """Those of them that are sounds."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """`session_id` and `user`, as sent."""


def read_ask(body: Mapping[str, Any]) -> Ask:
    """The request in a parsed body; members of unexpected types count as absent."""
    messages = [message for message in list_of(body.get("messages")) if isinstance(message, dict)]
    if not messages and isinstance(body.get("prompt"), str):
        messages = [{"role": "user", "content": body["prompt"]}]
    last_user = max((at for at, message in enumerate(messages) if message.get("role") == "user"), default=-1)
    reasoning = body.get("reasoning")
    debug = body.get("debug")
    media = [part for message in messages for part in _list_media(message)]
    return Ask(
        question=_read_question(messages[last_user].get("content")) if last_user >= 0 else "",
        prompt_tokens=sum(_count_message(message) for message in messages),
        limit=_limit(body),
        tools=tuple(tool["function"] for tool in list_of(body.get("tools")) if _is_function(tool)),
        has_tool_results=any(message.get("role") == "tool" for message in messages[last_user + 1 :]),
        turn=len(messages),
        schema=_schema(body.get("response_format")),
        wants_reasoning=_wants_reasoning(reasoning, body.get("reasoning_effort")),
        hides_reasoning=isinstance(reasoning, dict) and reasoning.get("exclude") is True,
        media=len(media),
        sounds=sum(part.get("type") == "input_audio" for part in media),
        wants_debug=isinstance(debug, dict) and debug.get("echo_upstream_body") is True,
        metadata={name: body[name] for name in ("session_id", "user") if isinstance(body.get(name), str)},
    )


def read_text(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = [part for part in list_of(content) if isinstance(part, dict)]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def _read_question(content: Any) -> str:
    parts = [
        part for part in list_of(content) if not str(isinstance(part, dict) and part.get("text")).startswith(_FILE)
    ]
    return read_text(parts if isinstance(content, list) else content)


def split_tokens(text: str) -> list[str]:
    """The text in pieces of about one token each; joined they are the text again."""
    return _TOKEN.findall(text)


def _count_message(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    media = _list_media(message)
    return _TOKENS_PER_MESSAGE + len(split_tokens(read_text(content))) + sum(map(_count_medium, media))


def _list_media(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = list_of(message.get("content"))
    return [part for part in parts if isinstance(part, dict) and part.get("type") != "text"]


def _count_medium(part: Mapping[str, Any]) -> int:
    kind = str(part.get("type"))
    inner, rate = part.get(kind), _CHARACTERS_PER_TOKEN.get(kind)
    texts = inner.values() if isinstance(inner, dict) and rate else ()
    longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
    return max(_TOKENS_PER_MEDIUM, longest // (rate or 1))


def _limit(body: Mapping[str, Any]) -> int | None:
    limits = [body.get("max_completion_tokens"), body.get("max_tokens")]
    return next((limit for limit in limits if isinstance(limit, int) and limit >= 1), None)


def _schema(response_format: Any) -> Mapping[str, Any] | None:
    if not isinstance(response_format, dict) or response_format.get("type") not in ("json_schema", "json_object"):
        return None
    described = response_format.get("json_schema")
    schema = described.get("schema") if isinstance(described, dict) else None
    return schema if isinstance(schema, dict) else {}


def _wants_reasoning(reasoning: Any, effort: Any) -> bool | None:
    if isinstance(reasoning, dict):
        return reasoning.get("effort", effort) != "none" and reasoning.get("enabled") is not False
    return None if effort is None else effort != "none"


def _is_function(tool: Any) -> bool:
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def list_of(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
