"""What a page sends when a person asks: the words, and everything that stands beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chit.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One message to send."""

    text: str
    model: str | None = None
    """What the person chose: several with commas, "" for the account's default, None for the preferred one."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conversation_id: str | None = None
    """None begins a new conversation."""
    parent_id: str | None = None
    """The message that it follows: None the newest one, "" none, so that it begins the conversation anew."""
    draft: str = ""
    """Where its files are staged, if there are any."""


def read_question(body: Mapping[str, Any], conversation_id: str | None) -> Question:
    """From `{"text", "model"?, "parameters"?, "parent"?, "attachments"?}`. Raises `InputError`.

    `parent` null means before everything: the question begins the conversation anew. `attachments` names the draft
    whose files go along.
    """
    text, model, draft = body.get("text"), body.get("model"), body.get("attachments")
    if not isinstance(text, str):
        raise InputError("the message is empty", hint="Write something first.")
    parent = body.get("parent", False)
    return Question(
        text=text,
        model=model if isinstance(model, str) else None,
        parameters=read_member(body, "parameters"),
        conversation_id=conversation_id,
        draft=draft if isinstance(draft, str) else "",
        parent_id="" if parent is None else parent if isinstance(parent, str) else None,
    )


def read_member(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name, empty where there is none. Raises `InputError`."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be an object", hint='It looks like {"temperature": 0.2}.')
    return value
