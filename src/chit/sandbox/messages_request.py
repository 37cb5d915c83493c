"""A request to `POST /messages`, as a chat completion would have asked it (Anthropic's Messages API)."""

from collections.abc import Iterator, Mapping
from typing import Any

from chit.sandbox.ask import list_of, read_text
from chit.sandbox.chunks import encode_wire

_SAME = ("model", "models", "provider", "stream", "temperature", "max_tokens", "session_id")


def understand_messages(body: Any) -> Any:
    """The same as a chat request; bodies that are none are passed on, to be refused like others."""
    if not isinstance(body, dict):
        return body
    asked = {name: body[name] for name in _SAME if name in body}
    asked["messages"] = list(_read_messages(body))
    tools = [tool for tool in list_of(body.get("tools")) if isinstance(tool, dict) and "input_schema" in tool]
    asked["tools"] = [_read_tool(tool) for tool in tools]
    thinking, metadata, config = body.get("thinking"), body.get("metadata"), body.get("output_config")
    if isinstance(thinking, dict):
        asked["reasoning"] = {"enabled": thinking.get("type") != "disabled"}
    if isinstance(metadata, dict):
        asked["user"] = metadata.get("user_id")
    layout = config.get("format") if isinstance(config, dict) else None
    if isinstance(layout, dict):
        asked["response_format"] = {"type": layout.get("type"), "json_schema": layout}
    return asked


def _read_messages(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if body.get("system"):
        yield {"role": "system", "content": read_text(body["system"])}
    for message in list_of(body.get("messages")):
        if isinstance(message, dict):
            yield from _read_message(message)


def _read_message(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Tool results are messages of their own in chat, and come first."""
    content, role = message.get("content"), message.get("role")
    if not isinstance(content, list):
        yield {"role": role, "content": content}
        return
    blocks = [block for block in content if isinstance(block, dict)]
    for block in blocks:
        if block.get("type") == "tool_result":
            text = read_text(block.get("content"))
            yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": text}
    calls = [_read_call(block) for block in blocks if block.get("type") == "tool_use"]
    parts = [_read_part(block) for block in blocks if block.get("type") in ("text", "image", "document")]
    if calls:
        yield {"role": role, "content": parts, "tool_calls": calls}
    elif parts:
        yield {"role": role, "content": parts}


def _read_call(block: Mapping[str, Any]) -> dict[str, Any]:
    arguments = encode_wire(block.get("input")).decode()
    return {"id": block.get("id"), "type": "function", "function": {"name": block.get("name"), "arguments": arguments}}


def _read_part(block: Mapping[str, Any]) -> dict[str, Any]:
    if block["type"] == "text":
        return {"type": "text", "text": block.get("text")}
    source = block.get("source")
    inner: Mapping[str, Any] = source if isinstance(source, dict) else {}
    address = inner.get("url") or f"data:{inner.get('media_type')};base64,{inner.get('data')}"
    if block["type"] == "image":
        return {"type": "image_url", "image_url": {"url": address}}
    return {"type": "file", "file": {"file_data": address, "filename": str(block.get("title", ""))}}


def _read_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    inner = {"name": tool.get("name"), "description": tool.get("description"), "parameters": tool["input_schema"]}
    return {"type": "function", "function": inner}
