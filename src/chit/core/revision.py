"""A request sent once more: as it was, with changes, or going on from what a reply had said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chit.core.defaults import ALIASES
from chit.core.jsontext import decode_object, encode_json
from chit.core.messages import Message, ReasoningPart, TextPart
from chit.core.wire import ENGINE, read_parts


def revise_request(body: bytes, changes: Mapping[str, Any]) -> bytes:
    """`body` with `changes` merged into it; byte for byte as it was where there are none.

    A name that answers the same question as one that is given anew goes: a cap called `max_tokens` replaces one called
    `max_completion_tokens`, a `model` the list of `models`. Beyond RFC 7396, `plugins` are united by their `id`: one
    more does not switch the others off.
    """
    if not changes:
        return body
    request = dict(decode_object(body))
    given = {name for name, value in changes.items() if value is not None}
    for names in ALIASES:
        if not names.isdisjoint(given):
            request = {name: value for name, value in request.items() if name not in names - given}
    changed = merge_patch(request, changes)
    if isinstance(plugins := changes.get("plugins"), list):
        changed["plugins"] = _unite_plugins(request.get("plugins"), plugins)
    return encode_json(changed)


def merge_patch(target: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Merge Patch (RFC 7396): null removes a member, an object is merged, anything else replaces."""
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            merged[name] = merge_patch(merged.get(name), value)
        else:
            merged[name] = value
    return merged


def find_prefill(body: bytes) -> str:
    """The words at the end of a request that the model is to go on from (field guide §2.2); empty if there are none."""
    messages = decode_object(body).get("messages")
    return _read_prefill(messages) if isinstance(messages, list) else ""


def prefill_request(body: bytes, said: str) -> bytes:
    """`body` with what the model had said as its last message, which asks it to go on (field guide §2.2).

    Some providers refuse such a message that ends in white space, so its end is cut. Where the body ends in such a
    message already, `said` takes the place of its words.
    """
    request = dict(decode_object(body))
    messages, last = list(request["messages"]), {"role": "assistant"}
    if _read_prefill(messages):
        last = messages.pop()
    return encode_json(request | {"messages": [*messages, {**last, "content": said.rstrip()}]})


def continues(message: Message) -> bool:
    """Whether a reply goes on where its parent broke off."""
    return message.extra.get(ENGINE, {}).get("continues") is True


def join_continued(said: str, more: str) -> str:
    """The text of a reply and of its continuation, without doubling the white space that a prefill is cut by."""
    return said.rstrip() + more if more[:1].isspace() else said + more


def join_replies(path: Sequence[Message]) -> list[Message]:
    """`path` with each reply and its continuations as one message: what the next request tells the model.

    The reasoning of a reply that broke off is left out: providers refuse what is not whole.
    """
    joined: list[Message] = []
    for message in path:
        if joined and continues(message):
            joined[-1] = _join(joined[-1], message)
        else:
            joined.append(message)
    return joined


def _join(reply: Message, more: Message) -> Message:
    text = TextPart(join_continued(reply.text, more.text))
    kept = [part for part in reply.parts if not isinstance(part, TextPart | ReasoningPart)]
    added = [part for part in more.parts if not isinstance(part, TextPart)]
    return replace(more, parts=(*kept, text, *added))


def _read_prefill(messages: Sequence[Any]) -> str:
    last = messages[-1] if messages else None
    if not isinstance(last, Mapping) or last.get("role") != "assistant" or last.get("tool_calls"):
        return ""
    return "".join(part.text for part in read_parts(last) if isinstance(part, TextPart))


def _unite_plugins(had: Any, given: Sequence[Any]) -> list[Any]:
    """Those there were and those given anew, which win."""
    ids = [plugin.get("id") for plugin in given if isinstance(plugin, Mapping)]
    kept = had if isinstance(had, list) else []
    return [*(each for each in kept if not (isinstance(each, Mapping) and each.get("id") in ids)), *given]
