"""A request to `POST /responses`, as a chat completion would have asked it (OpenAI's Responses API)."""

from collections.abc import Iterator, Mapping
from typing import Any

from chit.sandbox.ask import list_of
from chit.sandbox.failures import fail

STATELESS = fail(
    400,
    "This API is stateless: store and previous_response_id are not supported",
    about="a request that counts on kept conversations; the wording is ours",
)
_SAME = ("model", "models", "provider", "stream", "temperature", "reasoning", "user", "session_id")
_TEXTS = ("input_text", "output_text", "text")


def understand_responses(body: Any) -> Any:
    """The same as a chat request; bodies that are none are passed on, to be refused like others."""
    if not isinstance(body, dict):
        return body
    if body.get("store") is True or body.get("previous_response_id") is not None:
        return STATELESS
    asked = {name: body[name] for name in _SAME if name in body}
    asked["messages"] = list(_read_messages(body))
    asked["tools"] = [_read_tool(tool) for tool in list_of(body.get("tools")) if isinstance(tool, dict)]
    asked["max_tokens"] = body.get("max_output_tokens")
    text = body.get("text")
    layout = text.get("format") if isinstance(text, dict) else None
    if isinstance(layout, dict):
        asked["response_format"] = {"type": layout.get("type"), "json_schema": layout}
    return asked


def _read_messages(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if isinstance(body.get("instructions"), str):
        yield {"role": "system", "content": body["instructions"]}
    given = body.get("input")
    if isinstance(given, str):
        yield {"role": "user", "content": given}
    for item in list_of(given):
        if isinstance(item, dict):
            yield from _read_item(item)


def _read_item(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match item.get("type", "message"):
        case "message":
            content = item.get("content")
            parts = [_read_part(part) for part in list_of(content) if isinstance(part, dict)]
            yield {"role": item.get("role"), "content": parts if isinstance(content, list) else content}
        case "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            yield {"role": "assistant", "content": None, "tool_calls": [call]}
        case "function_call_output":
            yield {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}


def _read_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind in _TEXTS:
        return {"type": "text", "text": part.get("text")}
    if kind == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    if kind == "input_file":
        return {"type": "file", "file": {name: part[name] for name in ("file_data", "filename") if name in part}}
    return dict(part)


def _read_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    inner = {name: tool[name] for name in ("name", "description", "parameters") if name in tool}
    return {"type": tool.get("type"), "function": inner}
