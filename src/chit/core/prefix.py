"""By what a call finds the conversation that it goes on with: hashes of its messages, each over all before it.

A client sends everything that was said each time, and writes it as it likes: text as one string or in parts, with or
without empty members. Hashed is what was said: who, in which words, which tools were called with what, which media.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from chit.core.jsontext import encode_json
from chit.core.messages import Message, TextPart, ToolCallPart
from chit.core.wire import write_message

_BYTES = 16
"""Of each hash: nobody can make two calls of one token collide to any use."""


def hash_prefixes(token: str, messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """One hash for each message as the wire has it: of all up to it, for this token alone, in hex."""
    hashes = []
    so_far = token.encode()
    for message in messages:
        so_far = _extend(so_far, message)
        hashes.append(so_far.hex())
    return hashes


def extend_prefix(prefix: str, reply: Message) -> str | None:
    """The hash after `prefix` once a reply was given; None for one that says nothing."""
    if not any(isinstance(part, TextPart | ToolCallPart) for part in reply.parts):
        return None
    return _extend(bytes.fromhex(prefix), write_message(reply)).hex()


def _extend(so_far: bytes, message: Mapping[str, Any]) -> bytes:
    return sha256(so_far + encode_json(_canonical(message))).digest()[:_BYTES]


def _canonical(message: Mapping[str, Any]) -> list[Any]:
    content = message.get("content")
    text, media = (content or "", []) if isinstance(content, str | None) else _read_content(content)
    calls = message.get("tool_calls")
    called = [_read_call(call) for call in calls] if isinstance(calls, list) else []
    return [message.get("role"), text, media, called, message.get("tool_call_id")]


def _read_content(content: Any) -> tuple[str, list[Any]]:
    """Texts joined, and what else there is; members such as `cache_control` say nothing."""
    if not isinstance(content, list):
        return "", [content]
    texts, media = [], []
    for part in content:
        if isinstance(part, Mapping) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            media.append(sorted((name, value) for name, value in part.items() if name != "cache_control"))
        else:
            media.append(part)
    return "".join(texts), media


def _read_call(call: Any) -> Any:
    if not isinstance(call, Mapping):
        return call
    function = call.get("function")
    if not isinstance(function, Mapping):
        return [call.get("id"), function]
    return [call.get("id"), function.get("name"), function.get("arguments")]


def known_ends(messages: Sequence[Mapping[str, Any]]) -> list[int]:
    """After how many messages a known conversation can go on, the most first: after all, or after a reply.

    Instructions or a question alone are shared by conversations that have nothing to do with each other.
    """
    ends = [place for place in range(len(messages) - 1, 0, -1) if messages[place - 1].get("role") == "assistant"]
    return [len(messages), *ends] if messages else []
